"""Meaning of documents: what authors clearly mean, but write in a way that OpenAPI does not define.

Each such place is rewritten, in place, into what OpenAPI reads as it was meant, before anything else reads it: so
routing, generation and every validator agree. The findings (severity ``repaired``) say what was rewritten.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast
from urllib.parse import unquote

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import above_and_at, pointer_of, reference_to
from mock_server.core.types import JSON
from mock_server.openapi.discriminator import settle_discriminator
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import Document, nodes, resolved

_COMPOSED = ("$ref", "allOf", "anyOf", "oneOf")
"""Keywords that apply other schemas to the same value."""
_ANNOTATIONS = frozenset(
    {
        "default",
        "deprecated",
        "description",
        "example",
        "examples",
        "externalDocs",
        "readOnly",
        "summary",
        "title",
        "writeOnly",
        "xml",
    }
)
"""Annotations, which refuse nothing: they stay with a schema whose other keywords move into a branch."""
_IN_PLACE = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else")
_DIRECTED = ("readOnly", "writeOnly")
_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_WATCHED = frozenset(
    {
        *_COMPOSED,
        *_IN_PLACE,
        "const",
        "discriminator",
        "examples",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "items",
        "nullable",
    }
)
"""Keywords that may be meant differently than they are read; for arrays, missing ``items`` counts too."""
_DEEPEST = 20
"""Most references and branches that are followed to find out whether a schema accepts null."""


def read_intended(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Rewrite ``document`` in place, and yield a finding for each place that was rewritten.

    The document is walked once; references to schemas that moved are updated at the end.
    """
    reading = _Reading(document)
    for pointer, node, kind in nodes(document):
        if "$ref" in node:
            reading.links.append((pointer, str(node["$ref"])))
        if kind == "schema":
            reading.schema(pointer, node)
        elif kind in ("media", "parameter", "header"):
            reading.examples(pointer, node)
    reading.settle()
    for rule, pointer, actual, expected, done in reading.remarks:
        yield Diagnostic(rule, source.location(pointer), actual, expected, pointer, f"Repaired: {done}.", "repaired")


class _Reading:
    """One walk through a document. ``remarks`` are rule, pointer, found, expected, and what was done."""

    def __init__(self, document: Document) -> None:
        self.remarks: list[tuple[str, str, str, str, str]] = []
        self.links: list[tuple[str, str]] = []
        """The pointer of each node that is a reference, and the reference."""
        self._document = document
        self._version = str(document["openapi"])
        self._is_old = self._version.startswith("3.0")
        self._null: Document = {"enum": [None]} if self._is_old else {"type": "null"}
        self._typed: set[int] = set()
        """The ids of schemas whose type is given by a schema around them, or that must not have one."""
        self._guessed: list[tuple[str, Document, str, str]] = []
        """Schemas whose type was guessed: pointer, schema, the type, and the keyword that it was guessed from."""
        self._discriminated: list[tuple[str, Document]] = []
        self._deep: list[tuple[Document, str]] = []
        """References to a place within a component or a path, but not to a component itself."""
        self._moves: list[tuple[str, str]] = []

    def schema(self, pointer: str, schema: Document) -> None:
        """Rewrite one schema where its author meant something else than OpenAPI reads."""
        if (
            isinstance(schema.get("type"), str)
            and schema["type"] not in ("array", "null")
            and _WATCHED.isdisjoint(schema)
        ):
            return  # most are of this kind
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference.startswith("#/") and reference.count("/") > 3:
                self._deep.append((schema, reference))
            if len(schema) == 1:
                return
        self._null_type(pointer, schema)
        self._dialect(pointer, schema)
        self._listed_items(pointer, schema)
        self._missing_type(pointer, schema)
        if schema.get("nullable") is True:
            self._nullable(pointer, schema)
        if self._is_old and "$ref" in schema:
            self._beside_reference(pointer, schema)
        if isinstance(schema.get("discriminator"), dict):
            self._discriminated.append((pointer, schema))

    def settle(self) -> None:
        """Finish what needs the whole document: discriminators, and references to what has moved."""
        self._settle_types()
        for pointer, schema in self._discriminated:
            remark = settle_discriminator(self._document, schema)
            if remark is not None:
                self._remark("discriminator", pointer + "/discriminator", *remark)
        for node, reference in self._deep if self._moves else ():
            place = unquote(reference[1:])
            for before, now in self._moves:
                if place.startswith(before + "/"):
                    place = now + place[len(before) :]
            if place != unquote(reference[1:]) and node.get("$ref") == reference:
                node["$ref"] = reference_to(place)

    def _settle_types(self) -> None:
        """Report the types that were guessed, and remove those of schemas that no path leads to."""
        # A guess in a schema that no operation uses has no effect, and would only be noise in the report.
        used = {"/paths", *_used(self.links)} if self._guessed else set()
        for pointer, schema, kind, keyword in self._guessed:
            if any(above in used for above in above_and_at(pointer)):
                self._remark("missing-type", pointer, f"{keyword!r} without a type", "a type", f"{kind!r} is taken")
            elif schema.get("type") == kind:
                del schema["type"]

    def _remark(self, rule: str, pointer: str, actual: str, expected: str, done: str) -> None:
        self.remarks.append((rule, pointer, actual, expected, done))

    def _dialect(self, pointer: str, schema: Document) -> None:
        """Rewrite keywords of another version of OpenAPI into those of this version."""
        for keyword in _as_3_0(schema) if self._is_old else _as_3_1(schema):
            self._remark(
                "dialect",
                pointer + pointer_of(keyword),
                f"{keyword!r} in the words of another version",
                f"the keywords of OpenAPI {self._version}",
                "it is read as its author intended",
            )

    def _null_type(self, pointer: str, schema: Document) -> None:
        """Rewrite ``type: 'null'``, which 2.0 and 3.0 do not have, and ``type: null`` without its quotes."""
        stated = schema.get("type")
        if isinstance(stated, list) and None in stated:
            schema["type"] = ["null" if name is None else name for name in stated]
            self._remark("null-type", pointer + "/type", "null", "the text 'null'", "'null' is taken")
        elif (
            "type" in schema
            and stated is None
            and all(key == "type" or (key in _ANNOTATIONS and schema[key] is not None) for key in schema)
        ):
            schema.pop("type")
            schema.update(self._null)
            self._remark("null-type", pointer + "/type", "null", "the text 'null'", "null alone is taken there")
        elif self._is_old and stated in ("null", ["null"]):
            schema.pop("type")
            schema.pop("nullable", None)
            schema["enum"] = [None]
            expected = f"a type that OpenAPI {self._version} has"
            self._remark("null-type", pointer + "/type", "'null'", expected, "null alone is taken there")

    def _listed_items(self, pointer: str, schema: Document) -> None:
        """Rewrite a list under ``items``: as items one by one, or in 2.0 and 3.0 as alternatives.

        Without ``type: array`` in 2.0 and 3.0, the list has the alternatives for the value itself. JSON Schema up to
        2019-09 has such lists, and OpenAPI 2.0's own schema accepts them; Slack's contract writes alternatives so.
        """
        items = schema.get("items")
        if not isinstance(items, list):
            return
        where, actual = pointer + "/items", "a list of schemas"
        if not self._is_old:
            schema.pop("items")
            schema.setdefault("prefixItems", items)
            if "additionalItems" in schema:
                schema["items"] = schema.pop("additionalItems")
            self._moves.append((where, pointer + "/prefixItems"))
            self._remark("items", where, actual, "one schema", "it is read as 'prefixItems'")
            return
        schema.pop("additionalItems", None)
        # 3.0 has one schema for all items: each item may be any of the listed ones.
        if schema.get("type") == "array":
            schema["items"] = {"anyOf": items} if len(items) > 1 else items[0] if items else {}
            self._moves.append((where, where + "/anyOf"))
            self._remark("items", where, actual, "one schema", "each item is one of them")
            return
        schema.pop("items")
        # Not an array: the list has the alternatives for the value itself.
        if items and "anyOf" not in schema:
            schema["anyOf"] = items
            self._moves.append((where, pointer + "/anyOf"))
        elif items:
            schema["allOf"] = [*_branches(schema, "allOf"), {"anyOf": items}]
        self._remark("items", where, actual, "one schema, within an array", "the value is one of them")

    def _missing_type(self, pointer: str, schema: Document) -> None:
        """Add the type ``object`` to a schema with ``properties``, and ``array`` to one with ``items``."""
        # Schemas in place apply to the same value. Below not and if a type would change what is refused; elsewhere the
        # type of the schema around them counts.
        for keyword in _IN_PLACE:
            if keyword in schema and (keyword in ("not", "if") or "type" in schema or id(schema) in self._typed):
                part = schema[keyword]
                self._typed |= {id(branch) for branch in (part if isinstance(part, list) else [part])}
        parts = _branches(schema, "allOf")
        if any(_says_type(part) for part in parts):
            self._typed |= {id(part) for part in parts}
        if id(schema) in self._typed or not schema.keys().isdisjoint(("type", "enum", "const", "$ref")):
            return
        if isinstance(schema.get("properties"), dict) and schema["properties"]:
            kind, keyword = "object", "properties"
        elif "items" in schema or "prefixItems" in schema:
            kind, keyword = "array", "items" if "items" in schema else "prefixItems"
        else:
            return
        if any(_says_type(branch) for key in ("allOf", "anyOf", "oneOf") for branch in _branches(schema, key)):
            return
        schema["type"] = kind
        self._guessed.append((pointer, schema, kind, keyword))
        for key in ("allOf", "anyOf", "oneOf", "then", "else"):
            self._typed |= {id(branch) for branch in _branches(schema, key)}

    def _nullable(self, pointer: str, schema: Document) -> None:
        """Rewrite ``nullable`` where OpenAPI gives it no effect: next to composition in 3.0, anywhere in 3.1."""
        composed = not schema.keys().isdisjoint(_COMPOSED)
        if self._is_old and not composed:
            return  # a keyword of 3.0
        where = pointer + "/nullable"
        if not self._is_old:
            schema.pop("nullable")
        if self._takes_null(schema, 0):
            return
        schema.pop("nullable", None)
        beside = next((key for key in _COMPOSED if key in schema), "")
        actual = f"'nullable' next to {beside!r}" if beside else "'nullable'"
        self._remark(
            "nullable", where, actual, f"null in the words of OpenAPI {self._version}", "null is taken there too"
        )
        if not composed:
            _with_null(schema)
            return
        assertions = {
            key: value for key, value in schema.items() if key not in _ANNOTATIONS and not key.startswith("x-")
        }
        if assertions.keys() == {"anyOf"} or (
            assertions.keys() == {"oneOf"}
            and not any(self._takes_null(branch, 0) for branch in _branches(schema, "oneOf"))
        ):
            (keyword,) = assertions
            schema[keyword] = [*_branches(schema, keyword), dict(self._null)]
            return
        for key in assertions:
            del schema[key]
        schema["anyOf"] = [assertions, dict(self._null)]
        self._moves.append((pointer, pointer + "/anyOf/0"))
        if id(schema) in self._typed:
            self._typed.add(id(assertions))

    def _beside_reference(self, pointer: str, schema: Document) -> None:
        """Rewrite ``readOnly`` and ``writeOnly`` next to a reference, where 3.0 ignores them."""
        said = [key for key in _DIRECTED if schema.get(key) is True]
        if said:
            schema["allOf"] = [{"$ref": schema.pop("$ref")}]
            where, actual = pointer + pointer_of(said[0]), f"{said[0]!r} next to '$ref'"
            expected = f"what OpenAPI {self._version} reads there"
            self._remark("beside-reference", where, actual, expected, "it is read as its author intended")

    def _takes_null(self, schema: JSON, depth: int) -> bool:
        """Tell whether a schema accepts null, as far as its references and branches are followed."""
        if not isinstance(schema, dict):
            return schema is not False
        if depth > _DEEPEST:
            return False
        for keyword in ("enum", "const"):
            if keyword in schema:
                values = schema[keyword] if keyword == "enum" else [schema[keyword]]
                if isinstance(values, list) and None not in values:
                    return False
        stated = schema.get("type")
        if isinstance(stated, list):
            if "null" not in stated:
                return False
        elif stated is not None and stated != "null" and schema.get("nullable") is not True:
            return False
        if depth and schema.get("nullable") is True:
            return True  # it will be rewritten to accept null
        below = depth + 1
        if isinstance(schema.get("$ref"), str) and not self._takes_null(
            resolved(self._document, {"$ref": schema["$ref"]}), below
        ):
            return False
        takes = {key: [self._takes_null(branch, below) for branch in _branches(schema, key)] for key in _COMPOSED[1:]}
        return (
            all(takes["allOf"])
            and (not takes["anyOf"] or any(takes["anyOf"]))
            and (not takes["oneOf"] or takes["oneOf"].count(True) == 1)
        )

    def examples(self, pointer: str, node: Document) -> None:
        """Rewrite ``example`` next to ``examples`` as the first of them, and a list of examples as a map."""
        listed = node.get("examples")
        if isinstance(listed, list):
            node["examples"] = {str(number): {"value": value} for number, value in enumerate(listed, 1)}
            where, done = pointer + "/examples", "they are named by their numbers"
            self._remark("example", where, "a list of examples", "a map of them by name", done)
        named = node.get("examples")
        if "example" not in node or not isinstance(named, dict):
            return
        example = node.pop("example")
        actual, expected = "'example' next to 'examples'", "one of them"
        if any(isinstance(entry, dict) and "value" in entry and entry["value"] == example for entry in named.values()):
            self._remark("example", pointer + "/example", actual, expected, "it is one of them already")
            return
        # A name that is free, so that no other example is replaced.
        name = "example"
        while name in named:
            name += "_"
        node["examples"] = {name: {"value": example}, **named}
        self._remark("example", pointer + "/example", actual, expected, f"it is the first of them, called {name!r}")


def _used(links: list[tuple[str, str]]) -> set[str]:
    """Return the pointers that references in the paths lead to, directly or through other references."""
    within: dict[str, list[tuple[str, str]]] = {}
    for pointer, reference in links:
        within.setdefault(_component(pointer), []).append((pointer, unquote(reference.lstrip("#"))))
    used: set[str] = set()
    waiting = [place for pointer, place in within.get("", []) if pointer.startswith("/paths/")]
    while waiting:
        place = waiting.pop()
        if place not in used:
            used.add(place)
            linked = within.get(_component(place), [])
            waiting += [there for pointer, there in linked if (pointer + "/").startswith(place + "/")]
    return used


def _component(pointer: str) -> str:
    """Return the pointer of the component that a pointer leads into; empty where it leads into none."""
    parts = pointer.split("/", 4)
    return "/".join(parts[:4]) if parts[1:2] == ["components"] else ""


def _branches(schema: Document, keyword: str) -> list[JSON]:
    """Return the schemas under a keyword; empty where there are none."""
    part = schema.get(keyword)
    return part if isinstance(part, list) else [part] if isinstance(part, dict) else []


def _says_type(branch: JSON) -> bool:
    """Tell whether a branch, or what it refers to, gives the type of a value."""
    return isinstance(branch, dict) and not branch.keys().isdisjoint(("type", "enum", "const", *_COMPOSED))


def _with_null(schema: Document) -> None:
    """Make a schema of 3.1 without composition accept null too."""
    stated = schema.get("type")
    if isinstance(stated, str):
        schema["type"] = [stated, "null"]
    elif isinstance(stated, list) and "null" not in stated:
        schema["type"] = [*stated, "null"]
    if "const" in schema:
        schema["enum"] = [schema.pop("const"), None]
    elif isinstance(schema.get("enum"), list):
        values = cast("list[JSON]", schema["enum"])
        schema["enum"] = values if None in values else [*values, None]


def _as_3_0(schema: Document) -> list[str]:
    """Rewrite keywords of 3.1 in a schema of 3.0; return the keywords that were rewritten."""
    said = []
    types = schema.get("type")
    if isinstance(types, list):
        said.append("type")
        _one_type(schema, types)
    if "const" in schema:
        said.append("const")
        schema.setdefault("enum", [schema.pop("const")])
    for exclusive, inclusive in _BOUNDS:
        bound = schema.get(exclusive)
        if isinstance(bound, (int, float)) and not isinstance(bound, bool):
            said.append(exclusive)
            # In 3.0 exclusiveMinimum is a boolean next to minimum.
            schema[inclusive], schema[exclusive] = bound, True
    examples = schema.get("examples")
    if isinstance(examples, list):
        said.append("examples")
        schema.pop("examples")
        if examples:
            schema.setdefault("example", examples[0])
    # 3.0 requires items in an array.
    if schema.get("type") == "array" and "items" not in schema and "$ref" not in schema:
        said.append("type")
        schema["items"] = {}
    return said


def _one_type(schema: Document, types: list[JSON]) -> None:
    """Rewrite a list of types: 3.0 has one type in a schema, and null as ``nullable``."""
    plain = [name for name in types if name != "null"]
    schema.pop("type")
    if len(plain) == 1:
        schema["type"] = plain[0]
        if len(types) > 1:
            schema["nullable"] = True
    elif plain:
        branches: list[JSON] = [{"type": name, **({"items": {}} if name == "array" else {})} for name in plain]
        branches += [{"enum": [None]}] if len(plain) < len(types) else []
        if "anyOf" in schema:
            schema["allOf"] = [*_branches(schema, "allOf"), {"anyOf": branches}]
        else:
            schema["anyOf"] = branches


def _as_3_1(schema: Document) -> list[str]:
    """Rewrite keywords of 3.0 in a schema of 3.1; return the keywords that were rewritten."""
    said = []
    for exclusive, inclusive in _BOUNDS:
        if isinstance(schema.get(exclusive), bool):
            said.append(exclusive)
            if schema.pop(exclusive) is True and isinstance(schema.get(inclusive), (int, float)):
                schema[exclusive] = schema.pop(inclusive)
    return said
