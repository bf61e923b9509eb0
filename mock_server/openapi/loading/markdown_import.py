"""Documentation pages to one contract: ``mock-server import``.

A page is Markdown (CommonMark) with an OpenAPI document in a fenced block, as documentation sites print one with each
operation. A block is OpenAPI by its content: a top-level ``openapi`` (or ``swagger``). Parts that several pages have
must be the same in all of them; a part that only one page has is taken from there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import cast
from urllib.parse import unquote

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.extras import needed_extra
from mock_server.core.json_pointer import mapping_at, pointer_of, pointer_parts, value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.core.yaml_writer import yaml_text
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.reader import read_text
from mock_server.openapi.loading.source_map import Source
from mock_server.openapi.traversal import METHODS, references

Node = dict[str, JSON]

_LANGUAGES = frozenset({"", "yaml", "yml", "json", "jsonc", "openapi", "oas", "swagger"})
"""The first words of info strings of blocks that are examined; an empty info string is one of them."""
_YAML = re.compile(r"""^(['"]?)(openapi|swagger)\1[ \t]*:""", re.MULTILINE)
_JSON = re.compile(r'"(openapi|swagger)"\s*:\s*"\d')
_MAPS = {
    "paths": 2,
    "webhooks": 2,
    "components": 2,
    "definitions": 1,
    "parameters": 1,
    "responses": 1,
    "securityDefinitions": 1,
}
"""At which depth the parts are that are compared one by one. The last four are of OpenAPI 2.0."""
_LISTS = {"servers": "url", "tags": "name"}
"""Lists that are joined, and the member that identifies their entries."""
_INHERITED = ("security", "consumes", "produces")
"""Members of a root that its operations inherit: where pages differ in one, it is copied into each operation."""


@value_class
class ImportedContract:
    """A contract made of pages: its text, where its parts come from, and findings about it.

    ``parts`` are the JSON Pointer of each operation and component and its place (``page.md:15``).
    """

    text: str = field(repr=False)
    parts: tuple[tuple[str, str], ...]
    findings: tuple[Diagnostic, ...] = ()

    @property
    def report(self) -> list[str]:
        """Lines with the number of parts from each page, and the findings, for the user who started the import."""
        tallies: dict[str, list[int]] = {}
        for pointer, place in self.parts:
            tallies.setdefault(place.rpartition(":")[0], [0, 0])[not pointer.startswith("/paths/")] += 1
        counts = [
            f"{page}: {_number(operations, 'operation')}, {_number(other, 'other part')}"
            for page, (operations, other) in tallies.items()
        ]
        return [*counts, *map(str, self.findings)]


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def import_pages(pages: Sequence[str], *, as_json: bool = False) -> ImportedContract:
    """Return one contract of the OpenAPI blocks in these pages (paths or http(s) URLs).

    A single block keeps its text, unless it is YAML and JSON is wanted. Raises :class:`ContractError` where a page
    cannot be read or has no block, and where pages contradict each other, with all such places.
    """
    blocks = _distinct([block for page in pages for block in _blocks(page)])
    merged = _Merged(blocks)
    if merged.conflicts:
        count = "a conflict" if len(merged.conflicts) == 1 else f"{len(merged.conflicts)} conflicts"
        raise ContractError(
            f"{', '.join(pages)}: found {count}; expected pages that agree on what they share."
            " Import those that belong together, of one version of the documentation.",
            merged.conflicts,
        )
    if len(blocks) == 1 and (not as_json or blocks[0].is_json):
        text = blocks[0].text
    else:
        text = json.dumps(merged.document, ensure_ascii=False, indent=2) + "\n" if as_json else merged.as_yaml()
    return ImportedContract(text, tuple(merged.parts()), tuple(merged.dangling()))


@value_class
class _Block:
    """A fenced block of a page. ``source`` counts the lines of the page."""

    text: str
    source: Source

    @property
    def data(self) -> Node:
        return cast("Node", self.source.data)

    @property
    def is_json(self) -> bool:
        return self.text.lstrip().startswith("{")


def _blocks(page: str) -> Iterator[_Block]:
    """Yield the OpenAPI blocks of a page; raises :class:`ContractError` for a page without one."""
    with needed_extra("import", "markdown_it", "import"):
        from markdown_it import MarkdownIt  # only importing needs it

    markdown = read_text(page, what="documentation page")
    fences = [token for token in MarkdownIt("commonmark").parse(markdown) if token.type == "fence"]
    blocks = [token for token in fences if _is_openapi(token.info, token.content)]
    if not blocks:
        raise ContractError(
            f"{page}: found no OpenAPI in {_number(len(fences), 'fenced block')};"
            " expected one in YAML or JSON that begins with a member openapi."
            " Give the page that shows the API's definition."
        )
    for token in blocks:
        first = token.map[0] + 1 if token.map else 0
        # Blank lines before it, so that every message counts as the reader of the page does.
        source = parse_source(page, "\n" * first + token.content, what="OpenAPI block", allows_halves=True)
        if not isinstance(source.data, dict):
            raise ContractError(f"{page}:{first + 1}: found no mapping; expected an OpenAPI document. Fix the block.")
        yield _Block(token.content, source)


def _is_openapi(info: str, text: str) -> bool:
    language = (info.split() or [""])[0].lower()
    looks = _JSON if text.lstrip().startswith("{") else _YAML
    return language in _LANGUAGES and looks.search(text) is not None


def _distinct(blocks: list[_Block]) -> list[_Block]:
    """Return the blocks without those whose text another block has."""
    return list({block.text: block for block in reversed(blocks)}.values())[::-1]


class _Merged:
    """Merges blocks into one document; it also has the origins of the parts, and the conflicts between blocks."""

    def __init__(self, blocks: Sequence[_Block]) -> None:
        self._blocks = blocks
        self._origins: dict[str, _Block] = {}
        self.conflicts: list[Diagnostic] = []
        self.document: Node = {}
        inherited = [name for name in _INHERITED if len({_canonical(block.data.get(name)) for block in blocks}) > 1]
        for block in blocks:
            self._take(block, _pushed_down(block.data, inherited))

    def _take(self, block: _Block, data: Node) -> None:
        for key, value in data.items():
            if key in _MAPS and isinstance(value, dict):
                self._take_map(block, (key,), value, _MAPS[key])
            elif key in _LISTS and isinstance(value, list):
                self._take_list(key, value)
            elif key in ("openapi", "swagger"):
                self._take_version(block, key, value)
            else:
                self._put(block, (key,), value, is_first_good=key in ("info", "externalDocs") or key.startswith("x-"))

    def _take_map(self, block: _Block, parts: tuple[str, ...], node: Node, depth: int) -> None:
        """Add the entries of a map, and of the maps in it down to the depth at which parts are compared."""
        self._origins.setdefault(pointer_of(*parts), block)
        _entry(self.document, parts)
        for name, value in node.items():
            if depth > 1 and isinstance(value, dict):
                self._take_map(block, (*parts, name), value, depth - 1)
            else:
                self._put(block, (*parts, name), value)

    def _put(self, block: _Block, parts: tuple[str, ...], value: JSON, *, is_first_good: bool = False) -> None:
        """Add a part, or compare it with the same part of an earlier block."""
        parent, name, pointer = _entry(self.document, parts[:-1]), parts[-1], pointer_of(*parts)
        known = self._origins.setdefault(pointer, block)
        if name not in parent:
            parent[name] = value
        elif not is_first_good and _canonical(parent[name]) != _canonical(value):
            where = pointer + _difference(parent[name], value)
            self._conflict(block, pointer, where, known.source.location(where))

    def _take_list(self, key: str, value: list[JSON]) -> None:
        listed = cast("list[JSON]", self.document.setdefault(key, []))
        known = {_canonical(mapping_at({"": item}, "").get(_LISTS[key])) for item in listed}
        listed += [item for item in value if _canonical(mapping_at({"": item}, "").get(_LISTS[key])) not in known]

    def _take_version(self, block: _Block, key: str, value: JSON) -> None:
        """Add the version, or report a conflict: documents have to be of one minor version of OpenAPI."""
        before = next((self.document[name] for name in ("openapi", "swagger") if name in self.document), value)
        if str(before).split(".")[:2] != str(value).split(".")[:2]:
            first = self._blocks[0].source
            self._conflict(block, "/" + key, "/" + key, f"{first.location('/openapi')}, which is {before!r}")
        elif key not in self.document:
            self._put(block, (key,), value)

    def _conflict(self, block: _Block, pointer: str, where: str, other: str) -> None:
        actual = f"{_called(pointer)} unlike that of {other}"
        self.conflicts.append(Diagnostic("conflict", block.source.location(where), actual, "the same in both", where))

    def _origin(self, pointer: str) -> Source:
        while pointer and pointer not in self._origins:
            pointer = pointer.rpartition("/")[0]
        return self._origins.get(pointer, self._blocks[0]).source

    def parts(self) -> Iterator[tuple[str, str]]:
        """Yield the pointer of each operation and component, and its place."""
        for pointer, block in self._origins.items():
            parts = pointer_parts(pointer)
            is_part = len(parts) == 1 + _MAPS.get(parts[0], 9)
            if is_part and (parts[0] not in ("paths", "webhooks") or parts[-1] in METHODS):
                yield pointer, block.source.location(pointer)

    def dangling(self) -> Iterator[Diagnostic]:
        """Yield findings for references whose target is in none of the pages, and for those that lead out of them."""
        seen: set[str] = set()
        for pointer, reference in references(self.document):
            if reference in seen or (reference.startswith("#") and self._leads_somewhere(reference)):
                continue
            seen.add(reference)
            actual, where = f"a reference to {reference!r}", self._origin(pointer).location(pointer)
            expected = "one that leads to something in these pages"
            remedy = "Import the page that defines it too, or define it in an overlay."
            yield Diagnostic("dangling-reference", where, actual, expected, pointer, remedy)

    def _leads_somewhere(self, reference: str) -> bool:
        try:
            value_at(self.document, unquote(reference))
        except KeyError:
            return not reference.startswith("#/") and reference != "#"  # an anchor
        return True

    def as_yaml(self) -> str:
        """Return the document as YAML, each part below a comment with the place where it came from."""
        pages = "".join(f"#   {block.source.location('')}\n" for block in self._blocks)
        return f"# Made by mock-server import of these pages:\n{pages}" + self._written(self.document, ())

    def _written(self, node: Node, parts: tuple[str, ...]) -> str:
        text = ""
        for key, value in node.items():
            here = (*parts, key)
            if len(here) <= _MAPS.get(here[0], 0) and isinstance(value, dict) and value:
                text += _key(key) + _indented(self._written(value, here))
                continue
            pointer = pointer_of(*here)
            if len(here) > 1:
                text += f"# {self._origin(pointer).location(pointer)}\n"
            text += _yaml({key: value})
        return text


def _pushed_down(data: Node, inherited: Sequence[str]) -> Node:
    """Return a document whose operations have the members themselves that they would inherit from its root."""
    said: Node = {name: data[name] for name in inherited if name in data}
    if not inherited:
        return data
    paths: Node = {}
    for path, item in mapping_at(data, "paths").items():
        members = item if isinstance(item, dict) else {}
        paths[path] = {
            key: {**_said_of(said, inherited), **node} if key in METHODS and isinstance(node, dict) else node
            for key, node in members.items()
        }
    rest = {key: value for key, value in data.items() if key not in inherited}
    return {**rest, "paths": paths} if "paths" in data else rest


def _said_of(said: Node, inherited: Sequence[str]) -> Node:
    """Return the inherited members of a root; a root without ``security`` means no security."""
    return {**({"security": []} if "security" in inherited else {}), **said}


def _entry(document: Node, parts: Sequence[str]) -> Node:
    """Return the mapping at these parts of a pointer; make it where there is none."""
    node = document
    for part in parts:
        node = cast("Node", node.setdefault(part, {}))
    return node


def _canonical(value: JSON) -> str:
    """Return a text that two values share when they are equal as JSON; ``true`` is not 1."""
    return json.dumps(value, sort_keys=True)


def _difference(value: JSON, other: JSON) -> str:
    """Return the JSON Pointer of the first place that both have and where they differ."""
    if isinstance(value, dict) and isinstance(other, dict):
        steps = [(key, value[key], other[key]) for key in other if key in value]
    elif isinstance(value, list) and isinstance(other, list):
        steps = [(str(index), *pair) for index, pair in enumerate(zip(value, other, strict=False))]
    else:
        return ""
    for key, mine, theirs in steps:
        if _canonical(mine) != _canonical(theirs):
            return pointer_of(key) + _difference(mine, theirs)
    return ""


def _called(pointer: str) -> str:
    """Return a name for people of the part at a JSON Pointer."""
    first, *rest = pointer_parts(pointer)
    if first == "paths" and len(rest) == 2 and rest[1] in METHODS:
        return f"an operation {rest[1].upper()} {rest[0]}"
    if first == "components" and len(rest) == 2:
        return f"a component {rest[1]} ({rest[0]})"
    return f"a {' '.join([first, *rest])}"


def _yaml(node: Node) -> str:
    return yaml_text(node, width=100, quote="'")


def _key(key: str) -> str:
    """Return the YAML line of a key whose mapping follows. PyYAML writes a long key in a form of two lines."""
    return _yaml({key: {}}).replace(" {}\n", "\n") if len(key) < 100 else json.dumps(key) + ":\n"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" if line.strip() else "\n" for line in text.removesuffix("\n").split("\n"))
