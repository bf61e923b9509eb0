"""``readOnly`` and ``writeOnly``: which members of a schema go one way only, and what is left for the other way.

OpenAPI 3.0, "Schema Object": a readOnly member is required in answers only, a writeOnly one in requests only. JSON
Schema (2020-12, Validation, 9.4) lets a server ignore the one and leave out the other; it is read so in every version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.openapi.traversal import GRAMMAR, Document, resolved

Keyword = Literal["readOnly", "writeOnly"]

_SCHEMAS = GRAMMAR["schema"]
_LISTS = ("allOf", "anyOf", "oneOf")
_IN_PLACE = (*_LISTS, "if", "then", "else")
_DEEPEST = 40
"""Most references and branches that are followed for one member; and most levels of a value."""


class Direction:
    """The schemas of a document for one way, without the members that are marked with ``keyword`` for the other.

    ``instead`` is the schema that such a member gets: False where it must not be present.
    """

    def __init__(self, document: Mapping[str, JSON], keyword: Keyword, instead: JSON = False) -> None:
        self._document = document
        self._keyword = keyword
        self._instead = instead
        self._gone: dict[str, frozenset[str]] = {}
        """For each reference, the names of the marked members of its target."""
        self._marked: dict[str, bool] = {}
        """For each reference, whether its target is marked."""
        self._scanned: dict[str, tuple[bool, list[str]]] = {}
        """For each reference, whether its target contains a mark, and the references in the target."""

    def schema(self, schema: JSON, gone: frozenset[str] = frozenset()) -> JSON:
        """Return a schema in which no marked member is required or described; the schema itself where it has none.

        References stay as they are. ``gone`` are names that are marked by schemas around it that apply to the same
        value.
        """
        if not isinstance(schema, dict):
            return schema
        # A member may be described in one schema and required in another (allOf), so names are collected first.
        gone = gone | self._marked_in(schema, 0)
        changed: Document = {}
        for key, child in schema.items():
            form = _SCHEMAS.get(key)
            if form is None or not isinstance(child, (dict, list)):
                continue
            here = gone if key in _IN_PLACE else frozenset[str]()
            read: JSON
            if isinstance(child, list):
                read = [self.schema(part, here) for part in child]
            elif form.startswith("{"):
                read = {name: self.schema(part) for name, part in child.items()}
            else:
                read = self.schema(child, here)
            if not _is_same(read, child):
                changed[key] = read
        properties = mapping_at(schema, "properties")
        marked = [name for name in properties if name in gone and self.is_marked(properties[name])]
        if marked:
            described = mapping_at(changed, "properties") or properties
            changed["properties"] = {**described, **dict.fromkeys(marked, self._instead)}
        required = schema.get("required")
        if gone and isinstance(required, list) and not gone.isdisjoint(map(str, required)):
            changed["required"] = [name for name in required if name not in gone]
        for key in ("example", "examples", "default"):
            value = schema.get(key)
            if isinstance(value, (dict, list)):
                listed = key == "examples" and isinstance(value, list)
                remainder: JSON = (
                    [self.without(example, schema) for example in value] if listed else self.without(value, schema)
                )
                changed |= {} if remainder == value else {key: remainder}
        return {**schema, **changed} if changed else schema

    def is_marked(self, schema: JSON, depth: int = 0) -> bool:
        """Tell whether a member's schema is marked, by itself, by what it refers to, or in all its branches."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return False
        if schema.get(self._keyword) is True:
            return True
        below = depth + 1
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference not in self._marked:
                self._marked[reference] = False  # the reference may be recursive
                self._marked[reference] = self.is_marked(self._followed(schema), below)
            if self._marked[reference]:
                return True
        if any(self.is_marked(part, below) for part in _parts(schema, "allOf")):
            return True
        branches = [part for key in ("anyOf", "oneOf") for part in _parts(schema, key) if not _is_null(part)]
        return bool(branches) and all(self.is_marked(part, below) for part in branches)

    def marks(self, schema: JSON) -> bool:
        """Tell whether a schema, or anything that it leads to, has a marked member."""
        seen: set[str] = set()
        is_here, waiting = _scanned(schema, self._keyword)
        while waiting and not is_here:
            reference = waiting.pop()
            if reference not in seen:
                seen.add(reference)
                if reference not in self._scanned:
                    self._scanned[reference] = _scanned(resolved(self._document, {"$ref": reference}), self._keyword)
                is_here, further = self._scanned[reference]
                waiting += further
        return is_here

    def without(self, value: JSON, schema: JSON) -> JSON:
        """Return a value without the members that go the other way, at any depth."""
        return self._left(value, [schema], "", [])

    def pointers(self, value: JSON, schema: JSON) -> list[str]:
        """Return the JSON Pointers of the members of a value that go the other way."""
        pointers: list[str] = []
        self._left(value, [schema], "", pointers)
        return pointers

    def _left(self, value: JSON, schemas: list[JSON], pointer: str, gone: list[str]) -> JSON:
        if not isinstance(value, (dict, list)) or pointer.count("/") > _DEEPEST:
            return value
        parts = [*self._applied(schemas)]
        if isinstance(value, list):
            return [
                self._left(item, [*_items(parts, index)], f"{pointer}/{index}", gone)
                for index, item in enumerate(value)
            ]
        left: Document = {}
        for name, member in value.items():
            described = [*_members(parts, name)]
            if described and all(self.is_marked(schema) for schema in described):
                gone.append(pointer + pointer_of(name))
            else:
                left[name] = self._left(member, described, pointer + pointer_of(name), gone)
        return left

    def _applied(self, schemas: list[JSON]) -> Iterator[Document]:
        """Yield the schemas, and those that they refer to or are composed of, each once."""
        seen: set[int] = set()
        waiting = [*schemas]
        while waiting:
            schema = waiting.pop(0)
            if not isinstance(schema, dict) or id(schema) in seen:
                continue
            seen.add(id(schema))
            yield schema
            if isinstance(schema.get("$ref"), str):
                waiting.append(self._followed(schema))
            waiting += [part for key in _IN_PLACE for part in _parts(schema, key)]

    def _marked_in(self, schema: Document, depth: int) -> frozenset[str]:
        """Return the names of the marked members of a schema and of what it refers to or is composed of."""
        if depth > _DEEPEST:
            return frozenset()
        names = {name for name, member in mapping_at(schema, "properties").items() if self.is_marked(member)}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference not in self._gone:
                self._gone[reference] = frozenset()  # the reference may be recursive
                target = self._followed(schema)
                if isinstance(target, dict):
                    self._gone[reference] = self._marked_in(target, depth + 1)
            names |= self._gone[reference]
        for part in (part for key in _LISTS for part in _parts(schema, key) if isinstance(part, dict)):
            names |= self._marked_in(part, depth + 1)
        return frozenset(names)

    def _followed(self, schema: Document) -> JSON:
        return resolved(self._document, {"$ref": schema["$ref"]})


def _scanned(schema: JSON, keyword: Keyword) -> tuple[bool, list[str]]:
    """Tell whether a keyword stands in a schema, and return the references in it."""
    references: list[str] = []
    waiting: list[JSON] = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if node.get(keyword) is True:
                return True, references
            if isinstance(node.get("$ref"), str):
                references.append(str(node["$ref"]))
            waiting += [child for child in node.values() if isinstance(child, (dict, list))]
        elif isinstance(node, list):
            waiting += [child for child in node if isinstance(child, (dict, list))]
    return False, references


def mentions(document: JSON | Mapping[str, JSON], keyword: Keyword) -> bool:
    """Tell whether a keyword stands anywhere in a document; one walk, since it may be large."""
    waiting: list[object] = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if keyword in node:
                return True
            waiting += [child for child in node.values() if isinstance(child, (dict, list))]
        elif isinstance(node, list):
            waiting += [child for child in node if isinstance(child, (dict, list))]
    return False


def with_schemas(document: Mapping[str, JSON], read: Callable[[JSON], JSON]) -> Document:
    """Return a copy of an OpenAPI document whose component schemas are what ``read`` makes of them."""
    components = mapping_at(document, "components")
    schemas: JSON = {name: read(schema) for name, schema in mapping_at(components, "schemas").items()}
    return {**document, "components": {**components, "schemas": schemas}}


def _is_same(read: JSON, original: JSON) -> bool:
    """Tell whether nothing was changed: the same object, or the same objects in it."""
    if read is original:
        return True
    if isinstance(read, dict) and isinstance(original, dict):
        return read.keys() == original.keys() and all(read[key] is original[key] for key in read)
    if isinstance(read, list) and isinstance(original, list):
        return all(item is other for item, other in zip(read, original, strict=True))
    return False


def _parts(schema: Document, keyword: str) -> list[JSON]:
    """Return the schemas under a keyword; empty where there are none."""
    part = schema.get(keyword)
    return part if isinstance(part, list) else [part] if isinstance(part, dict) else []


def _is_null(schema: JSON) -> bool:
    return isinstance(schema, dict) and (schema.get("type") == "null" or schema.get("enum") == [None])


def _members(parts: list[Document], name: str) -> Iterator[JSON]:
    """Yield the schemas of a member: those under its name, or else ``additionalProperties``."""
    for part in parts:
        properties = mapping_at(part, "properties")
        if name in properties:
            yield properties[name]
        elif isinstance(part.get("additionalProperties"), dict):
            yield part["additionalProperties"]


def _items(parts: list[Document], index: int) -> Iterator[JSON]:
    for part in parts:
        prefix = part.get("prefixItems")
        if isinstance(prefix, list) and index < len(prefix):
            yield prefix[index]
        elif isinstance(part.get("items"), dict):
            yield part["items"]
