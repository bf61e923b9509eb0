"""From places to one sound document: read, bundled, converted, overlaid, repaired; remembered by digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from mock_server.contract import cache
from mock_server.contract.bundle import Files, bundle
from mock_server.contract.defects import defects
from mock_server.contract.overlay import apply_overlay
from mock_server.contract.repair import repair
from mock_server.contract.source import Layers, Located, Moved, Source, parse_source, read_text
from mock_server.contract.swagger import modernized
from mock_server.contract.walk import Document
from mock_server.errors import ContractError
from mock_server.exchange import JSON, Finding

SUPPORTED = ((2, 0), (3, 0), (3, 1), (3, 2))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A document that can be served; what was repaired; what it was made from."""

    document: Document
    findings: tuple[Finding, ...]
    files: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Given:
    """What a user names: the place of a contract, overlays, and whether references may lead to URLs."""

    place: str
    overlays: tuple[str, ...] = ()
    may_fetch: bool = False

    @cached_property
    def texts(self) -> list[tuple[str, str]]:
        """The places and texts of the contract and of the overlays."""
        return [(self.place, read_text(self.place)),
                *((name, read_text(name, what="overlay")) for name in self.overlays)]  # fmt: skip

    def compiled(self, *, no_cache: bool = False) -> Compiled:
        """The document with overlays and repairs. Raises :class:`ContractError` where it cannot be served."""
        # Findings name files, so what is remembered of one place is not told of another.
        key = cache.digest([
            *(part.encode() for name, text in self.texts for part in (name, text)), b"fetch" if self.may_fetch else b""
        ])  # fmt: skip
        known = None if no_cache else self._recalled(key)
        if known is not None:
            return known
        files = Files(self.place, self.may_fetch)
        try:
            document, findings = self._compile(files)
        except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as crash:
            raise ContractError(  # a document may be wrong in ways that nobody thought of
                f"{self.place}: found something that stops the reading ({type(crash).__name__}: {crash});"
                " expected an OpenAPI document. Mend the contract, and please report it."
            ) from crash
        if not no_cache:
            kept: list[JSON] = [finding.as_json() for finding in findings]
            sums: JSON = {place: _sum(text) for place, text in files.texts.items()}
            cache.remember(key, "contract", {"document": document, "findings": kept, "files": sums})
        return self._made(document, findings, files.texts)

    def _recalled(self, key: str) -> Compiled | None:
        """What was remembered, if no file that it was made from has changed since."""
        kept = cache.recall(key, "contract")
        if not isinstance(kept, dict):
            return None
        try:
            sums = cast("dict[str, str]", kept["files"])
            texts = {place: read_text(place) for place in sums}
            if any(_sum(text) != sums[place] for place, text in texts.items()):
                return None
            findings = tuple(Finding(**one) for one in cast("list[dict[str, Any]]", kept["findings"]))
            return self._made(cast("Document", kept["document"]), findings, texts)
        except (
            KeyError,
            TypeError,
            AttributeError,
            ContractError,
        ):  # of another version of this program, or a file is gone
            return None

    def _made(self, document: Document, findings: tuple[Finding, ...], others: Mapping[str, str]) -> Compiled:
        parts = [text.encode() for _, text in self.texts] + [text.encode() for text in others.values()]
        names = (*(name for name, _ in self.texts), *others)
        return Compiled(document, findings, names, cache.digest(parts))

    def layers(self) -> Layers:
        """Where the parts of the document stand, found out anew."""
        return self._layered(Files(self.place, self.may_fetch))[1]

    def _layered(self, files: Files) -> tuple[Document, Layers]:
        """The document with overlays, and where its parts came from."""
        base, *rest = self.texts
        source = parse_source(*base)
        _refuse_version(source)
        document, layers, findings = bundle(source, files)
        _refuse(layers, findings)
        below: Located = layers
        if "openapi" not in document:
            document, moves = modernized(document)
            below = Moved(layers, moves)
        layers = Layers(below)
        for name, text in rest:
            changed, origins = apply_overlay(document, parse_source(name, text, what="overlay"))
            document, layers = cast("Document", changed), Layers(below, layers.origins + origins)
        return document, layers

    def _compile(self, files: Files) -> tuple[Document, tuple[Finding, ...]]:
        """The document with overlays and repairs, and what was repaired."""
        # Imported here: a remembered contract does not need it.
        from mock_server.contract.sound import made_sound

        document, layers = self._layered(files)
        _refuse(layers, defects(document, layers))
        findings = [*repair(document, layers), *made_sound(document, layers)]
        _refuse(layers, findings)
        return document, tuple(findings)


def counted(findings: Sequence[Finding]) -> str:
    """``a defect``, ``3 defects``."""
    return "a defect" if len(findings) == 1 else f"{len(findings)} defects"


def version_of(document: Mapping[str, JSON]) -> tuple[int, int]:
    """The version of OpenAPI that a document is written in."""
    major, minor = str(document["openapi"]).split(".")[:2]
    return int(major), int(minor)


def _sum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _refuse(layers: Layers, findings: Sequence[Finding]) -> None:
    errors = [one for one in findings if one.severity == "error"]
    if errors:
        raise ContractError(f"{layers.name}: found {counted(errors)}; expected a contract that can be served.", errors)


def _refuse_version(source: Source) -> None:
    data = source.data if isinstance(source.data, dict) else {}
    key = "openapi" if "openapi" in data else "swagger"
    version = data.get(key)
    if version is None:
        raise ContractError(
            f"{source.location('')}: found no member openapi; expected an OpenAPI document (openapi: 3.1.0)."
            " Give the path of a contract."
        )
    match = re.fullmatch(r"(\d+)\.(\d+)(\.\d+)?(-.+)?", str(version))
    known = [one for one in SUPPORTED if (one == (2, 0)) == (key == "swagger")]
    if not match or (int(match[1]), int(match[2])) not in known:
        raise ContractError(
            f"{source.place('/' + key)}: found version {version!r}; expected OpenAPI 2.0, 3.0, 3.1 or 3.2."
            " Convert the contract."
        )
