"""Bodies of many items, one after the other, and the schemas of the items.

OpenAPI 3.2 ("Sequential Media Types", "Encoding Object") describes each item by ``itemSchema``, or all of them by a
``schema`` of a list. Before 3.2 there was only ``schema``, and authors mean by it what they need: the list, or one
item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mock_server.contract.coercion import Resolve, Shape
from mock_server.contract.media import essence_of
from mock_server.exchange import JSON

EVENTS = "text/event-stream"
"""Server-sent events (HTML, 9.2.5)."""
JSON_SEQUENCE = "application/json-seq"
"""JSON text sequences (RFC 7464)."""
JSON_LINES = "application/jsonl"
"""JSON Lines: a JSON text on each line."""
PARTS = "multipart/mixed"
"""A body of several parts (RFC 2046, 5.1)."""
_LINES = frozenset({
    JSON_LINES, "application/ndjson", "application/x-ndjson", "application/x-jsonl", "application/jsonlines",
    "application/x-jsonlines", "application/json-lines", "application/x-json-stream", "application/json-stream",
    "text/jsonl", "text/ndjson", "text/x-ndjson",
})  # fmt: skip
"""The media types in use for JSON Lines; none of them is registered."""


def form_of(media_type: str) -> str:
    """Return how a media type writes its items: one of the constants above; empty where it is not a sequence.

    Suffixes count (``application/geo+json-seq``, RFC 8091). The parts of ``multipart/form-data`` have names, so it is
    not a sequence.
    """
    essence = essence_of(media_type)
    if essence in (EVENTS, JSON_SEQUENCE):
        return essence
    if essence in _LINES or essence.endswith(("+jsonl", "+ndjson")):
        return JSON_LINES
    if essence.endswith("+json-seq"):
        return JSON_SEQUENCE
    return PARTS if essence.startswith("multipart/") and essence != "multipart/form-data" else ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """The items of a body. ``prefix`` are the schemas of the first ones, ``rest`` is that of all others.

    A body has from ``least`` to ``most`` items (None: no bound). ``is_listed`` tells whether the contract's ``schema``
    is that of the list; ``whole`` is a schema of the list in any case. ``encodings`` are the Encoding Objects of parts
    by position, and that of all others last.
    """

    form: str
    prefix: tuple[JSON, ...] = ()
    rest: JSON = True
    least: int = 0
    most: int | None = None
    is_listed: bool = False
    whole: JSON = True
    encodings: tuple[Mapping[str, JSON], ...] = field(default=({},), repr=False)

    def schema(self, index: int) -> JSON:
        """Return the schema of the item at an index."""
        return self.prefix[index] if index < len(self.prefix) else self.rest

    def encoding(self, index: int) -> Mapping[str, JSON]:
        """Return the Encoding Object of the part at an index."""
        return self.encodings[min(index, len(self.encodings) - 1)]


def sequence_of(name: str, node: Mapping[str, JSON], resolve: Resolve) -> Sequence | None:
    """Return the sequence that a Media Type Object describes; None where its body is one value.

    A multipart body is a sequence where its parts go by position: with ``itemSchema``, ``prefixEncoding``,
    ``itemEncoding``, or with the schema of a list.
    """
    form = form_of(name)
    schema, item = node.get("schema"), node.get("itemSchema")
    listed = _listed(schema, resolve)
    if form == PARTS and listed is None and not node.keys() & {"itemSchema", "prefixEncoding", "itemEncoding"}:
        return None
    if not form:
        return None
    encodings = _encodings(node)
    if listed is None:
        element: JSON = item if item is not None else True if schema is None else schema
        whole: JSON = {"type": "array", "items": element, "minItems": 1}
        return Sequence(form, (), element, 0, None, False, whole, encodings)
    prefix, rest = listed
    if item is not None:
        prefix, rest = tuple(_both(item, part) for part in prefix), _both(item, rest)
    shape = Shape([schema], resolve)
    least, most = _whole(shape.keyword("minItems")) or 0, _whole(shape.keyword("maxItems"))
    if rest is False:
        most = len(prefix) if most is None else min(most, len(prefix))
    return Sequence(form, prefix, rest, least, most, True, schema, encodings)


def _listed(schema: JSON, resolve: Resolve) -> tuple[tuple[JSON, ...], JSON] | None:
    """Return the schemas of the first items of a list, and of all others; None where the value may be no list."""
    if not isinstance(schema, dict):
        return None
    shape = Shape([schema], resolve)
    if not shape.is_array or shape.is_object or shape.types - {"array", "null"}:
        return None
    prefix, rest = shape.keyword("prefixItems"), shape.keyword("items")
    return tuple(prefix) if isinstance(prefix, list) else (), True if rest is None else rest


def _both(schema: JSON, other: JSON) -> JSON:
    return schema if other is True else other if other is False else {"allOf": [schema, other]}


def _whole(number: JSON) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def _encodings(node: Mapping[str, JSON]) -> tuple[Mapping[str, JSON], ...]:
    prefix, rest = node.get("prefixEncoding"), node.get("itemEncoding")
    listed = [encoding if isinstance(encoding, dict) else {} for encoding in prefix] if isinstance(prefix, list) else []
    return (*listed, rest if isinstance(rest, dict) else {})
