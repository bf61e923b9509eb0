"""Contracts in several files: parts of other files are copied into one document.

A part of a file gets a place and a readable name among the components. What has no place there (a path item, a whole
map) is written in place of its reference. The origin of each part is remembered for messages.
"""

from __future__ import annotations

import copy
import os
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import cast
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts, reference_to, value_at
from mock_server.core.types import JSON
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.reader import is_url, read_text
from mock_server.openapi.loading.source_map import LayeredSourceMap, Origin, Source
from mock_server.openapi.traversal import LONGEST_CHAIN, Document, nodes, operations, target

MAX_DOCUMENTS = 5_000
"""Most files and addresses that one contract may refer to."""
MAX_TOTAL = 256 * 1024 * 1024
"""Most characters that they may have together."""

_HOMES = {
    "schema": "schemas",
    "response": "responses",
    "parameter": "parameters",
    "example": "examples",
    "requestBody": "requestBodies",
    "header": "headers",
    "securityScheme": "securitySchemes",
    "link": "links",
}
_OLD_HOMES = {"schema": "definitions", "parameter": "parameters", "response": "responses"}
_KEPT_BESIDE = ("$ref", "summary", "description", "nullable", "readOnly", "writeOnly")
"""The members that stay next to a ``$ref`` that is not a schema of 3.1: remarks, and those that ``meaning`` reads."""


@dataclass(slots=True)
class Files:
    """The documents that a contract refers to. Each is read once; ``texts`` are the texts that were read, by place."""

    root: str
    may_fetch: bool = False
    texts: dict[str, str] = field(default_factory=dict)
    _sources: dict[str, Source] = field(default_factory=dict)
    _total: int = 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """The documents that were read so far."""
        return tuple(self._sources.values())

    def place(self, base: str, reference: str) -> str:
        """Return the place that a reference from a document at ``base`` leads to.

        Raises :class:`ContractError` for a place that it must not lead to: a URL without leave, or a file outside the
        directories of the contract and of the process.
        """
        if is_url(base) or is_url(reference):
            place = urljoin(base, reference) if is_url(base) else reference
            if not is_url(place):
                raise _refused(reference, "a reference to an http(s) URL, from a contract that came from one")
            if not self.may_fetch:
                raise _refused(reference, "a file (give the contract as a URL or use --allow-remote-refs)")
            return place
        if urlsplit(reference).scheme and not Path(reference).drive:
            raise _refused(reference, "a relative path, or an http(s) URL")
        return self._file(base, unquote(reference))

    def _file(self, base: str, path: str) -> str:
        place = os.path.normpath(Path(base).parent / path)
        # A contract from elsewhere must not read any file of this machine.
        roots = [Path(self.root).resolve().parent, Path.cwd()]
        real = Path(place).resolve()
        if not any(real.is_relative_to(root) and root != Path(root.anchor) for root in roots):
            expected = "a file below the contract's directory or below the one the server is started in"
            raise _refused(path, f"{expected}. Start it in a directory that holds all files")
        if real.exists() and not real.is_file():
            raise _refused(path, "a file")
        return place

    def source(self, place: str) -> Source:
        """Return the document at a place. Raises :class:`ContractError` where it cannot be read or is only a text."""
        if place not in self._sources:
            if len(self.texts) >= MAX_DOCUMENTS or self._total > MAX_TOTAL:
                raise ContractError(
                    f"{place}: found one document too many; expected a contract of at most {MAX_DOCUMENTS:,} files"
                    f" and {MAX_TOTAL:,} characters."
                )
            text = read_text(place, what="document")
            source = parse_source(place, text, what="document", allows_halves=True)
            if not isinstance(source.data, (dict, list)):
                raise ContractError(f"{place}: found a text; expected a document in YAML or JSON.")
            self.texts[place] = text
            self._total += len(text)
            self._sources[place] = source
        return self._sources[place]


def _refused(reference: str, expected: str) -> ContractError:
    return ContractError(f"{reference!r}, which leads outside; expected {expected}")


def bundle(source: Source, files: Files) -> tuple[Document, LayeredSourceMap, list[Diagnostic]]:
    """Return one document, the origins of its parts, and findings about broken references (severity ``error``)."""
    document = cast("Document", source.data)
    if not any(mark in source.text for mark in ("$ref", "$id", "/securitySchemes/")):
        return document, LayeredSourceMap(source), []
    bundler = _Bundler(source, files)
    bundler.settle_components()
    bundler.settle_security()
    whole = list(nodes(document))
    bundler.rewrite("", whole, source, "")
    # A part that was copied in may refer to further documents.
    while bundler.waiting:
        bundler.bring_home(*bundler.waiting.pop(0))
        whole = []
    for _, node, _ in whole or list(nodes(document)):
        bundler.settle(node)
    return document, bundler.layers, bundler.findings


class _Bundler:
    """Copies the parts of one contract into one document."""

    def __init__(self, source: Source, files: Files) -> None:
        self.document = cast("Document", source.data)
        self.waiting: list[tuple[str, JSON, str, Source, str]] = []
        self.findings: list[Diagnostic] = []
        self._root = source
        self._files = files
        self._origins: list[Origin] = []
        self._homes: dict[tuple[str, str, str], str] = {}
        self._arrived: set[str] = set()
        self._numbers: dict[tuple[str, str], int] = {}
        self._is_2_0 = "swagger" in self.document
        self._is_old = self._is_2_0 or str(self.document.get("openapi", "")).startswith("3.0")

    @property
    def layers(self) -> LayeredSourceMap:
        """The origins of the parts."""
        return LayeredSourceMap(self._root, tuple(self._origins))

    def settle_components(self) -> None:
        """Note components that only refer to another file, so that what they refer to keeps their names."""
        homes = {
            kind: (name,) if self._is_2_0 else ("components", name)
            for kind, name in (_OLD_HOMES if self._is_2_0 else _HOMES).items()
        }
        for kind, section in homes.items():
            table: JSON = self.document
            for name in section:
                table = table.get(name) if isinstance(table, dict) else None
            for name, node in table.items() if isinstance(table, dict) else ():
                if isinstance(node, dict) and [*node] == ["$ref"] and not str(node["$ref"]).startswith("#"):
                    self._settle(kind, pointer_of(*section, name), node)

    def settle_security(self) -> None:
        """Name the schemes that security requirements refer to by URI (OpenAPI 3.2, "Security Requirement Object")."""
        if not str(self.document.get("openapi", "")).startswith("3.2"):
            return
        for _, node in [("", self.document), *operations(self.document)]:
            alternatives = node.get("security")
            for alternative in alternatives if isinstance(alternatives, list) else ():
                if isinstance(alternative, dict):
                    self._settle_schemes(alternative)

    def _settle_schemes(self, alternative: Document) -> None:
        for name in [name for name in alternative if "#/" in name]:
            try:
                reference = self._brought("securityScheme", self._root, name)
            except (KeyError, ContractError):
                continue  # it is not defined: `repair` reports it
            alternative[pointer_parts(reference)[-1]] = alternative.pop(name)

    def _settle(self, kind: str, home: str, node: Document) -> None:
        try:
            there, pointer = self._lead(self._root, str(node["$ref"]))
            part = copy.deepcopy(value_at(there.data, pointer))
        except (KeyError, ContractError):
            return  # reported where all references are followed
        if there is not self._root and isinstance(part, dict) and (there.name, pointer, kind) not in self._homes:
            self._homes[there.name, pointer, kind] = home
            node.clear()
            node.update(part)
            self._arrived.add(home)
            self.waiting.append((home, node, kind, there, pointer))

    def bring_home(self, home: str, part: JSON, kind: str, source: Source, at: str) -> None:
        """Rewrite the references of a part that is now at ``home`` and came from the pointer ``at`` of a source."""
        if home != at or source is not self._root:
            self._origins.append(Origin(home, source, at))
        self.rewrite(home, list(nodes(part, kind, follow=False)), source, at)

    def rewrite(self, home: str, members: list[tuple[str, Document, str]], source: Source, at: str) -> None:
        """Rewrite the references of these nodes, whose pointers begin with ``home`` and, in the source, with ``at``."""
        own: set[str] = set() if home else self._arrived
        for pointer, node, is_a in members:
            if own and not own.isdisjoint(_homes_of(pointer)):
                continue
            if source is not self._root:
                for name in ("$id", "$schema"):
                    if is_a == "schema" and isinstance(node.get(name), str):
                        del node[name]
            self._reference(home + pointer, node, is_a, source, at + pointer)
            self._mapping(home + pointer, node, is_a, source, at + pointer)

    def _reference(self, home: str, node: Document, kind: str, source: Source, at: str) -> None:
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return
        inline = kind not in (_OLD_HOMES if self._is_2_0 else _HOMES)
        if not inline and (kind != "schema" or self._is_old):
            # Other members next to a reference have no effect (except in schemas of 3.1), so they are removed.
            for key in [key for key in node if key not in _KEPT_BESIDE and not key.startswith("x-")]:
                del node[key]
        local = source is self._root and (reference.startswith("#") or self._identified(reference) is not None)
        # A reference within the root document may stay, if components have a place for its kind.
        if local and not inline:
            return
        try:
            if inline:
                self._write_in(home, node, kind, source, reference)
            else:
                node["$ref"] = self._brought(kind, source, reference)
        except ContractError as problem:
            self._blame(f"{at}/$ref", source, reference, problem)
        except KeyError:
            actual = f"{reference!r}, which is not defined"
            self.findings.append(
                Diagnostic(
                    "dangling-reference",
                    source.location(f"{at}/$ref"),
                    actual,
                    "a reference to something that is there",
                    f"{at}/$ref",
                    "Define it or fix the reference.",
                )
            )

    def _mapping(self, home: str, node: Document, kind: str, source: Source, at: str) -> None:
        """Rewrite the schemas that a discriminator names: references, or names of components (3.1, 4.8.25)."""
        mapping = mapping_at(node.get("discriminator") or {}, "mapping") if kind == "schema" else {}
        for name, reference in mapping.items():
            is_reference = isinstance(reference, str) and re.search(r"[/#]|\.(ya?ml|json)$", reference)
            if is_reference and not (source is self._root and str(reference).startswith("#")):
                try:
                    cast("Document", mapping)[name] = self._brought("schema", source, str(reference))
                except (ContractError, KeyError):
                    self._blame(f"{at}/discriminator/mapping/{name}", source, str(reference), None)

    def _blame(self, pointer: str, source: Source, reference: str, problem: ContractError | None) -> None:
        said = "which is not there" if problem is None else str(problem)
        actual = said if said.startswith(repr(reference)) else f"{reference!r}: {said}"
        actual, _, expected = actual.partition("; expected ")
        self.findings.append(
            Diagnostic(
                "external-reference",
                source.location(pointer),
                actual,
                expected.removesuffix(".") or "a document that can be read",
                pointer,
                "Fix the reference.",
            )
        )

    def _lead(self, source: Source, reference: str) -> tuple[Source, str]:
        """Return the document and the pointer that a reference leads to, through references on the way.

        Raises :class:`KeyError` where there is nothing, or after too many references.
        """
        for _ in range(LONGEST_CHAIN):
            path, fragment = urldefrag(reference)
            if path:
                source = self._elsewhere(source, path)
            pointer = unquote(fragment)
            if pointer and not pointer.startswith("/"):
                return source, _anchor(source.data, pointer)
            further = _interrupted(source.data, pointer)
            if further is None:
                value_at(source.data, pointer)
                return source, pointer
            reference = further
        raise KeyError(reference)

    def _elsewhere(self, source: Source, path: str) -> Source:
        """Return the document that a reference of a source leads to, by the base URI of the source.

        That is its ``$self`` where it has one (OpenAPI 3.2, "Establishing the Base URI"). Where a relative path leads
        from ``$self`` to the URI, and a file is at this path from the source, that file is read.
        """
        base = self._identity(source)
        if base is None:
            return self._known(path) or self._at(self._files.place(source.name, path))
        uri = urljoin(base, path) if is_url(base) else _joined(base, path)
        known = self._known(uri) or (source if uri == base else None)
        if known is not None:
            return known
        if is_url(uri) and not is_url(source.name):
            beside = _way(base, uri)
            if beside is not None and (Path(source.name).parent / beside).is_file():
                return self._at(self._files.place(source.name, beside))
        return self._at(self._files.place(base, path))

    def _at(self, place: str) -> Source:
        return self._root if same_place("", place, self._root.name) else self._files.source(place)

    def _known(self, uri: str) -> Source | None:
        """Return the document, among those that were read, whose own identity is this URI; None where there is none."""
        read = (self._root, *self._files.sources)
        return next((source for source in read if is_url(uri) and self._identity(source) == uri), None)

    def _identity(self, source: Source) -> str | None:
        """Return the URI, or the path, that ``$self`` gives a document; None where it has none."""
        named = source.data.get("$self") if isinstance(source.data, dict) and "openapi" in source.data else None
        if not isinstance(named, str) or not named:
            return None
        named = urldefrag(named)[0]
        return named if is_url(named) else _joined(source.name, named)

    def _brought(self, kind: str, source: Source, reference: str) -> str:
        """Return the reference, within the document, to the target of a source's reference; copy that in if needed."""
        there, pointer = self._lead(source, reference)
        if there is self._root:
            return reference_to(pointer)
        key = (there.name, pointer, kind)
        if key not in self._homes:
            section = [_OLD_HOMES[kind]] if self._is_2_0 else ["components", _HOMES[kind]]
            table = self.document
            for name in section:
                if not isinstance(table.get(name), dict):
                    table[name] = {}
                table = cast("Document", table[name])
            name = self._free(_name(pointer, there.name), pointer_of(*section), table)
            self._homes[key] = pointer_of(*section, name)
            # A copy, since its references are rewritten, and its document may be needed again as it is.
            part = table[name] = copy.deepcopy(value_at(there.data, pointer))
            self.waiting.append((self._homes[key], part, kind, there, pointer))
        return "#" + self._homes[key]

    def _free(self, plain: str, section: str, definitions: Document) -> str:
        """Return the name, with a number added where it is taken."""
        name = plain
        while name in definitions:
            self._numbers[section, plain] = self._numbers.get((section, plain), 1) + 1
            name = f"{plain}_{self._numbers[section, plain]}"
        return name

    def _write_in(self, home: str, node: Document, kind: str, source: Source, reference: str) -> None:
        """Put what a reference leads to in its place; members next to the reference win.

        Raises :class:`ContractError` for a reference that leads to itself, or to anything but an object.
        """
        seen = set()
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node.clear()
        while True:
            source, pointer = self._lead(source, reference)
            # A reference to itself, or to a part that contains it, would be written in without end.
            if (source.name, pointer) in seen or (source is self._root and (home + "/").startswith(pointer + "/")):
                raise ContractError(f"{reference!r}, which leads to itself; expected a reference that ends somewhere")
            seen.add((source.name, pointer))
            part = copy.deepcopy(value_at(source.data, pointer))
            if not isinstance(part, dict):
                raise ContractError(f"{reference!r}, which leads to {part!r}; expected an object")
            further = part.pop("$ref", None)
            beside = {**part, **beside}
            if not isinstance(further, str):
                break
            reference = further
        node.update(beside)
        self.waiting.append((home, node, kind, source, pointer))

    def _identified(self, reference: str) -> str | None:
        """Return the pointer of the schema whose ``$id`` a reference names, or None."""
        if not hasattr(self, "_identifiers"):
            self._identifiers = {
                str(node["$id"]).removesuffix("#"): pointer
                for pointer, node, kind in nodes(self.document)
                if kind == "schema" and isinstance(node.get("$id"), str)
            }
        path, fragment = urldefrag(reference)
        for base in ("", *self._identifiers):
            if urljoin(base, path) in self._identifiers:
                return self._identifiers[urljoin(base, path)] + fragment
        return None

    def settle(self, node: Document) -> None:
        """Rewrite a reference of the root document that goes by ``$id`` or through other references."""
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return
        if not reference.startswith("#"):
            identified = self._identified(reference)
            node["$ref"] = reference if identified is None else reference_to(identified)
        elif reference.startswith("#/") and target(self.document, reference) is None:
            try:
                _, pointer = self._lead(self._root, reference)
                node["$ref"] = reference_to(pointer)
            except (KeyError, ContractError):
                return  # it leads nowhere: `repair` reports it


def _joined(base: str, path: str) -> str:
    """Return where a relative reference from a place leads: a URL, or the path of a file."""
    return urljoin(base, path) if is_url(base) or is_url(path) else os.path.normpath(Path(base).parent / unquote(path))


def _way(base: str, uri: str) -> str | None:
    """Return the relative path from one URL to another of the same server; None where there is none."""
    start, end = urlsplit(base), urlsplit(uri)
    if (start.scheme, start.netloc) != (end.scheme, end.netloc) or end.query:
        return None
    return posixpath.relpath(end.path or "/", posixpath.dirname(start.path) or "/")


def _homes_of(pointer: str) -> list[str]:
    """Return the components, of a document of 2.0 and of 3, that a pointer may be within."""
    parts = pointer.split("/")
    return ["/".join(parts[:3]), "/".join(parts[:4])]


def same_place(base: str, reference: str, place: str) -> bool:
    """Tell whether a reference from a document at ``base`` leads to a place."""
    if is_url(base) or is_url(reference) or is_url(place):
        return urljoin(base, reference) == urldefrag(place)[0]
    return (Path(base).parent / reference).resolve() == Path(place).resolve()


def _interrupted(data: JSON, pointer: str) -> str | None:
    """Return the reference that a pointer continues with where it meets a ``$ref`` on its way; None without one."""
    parts = pointer_parts(pointer)
    for index, part in enumerate(parts):
        if isinstance(data, dict) and part not in data and isinstance(data.get("$ref"), str):
            reference = str(data["$ref"])
            return reference + ("" if "#" in reference else "#") + pointer_of(*parts[index:])
        try:
            data = value_at(data, pointer_of(part))
        except KeyError:
            return None
    return None


def _anchor(data: JSON, name: str) -> str:
    for pointer, node, _ in nodes(data, "schema"):
        if node.get("$anchor") == name:
            return pointer
    raise KeyError(name)


def _name(pointer: str, place: str) -> str:
    """Return a readable name: the last part of the pointer, or the name of the file."""
    parts = pointer_parts(pointer)
    file = PurePosixPath(urlsplit(place).path if is_url(place) else Path(place).as_posix()).stem
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", parts[-1] if parts else file) or "part"
    return f"{file}_{plain}" if plain.isdigit() else plain
