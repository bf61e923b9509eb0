"""The document that schemas stand in: references, anchors and identifiers followed once, validators kept.

The libraries are the authority: ``referencing`` says what a reference leads to, jsonschema-rs whether a value
keeps a schema, and jsonschema where the former cannot tell.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol, cast
from urllib.parse import quote, urldefrag, urljoin

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource, Specification
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012, SchemaRegistry

from mock_server.contract.formats import FORMATS
from mock_server.contract.pattern import bounded
from mock_server.contract.schema_error import explain
from mock_server.contract.source import pointer_of
from mock_server.errors import GenerationError
from mock_server.exchange import JSON
from mock_server.generate.dialect import modern, modern_document

BASE = "urn:contract"
"""The name of the document among the others that a schema may refer to."""

SPECIFICATIONS: SchemaRegistry = cast("Any", import_module("jsonschema_specifications")).REGISTRY
"""The metaschemas, which a schema may refer to. The package has no types."""
_FORMATS = {name: check for name, check in FORMATS.items() if name in ("byte", "duration", "uuid4")}
_REMARKS = frozenset({"$comment", "default", "deprecated", "description", "example", "examples", "title"})
"""Keywords that refuse nothing."""
_IDENTIFIERS = ("$id", "$anchor", "$dynamicAnchor")
_CAREFUL = frozenset({"$dynamicRef", *_IDENTIFIERS})


class Judging(Protocol):
    """A validator of either library."""

    def is_valid(self, instance: Any) -> bool: ...
    def iter_errors(self, instance: Any) -> Iterator[Any]: ...


class Document:
    """A JSON document with schemas in it. ``dialect`` is the version of OpenAPI; 3.1 is JSON Schema 2020-12.

    ``sends`` is what is made of it: an ``answer`` has no writeOnly members, a ``request`` no readOnly ones.
    ``others`` are documents that it refers to, by URI; nothing is fetched.
    """

    def __init__(
        self, data: JSON, dialect: tuple[int, int] = (3, 1), sends: str = "answer",
        others: Mapping[str, JSON] | None = None,
    ) -> None:  # fmt: skip
        self.hidden = "readOnly" if sends == "request" else "writeOnly"
        self._is_old = dialect < (3, 1)
        if self._is_old:
            data = modern_document(data, self.hidden) if isinstance(data, dict) and "openapi" in data else data
        self.data = data
        mentioned = _mentioned(data)
        specification = _OPENAPI if mentioned & set(_IDENTIFIERS) else _UNMARKED
        resource = cast("Any", Resource)(contents=data, specification=specification)
        named = {name: DRAFT202012.create_resource(cast("Any", one)) for name, one in (others or {}).items()}
        self.registry: Registry[Any] = (
            SPECIFICATIONS.with_resources(named.items()).with_resource(BASE, resource).crawl()
        )
        self._dynamic = "$dynamicRef" in mentioned
        # jsonschema-rs does not find identifiers and anchors below the components of a contract.
        self._is_plain = not others and not mentioned
        self._nodes: dict[tuple[object, ...], Node] = {}
        self._rust: jsonschema_rs.Registry | None = None
        self.kept: dict[object, Any] = {}
        """What was found out about schemas of this document: expansions, heights."""

    def root(self, schema: JSON) -> Node:
        """A schema of the document, or one that stands by itself and refers into it."""
        if isinstance(schema, dict) and set(schema) == {"$ref"}:
            key: tuple[object, ...] = ("root", schema["$ref"])
            if key not in self._nodes:
                self._nodes[key] = self.node(dict(schema), self.registry.resolver(BASE), "")
            return self._nodes[key]
        key = ("root", id(schema) if isinstance(schema, (dict, list)) else schema)
        node = self._nodes.get(key)
        if node is None or node.given is not schema:
            alone = modern(schema, self.hidden) if self._is_old else schema
            node = self.node(alone, self.registry.resolver(BASE), f"{BASE}#" if alone is self.data else "")
            node.given = schema
            self._nodes[key] = node
        return node

    def node(self, schema: JSON, resolver: Any, location: str) -> Node:
        """The schema at a location; one object per schema and dynamic scope."""
        if isinstance(schema, dict) and isinstance(schema.get("$id"), str):
            name = str(schema["$id"]).removesuffix("#")
            base = str(resolver._base_uri)
            # Who followed a reference to it has entered it already, unless it stands where no schema is looked for.
            if not base.endswith(name):
                resolver = resolver.in_subresource(DRAFT202012.create_resource(cast("Any", schema)))
                base = urljoin(location.partition("#")[0] or BASE, name)
            location = f"{base}#"
        scope = tuple(dict.fromkeys(uri for uri, _ in resolver.dynamic_scope())) if self._dynamic else ()
        key = (id(schema), location, scope) if isinstance(schema, dict) else (schema is not False, location, scope)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self, schema, resolver, location)
        return node

    def judge(self, node: Node) -> Judging:
        """The validator of a schema."""
        node = node.settled()
        if not self._is_plain or (not node.location and str(node.resolver._base_uri) != BASE):
            return self._careful(node)
        whole: Any = {"$ref": node.location} if node.location else _absolute(node.schema)
        try:
            return cast(
                "Judging",
                jsonschema_rs.Draft202012Validator(
                    whole, registry=self._rust_registry(), validate_formats=True, formats=cast("Any", _FORMATS),
                    offline=True,
                ),
            )  # fmt: skip
        except (ValueError, jsonschema_rs.ReferencingError):
            return self._careful(node)  # it refuses a pattern, say; jsonschema tells why in its own words

    def _careful(self, node: Node) -> Judging:
        """Slower, and at home in every corner: anchors within components, dynamic references."""
        validator = cast("Any", _Ecma)(node.schema, registry=self.registry, format_checker=CHECKER)
        return cast("Judging", validator.evolve(_resolver=node.resolver))

    def _rust_registry(self) -> jsonschema_rs.Registry:
        if self._rust is None:
            self._rust = jsonschema_rs.Registry(cast("Any", [(BASE, self.data)]))
        return self._rust


class Node:
    """One schema, where it stands, and what it leads to. ``given`` is the schema as the caller holds it.

    ``location`` is empty for a schema that no pointer leads to.
    """

    __slots__ = ("_children", "_judge", "_settled", "document", "given", "location", "resolver", "schema")

    def __init__(self, document: Document, schema: JSON, resolver: Any, location: str) -> None:
        self.document = document
        self.schema = schema
        self.resolver = resolver
        self.location = location
        self.given: JSON = None
        self._children: dict[tuple[str, ...], Node] = {}
        self._judge: Judging | None = None
        self._settled: Node | None = None

    @property
    def keywords(self) -> Mapping[str, JSON]:
        """The keywords; empty for a boolean schema."""
        return self.schema if isinstance(self.schema, dict) else {}

    def child(self, *path: str) -> Node:
        """The schema under a keyword, and a name or an index below it."""
        found = self._children.get(path)
        if found is None:
            schema: Any = self.schema
            for part in path:
                schema = schema[int(part)] if isinstance(schema, list) else schema[part]
            location = self.location + quote(pointer_of(*path), safe="/~!$&'()*+,;=:@") if self.location else ""
            found = self._children[path] = self.document.node(_typed(schema), self.resolver, location)
        return found

    def children(self, keyword: str) -> list[Node]:
        """The schemas in the list under a keyword."""
        listed = self.keywords.get(keyword)
        return [self.child(keyword, str(index)) for index in range(len(listed))] if isinstance(listed, list) else []

    def reference(self, keyword: str) -> Node:
        """What ``$ref`` or ``$dynamicRef`` leads to."""
        path = (keyword,)
        if path not in self._children:
            reference = str(self.keywords[keyword])
            try:
                found = self.resolver.lookup(reference)
            except Unresolvable:
                raise GenerationError(
                    f"{self.location or '#'}: found the reference {reference}, which leads nowhere; expected a schema"
                    " of the contract. Define it or mend the reference."
                ) from None
            base, fragment = urldefrag(urljoin(self.location.partition("#")[0] or BASE, reference))
            if reference.startswith("#"):
                base, fragment = self.location.partition("#")[0] or BASE, reference[1:]
            location = f"{base}#{fragment}" if not fragment or fragment.startswith("/") else ""
            self._children[path] = self.document.node(_typed(found.contents), found.resolver, location)
        return self._children[path]

    def settled(self) -> Node:
        """The schema itself, or the one that a bare reference leads to."""
        if self._settled is not None:
            return self._settled
        node = self
        for _ in range(20):
            keyword = "$ref" if "$ref" in node.keywords else "$dynamicRef"
            if not isinstance(node.keywords.get(keyword), str) or node.keywords.keys() - _REMARKS - {keyword}:
                break
            node = node.reference(keyword)
        self._settled = node
        return node

    def made(self, schema: JSON) -> Node:
        """A schema of our own that stands where this one does (a negation, say)."""
        return Node(self.document, schema, self.resolver, "")

    def accepts(self, value: JSON) -> bool:
        """Whether a value keeps the schema."""
        if isinstance(self.schema, bool):
            return self.schema
        if self._judge is None:
            self._judge = self.document.judge(self)
        return self._judge.is_valid(value)

    def reasons(self, value: JSON) -> list[tuple[str, str, str]]:
        """What is wrong with a value, for a person: the JSON Pointer, what was found, what was expected."""
        if isinstance(self.schema, bool):
            return [] if self.schema else [("", "a value", "none: the schema is false")]
        return [explain(error) for error in self.document._careful(self).iter_errors(value)]

    def faults(self, value: JSON) -> Iterable[tuple[str, str]]:
        """The JSON Pointer into the value, and the keyword, of each thing that is wrong with it."""
        if isinstance(self.schema, bool):
            return [] if self.schema else [("", "false")]
        checker = self.document._careful(self)
        return [
            (pointer_of(*error.absolute_path), str(error.validator))
            for error in sorted(checker.iter_errors(value), key=lambda error: -len(error.absolute_path))
        ]


def _typed(schema: Any) -> JSON:
    return schema if isinstance(schema, (dict, bool)) else True


def _mentioned(data: JSON) -> set[str]:
    """Which of the keywords that need care a document has anywhere; one walk, since it may be large."""
    found: set[str] = set()
    stack: list[JSON] = [data]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if not _CAREFUL.isdisjoint(node):
                found |= _CAREFUL & node.keys()
            stack += [one for one in node.values() if isinstance(one, (dict, list))]
        elif isinstance(node, list):
            stack += [one for one in node if isinstance(one, (dict, list))]
    return found


def _absolute(schema: JSON) -> JSON:
    """A schema that stands by itself, whose references into the document lead there from anywhere."""
    if isinstance(schema, list):
        return [_absolute(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: f"{BASE}{one}" if key == "$ref" and isinstance(one, str) and one.startswith("#")
        else one if key in _VALUES else _absolute(one)
        for key, one in schema.items()
    }  # fmt: skip


_VALUES = frozenset({"const", "enum"})
"""Keywords whose values are no schemas."""


def _subresources(data: Any) -> Iterable[Any]:
    """JSON Schema's own, and in an OpenAPI document whatever carries an identifier or an anchor."""
    if isinstance(data, dict) and "openapi" in data:
        return list(_marked(data))
    return DRAFT202012.subresources_of(data)


def _marked(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for one in data:
            yield from _marked(one)
    elif isinstance(data, dict):
        for key, one in data.items():
            if key in ("example", "examples", "enum", "const", "default"):
                continue
            if isinstance(one, dict) and any(isinstance(one.get(name), str) for name in _IDENTIFIERS):
                yield one
            else:
                yield from _marked(one)


_OPENAPI: Specification[Any] = cast("Any", Specification)(
    name="openapi",
    id_of=DRAFT202012.id_of,
    subresources_of=_subresources,
    maybe_in_subresource=DRAFT202012.maybe_in_subresource,
    anchors_in=lambda _, data: DRAFT202012.anchors_in(data),
)


_UNMARKED: Specification[Any] = cast("Any", Specification)(
    name="openapi without identifiers",
    id_of=DRAFT202012.id_of,
    subresources_of=lambda data: () if isinstance(data, dict) and "openapi" in data else _subresources(data),
    maybe_in_subresource=DRAFT202012.maybe_in_subresource,
    anchors_in=lambda _, data: DRAFT202012.anchors_in(data),
)
"""For a document in which nothing has a name of its own: nothing is looked for."""


def _checker() -> FormatChecker:
    checker: FormatChecker = copy.deepcopy(Draft202012Validator.FORMAT_CHECKER)
    for name, check in FORMATS.items():
        checker.checks(name)(check)
    return checker


CHECKER = _checker()
"""Whether a text has a format."""
_Ecma: Any = bounded(Draft202012Validator)
"""jsonschema reads patterns as Python does; OpenAPI means ECMA-262."""
