"""From places to one valid document: read, compiled (``compilation``), stored in the cache by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi import cache
from mock_server.openapi.loading.reader import is_url, read_text
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.loading.subprocess_compiler import compile_apart
from mock_server.openapi.traversal import Document

_LARGE = 1024 * 1024
"""Bytes from which on a contract is compiled in a process of its own.

What compiling leaves behind stays in the memory of its process: 70 MB for GitHub's contract.
"""


@value_class
class Compiled:
    """A document that can be served; findings about its repairs; the files that it was made from."""

    document: Document
    findings: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    digest: str


@value_class(slots=False)
class ContractInput:
    """The input that a user names: the place of a contract, overlays, and whether references may lead to URLs."""

    place: str
    overlays: tuple[str, ...] = ()
    may_fetch: bool = False

    @cached_property
    def _encoded(self) -> list[tuple[str, bytes]]:
        """The places and texts of the contract and of the overlays, in UTF-8.

        As a str a text with one emoji takes four bytes for each character: 48 MB for GitHub's contract.
        """
        return [
            (self.place, read_text(self.place).encode()),
            *((name, read_text(name, what="overlay").encode()) for name in self.overlays),
        ]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """The places and texts of the contract and of the overlays."""
        return [(name, text.decode()) for name, text in self._encoded]

    @property
    def key(self) -> str:
        """The key of a compiled document in the cache; it covers the places too, since findings name them."""
        return cache.digest(
            [
                *(part for name, text in self._encoded for part in (name.encode(), text)),
                b"fetch" if self.may_fetch else b"",
            ]
        )

    def compile_ahead(self) -> None:
        """Have the document compiled in another process, where it is not remembered: this one has others to answer.

        A large one is compiled so in any case. Raises :class:`ContractError` where it cannot be served.
        """
        if not self._is_large and self._recalled(self.key) is None:
            compile_apart(self.place, self.overlays, self.may_fetch)

    @property
    def _is_large(self) -> bool:
        return sum(len(text) for _, text in self._encoded) > _LARGE

    def compiled(self, *, no_cache: bool = False) -> Compiled:
        """Return the document with overlays and repairs. Raises :class:`ContractError` where it cannot be served."""
        compiled = self._found(no_cache=no_cache)
        if not any(is_url(name) for name, _ in self._encoded):
            self.__dict__.pop("_encoded")  # a message with a line reads the files again
        return compiled

    def _found(self, *, no_cache: bool) -> Compiled:
        """Return the document from the cache, or compile it."""
        key = self.key
        known = None if no_cache else self._recalled(key)
        if known is None and not no_cache and self._is_large:
            compile_apart(self.place, self.overlays, self.may_fetch)
            known = self._recalled(key)
        return known or self.compile(None if no_cache else key)

    def compile(self, key: str | None) -> Compiled:
        """Compile the document, and store it in the cache under a key; with None it is not stored."""
        # Imported here: a remembered contract needs nothing of it.
        from mock_server.openapi.loading.compiler import ContractCompiler

        compilation = ContractCompiler(self.texts, self.may_fetch)
        try:
            document, findings = compilation.sound()
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as crash:
            raise ContractError(  # a document may be wrong in unforeseen ways
                f"{self.place}: found something that stops the reading ({type(crash).__name__}: {crash});"
                " expected an OpenAPI document. Fix the contract, and please report it."
            ) from crash
        if key is not None:
            entries: list[JSON] = [finding.as_json() for finding in findings]
            sums: JSON = {place: _sum(text) for place, text in compilation.others.items()}
            cache.put(key, "contract", {"document": document, "findings": entries, "files": sums})
        return self._made(document, findings, compilation.others)

    def _recalled(self, key: str) -> Compiled | None:
        """Return what was stored, if no file that it was made from has changed since; else None."""
        entry = cache.get(key, "contract")
        if not isinstance(entry, dict):
            return None
        try:
            sums = cast("dict[str, str]", entry["files"])
            texts = {place: read_text(place) for place in sums}
            if any(_sum(text) != sums[place] for place, text in texts.items()):
                return None
            findings = tuple(Diagnostic(**members) for members in cast("list[dict[str, Any]]", entry["findings"]))
            return self._made(cast("Document", entry["document"]), findings, texts)
        except (
            KeyError,
            TypeError,
            AttributeError,
            ContractError,
        ):  # of another version of this program, or a file is gone
            return None

    def _made(self, document: Document, findings: tuple[Diagnostic, ...], others: Mapping[str, str]) -> Compiled:
        parts = [text for _, text in self._encoded] + [text.encode() for text in others.values()]
        names = (*(name for name, _ in self._encoded), *others)
        return Compiled(document, findings, names, cache.digest(parts))

    def layers(self) -> LayeredSourceMap:
        """Return where the parts of the document come from; the texts are read and bundled again for this."""
        from mock_server.openapi.loading.compiler import ContractCompiler

        return ContractCompiler(self.texts, self.may_fetch).layered()[1]


def version_of(document: Mapping[str, JSON]) -> tuple[int, int]:
    """Return the version of OpenAPI that a document is written in, as (major, minor)."""
    major, minor = str(document["openapi"]).split(".")[:2]
    return int(major), int(minor)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
