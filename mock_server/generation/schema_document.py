"""The document of schemas: references, anchors and identifiers are resolved once, validators are cached.

The libraries decide: ``referencing`` what a reference leads to, jsonschema-rs whether a value is valid, and jsonschema
where jsonschema-rs cannot tell.
"""

from __future__ import annotations

import functools
import json
from collections import deque
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urldefrag, urljoin

import jsonschema_rs

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, reference_to
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.types import JSON
from mock_server.generation.dialect import to_2020_12
from mock_server.generation.document_caches import DocumentCaches
from mock_server.generation.schema_validators import LINK, ValidatorOptions, Validators
from mock_server.openapi.read_write_only import Direction, Keyword, with_schemas
from mock_server.openapi.traversal import target
from mock_server.openapi.validation.error_messages import explain, keyword_and_path, of_jsonschema
from mock_server.openapi.validation.reference_scope import base_uri_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from referencing import Registry

MOST_VALIDATORS = 1000
"""Most compiled validators of a document: about 10 KB each; GitHub's contract could have three thousand."""
BASE = "urn:contract"
"""The name of the document among the others that a schema may refer to."""

_REMARKS = frozenset({"$comment", "default", "deprecated", "description", "example", "examples", "title"})
"""Annotations: keywords that refuse nothing."""
_IDENTIFIERS = ("$id", "$anchor", "$dynamicAnchor")
_CAREFUL = frozenset({"$dynamicRef", *_IDENTIFIERS})
_OF_SCALARS = frozenset(
    {
        "const",
        "default",
        "deprecated",
        "description",
        "enum",
        "example",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "maxLength",
        "maximum",
        "minLength",
        "minimum",
        "multipleOf",
        "pattern",
        "readOnly",
        "title",
        "type",
        "writeOnly",
        "x-faker",
    }
)
"""Keywords of schemas that contain no schemas.

A contract has thousands of such schemas, and few that differ: results about one are used for all equal ones (of 9,300
in Stripe's answers 1,400 are left).
"""
_LONGEST_WAY = 50
"""Most steps into a value for which an error is followed through links."""


class SchemaDocument:
    """A JSON document with schemas in it. ``dialect`` is the version of OpenAPI; 3.1 is JSON Schema 2020-12.

    ``sends`` is the direction: an ``answer`` has no writeOnly members, a ``request`` no readOnly ones. ``others`` are
    documents that it refers to, by URI; nothing is fetched.
    """

    def __init__(
        self,
        data: JSON,
        dialect: tuple[int, int] = (3, 1),
        sends: str = "answer",
        others: Mapping[str, JSON] | None = None,
    ) -> None:
        self.hidden: Keyword = "readOnly" if sends == "request" else "writeOnly"
        self._is_old = dialect < (3, 1)
        self._given = data
        self._others = others or {}
        self._mentioned = _mentioned(data, _CAREFUL | {self.hidden})
        self._dynamic = "$dynamicRef" in self._mentioned
        self.hides = self.hidden in self._mentioned
        """Whether any member is hidden, because it is sent in the other direction only."""
        self._direction = _direction(data, self.hidden) if self.hides else None
        # jsonschema-rs does not find identifiers and anchors below the components of a contract.
        self._is_plain = not others and not self._mentioned & _CAREFUL
        self._nodes: dict[tuple[object, ...], SchemaNode] = {}
        self._targets: dict[str, SchemaNode] = {}
        self._judged: deque[SchemaNode] = deque()
        self._validators = Validators(
            lambda reference: self.target(reference).schema,
            lambda reference, value: self.target(reference).accepts(value),
        )
        self.caches = DocumentCaches()
        """Results about the schemas of this document: expansions, depths."""

    @functools.cached_property
    def data(self) -> JSON:
        """The whole document in the form of 2020-12. Few need it: a copy of a large contract takes 0.3 s."""
        data = self._given
        if isinstance(data, dict) and "openapi" in data:
            return with_schemas(data, self._read) if self._is_old or self.hides else data
        return data if self._direction is None else self._direction.schema(data)

    def _read(self, schema: JSON) -> JSON:
        """Return a schema in the form of 2020-12, without the members of the other direction."""
        if self._direction is not None:
            schema = self._direction.schema(schema)
        return to_2020_12(schema) if self._is_old else schema

    @functools.cached_property
    def registry(self) -> Registry[Any]:
        """The resolver of references that are not plain JSON Pointers into the document."""
        with LATE_IMPORTS:  # most documents need no registry, and no library for it
            from mock_server.generation.schema_registry import registry_of

        has_identifiers = not self._mentioned.isdisjoint(_IDENTIFIERS)
        return registry_of(self.data, BASE, self._others, has_identifiers=has_identifiers)

    def resolver(self) -> Any:
        """Return a resolver of references that starts at the root of the document."""
        return self.registry.resolver(BASE)

    def target(self, reference: str) -> SchemaNode:
        """Return the schema at a JSON Pointer into a document without identifiers (``#/components/schemas/Pet``).

        Raises :class:`GenerationError` where there is nothing.
        """
        node = self._targets.get(reference)
        if node is None:
            schema = target(cast("Mapping[str, JSON]", self._given), reference)
            if schema is None:
                raise GenerationError(_dangling("#", reference))
            node = self._targets.setdefault(reference, self.node(_typed(self._read(schema)), None, BASE + reference))
        return node

    def root(self, schema: JSON) -> SchemaNode:
        """Return the node of a schema of the document, or of a schema outside it that refers into it."""
        resolver = None if self._is_plain else self.resolver()
        if isinstance(schema, dict) and set(schema) == {"$ref"}:
            key: tuple[object, ...] = ("root", schema["$ref"])
            if key not in self._nodes:
                self._nodes[key] = self.node(dict(schema), resolver, "")
            return self._nodes[key]
        key = ("root", id(schema) if isinstance(schema, (dict, list)) else schema)
        node = self._nodes.get(key)
        # An id may belong to a new object by now.
        if node is None or node.given is not schema:
            alone = self._read(schema)
            node = self.node(alone, resolver, f"{BASE}#" if schema is self._given else "")
            node.given = schema
            self._nodes[key] = node
        return node

    def node(self, schema: JSON, resolver: Any, location: str) -> SchemaNode:
        """Return the node of the schema at a location; one object for each schema and dynamic scope."""
        if resolver is None:
            return self._plain_node(schema, location)
        if isinstance(schema, dict) and isinstance(schema.get("$id"), str):
            name = str(schema["$id"]).removesuffix("#")
            base = base_uri_of(resolver)
            # After a reference to it the resolver is in it already, unless it is where no schemas are searched.
            if not base.endswith(name):
                with LATE_IMPORTS:
                    from mock_server.generation.schema_registry import within

                resolver = within(resolver, schema)
                base = urljoin(location.partition("#")[0] or BASE, name)
            location = f"{base}#"
        # Without $dynamicRef a schema means the same wherever the reference to it is.
        scope = tuple(dict.fromkeys(uri for uri, _ in resolver.dynamic_scope())) if self._dynamic else ()
        key = (id(schema), location, scope) if isinstance(schema, dict) else (schema is not False, location, scope)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = SchemaNode(self, schema, resolver, location)
        return node

    def _plain_node(self, schema: JSON, location: str) -> SchemaNode:
        """Return the node of the schema at a location, in a document without identifiers and anchors."""
        key: tuple[object, ...]
        if not isinstance(schema, dict):
            key = (schema is not False, location)
        elif schema.keys() <= _OF_SCALARS:
            # Equal schemas without subschemas share one node, and so one validator.
            key = ("scalar", _contents(schema))
        else:
            key = (id(schema), location)
        node = self._nodes.get(key)
        if node is None:
            # Another thread may have been faster, and all have to use the same object.
            node = self._nodes.setdefault(key, SchemaNode(self, schema, None, location))
            node.is_scalar = key[0] == "scalar"
        return node

    def judge(self, node: SchemaNode) -> ValidatorOptions:
        """Compile the validator of a schema. There are at most :data:`MOST_VALIDATORS`; the oldest are removed."""
        self._judged.append(node)
        while len(self._judged) > MOST_VALIDATORS:
            self._judged.popleft().forget()
        # Only jsonschema resolves identifiers and anchors below the components (see __init__).
        if node.resolver is not None:
            return self._careful(node)
        try:
            return self._validators.compile(node.schema)
        except (ValueError, jsonschema_rs.ReferencingError):
            return self._careful(node)  # a refused pattern, say: jsonschema reports such errors itself

    def _careful(self, node: SchemaNode) -> ValidatorOptions:
        """Return a validator of jsonschema: slower, but it supports anchors in components and dynamic references."""
        with LATE_IMPORTS:
            from mock_server.generation.careful_validator import careful_validator

        return careful_validator(node.schema, self.registry, node.resolver or self.resolver())


class SchemaNode:
    """One schema with its location and its subschemas. ``given`` is the schema object of the caller.

    ``location`` is empty for a schema that no pointer leads to.
    """

    __slots__ = (
        "_children",
        "_judge",
        "_settled",
        "document",
        "given",
        "is_scalar",
        "keywords",
        "location",
        "resolver",
        "schema",
    )

    def __init__(self, document: SchemaDocument, schema: JSON, resolver: Any, location: str) -> None:
        self.document = document
        self.schema = schema
        self.keywords: Mapping[str, JSON] = schema if isinstance(schema, dict) else {}
        """The keywords of the schema; empty for a boolean schema."""
        self.resolver = resolver
        self.location = location
        self.given: JSON = None
        self.is_scalar = False
        """Whether the schema certainly contains no other schema."""
        self._children: dict[tuple[str, ...], SchemaNode] = {}
        self._judge: ValidatorOptions | None = None
        self._settled: SchemaNode | None = None

    def child(self, *path: str) -> SchemaNode:
        """Return the schema under a keyword, and a name or an index below it."""
        node = self._children.get(path)
        if node is None:
            schema: Any = self.schema
            for part in path:
                schema = schema[int(part)] if isinstance(schema, list) else schema[part]
            if self.resolver is None:  # only the last step is used, in the names of choices
                location = f"/{_quoted(path[-1])}" if self.location else ""
            else:
                location = self.location + "".join(f"/{_quoted(part)}" for part in path) if self.location else ""
            node = self._children[path] = self.document.node(_typed(schema), self.resolver, location)
        return node

    def children(self, keyword: str) -> list[SchemaNode]:
        """Return the schemas in the list under a keyword; empty where there is none."""
        listed = self.keywords.get(keyword)
        return [self.child(keyword, str(index)) for index in range(len(listed))] if isinstance(listed, list) else []

    def reference(self, keyword: str) -> SchemaNode:
        """Return the schema that ``$ref`` or ``$dynamicRef`` leads to.

        Raises :class:`GenerationError` where there is none.
        """
        path = (keyword,)
        if path not in self._children:
            reference = str(self.keywords[keyword])
            if self.resolver is None and reference.startswith("#"):
                self._children[path] = self.document.target(reference)
            else:
                self._children[path] = self._followed(reference)
        return self._children[path]

    def _followed(self, reference: str) -> SchemaNode:
        with LATE_IMPORTS:
            from referencing.exceptions import Unresolvable

        try:
            resolved = (self.resolver or self.document.resolver()).lookup(reference)
        except Unresolvable:
            raise GenerationError(_dangling(self.location or "#", reference)) from None
        base, fragment = urldefrag(urljoin(self.location.partition("#")[0] or BASE, reference))
        if reference.startswith("#"):
            base, fragment = self.location.partition("#")[0] or BASE, reference[1:]
        location = f"{base}#{fragment}" if not fragment or fragment.startswith("/") else ""
        return self.document.node(_typed(resolved.contents), resolved.resolver, location)

    def settled(self) -> SchemaNode:
        """Return the schema itself, or the one that a reference without other keywords leads to."""
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

    def made(self, schema: JSON) -> SchemaNode:
        """Return the node of a schema of our own that takes the place of this one (a negation, say)."""
        return SchemaNode(self.document, schema, self.resolver, "")

    def accepts(self, value: JSON) -> bool:
        """Tell whether a value is valid by the schema."""
        if isinstance(self.schema, bool):
            return self.schema
        return self._judging().is_valid(value)

    def _judging(self) -> ValidatorOptions:
        """Return the validator of the schema, or of the one that a bare reference leads to; compiled at first use."""
        node = self._settled or self.settled()
        judge = node._judge
        if judge is None:
            judge = node._judge = self.document.judge(node)
        return judge

    def forget(self) -> None:
        """Release the validator; it is compiled again when it is needed."""
        self._judge = None

    def reasons(self, value: JSON) -> list[tuple[str, str, str]]:
        """Return what is wrong with a value, for people: the JSON Pointer, what was found, what was expected."""
        if isinstance(self.schema, bool):
            return [] if self.schema else [("", "a value", "none: the schema is false")]
        return [explain(error) for error in self._errors(value)]

    def reason(self, value: JSON) -> ValidationError | None:
        """Return the first thing that is wrong with a value, quickly found; None where nobody can say so quickly."""
        node, instance = self, value
        way: list[str | int] = []
        while len(way) <= _LONGEST_WAY:
            judge = node._judging() if isinstance(node.schema, dict) else None
            if not isinstance(judge, jsonschema_rs.Draft202012Validator):
                return None
            try:
                judge.validate(instance)
            except jsonschema_rs.ValidationError as error:
                if error.kind.name != LINK:
                    return of_jsonschema(error, way)
                node, instance = node.document.target(error.message), cast("JSON", error.instance)
                way += error.instance_path
                continue
            except (ValueError, RecursionError):
                pass
            return None
        return None

    def faults(self, value: JSON) -> list[tuple[str, str]]:
        """Return the JSON Pointer into the value, and the keyword, of each thing that is wrong; the deepest first."""
        if isinstance(self.schema, bool):
            return [] if self.schema else [("", "false")]
        places: list[tuple[str, list[str | int]]] = []
        for error, above in self._errors_of_either(value, ()):
            if isinstance(error, jsonschema_rs.ValidationError):  # without jsonschema, whose import takes 5 MB
                places.append(keyword_and_path(error, above))
            else:
                places.append((str(error.validator), [*above, *error.absolute_path]))
        places.sort(key=lambda place: -len(place[1]))
        return [(pointer_of(*path), keyword) for keyword, path in places]

    def _errors(self, value: JSON) -> Iterator[ValidationError]:
        """Yield the errors of a value as those of jsonschema, with what is to be explained of them."""
        for error, above in self._errors_of_either(value, ()):
            if isinstance(error, jsonschema_rs.ValidationError):
                yield of_jsonschema(error, above)
            else:
                error.path.extendleft(reversed(above))
                yield error

    def _errors_of_either(
        self, value: JSON, above: tuple[str | int, ...]
    ) -> Iterator[tuple[jsonschema_rs.ValidationError | ValidationError, tuple[str | int, ...]]]:
        """Yield the errors of a value at the path ``above``, each with the path to what its validator was given.

        Links to other validators are followed.
        """
        for error in self._judging().iter_errors(value):
            is_link = isinstance(error, jsonschema_rs.ValidationError) and error.kind.name == LINK
            if not is_link or len(above) > _LONGEST_WAY:
                yield error, above
                continue
            instance, path = cast("JSON", error.instance), (*above, *error.instance_path)
            yield from self.document.target(error.message)._errors_of_either(instance, path)


def _direction(data: JSON, hidden: Keyword) -> Direction:
    """Return what removes hidden members: answers must not have them, in requests they may have any value."""
    instead: JSON = False if hidden == "writeOnly" else {hidden: True}
    return Direction(data if isinstance(data, dict) else {}, hidden, instead)


def _contents(schema: Mapping[str, JSON]) -> Hashable:
    """Return a key that is equal for equal schemas without subschemas. 1 is neither true nor 1.0 here."""
    said = [(key, type(value), value) for key, value in schema.items() if key not in ("description", "title")]
    try:
        return frozenset(said)
    except TypeError:  # the list of an enum, an object as an example
        return json.dumps(said, default=str)


def _quoted(part: str) -> str:
    """Return a step of a JSON Pointer, encoded for a URI."""
    return part if part.isalnum() else reference_to(pointer_of(part))[2:]


def _typed(schema: Any) -> JSON:
    return schema if isinstance(schema, (dict, bool)) else True


def _mentioned(data: JSON, keywords: frozenset[str]) -> set[str]:
    """Return those of the keywords that a document has anywhere; one walk, since it may be large."""
    names: set[str] = set()
    stack: list[JSON] = [data]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if not keywords.isdisjoint(node):
                names |= keywords & node.keys()
            stack += [child for child in node.values() if isinstance(child, (dict, list))]
        elif isinstance(node, list):
            stack += [child for child in node if isinstance(child, (dict, list))]
    return names


def _dangling(place: str, reference: str) -> str:
    expected = "expected a schema of the contract. Define it or fix the reference"
    return f"{place}: found the reference {reference}, which leads nowhere; {expected}."
