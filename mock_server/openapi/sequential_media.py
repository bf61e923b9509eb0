"""Bodies of many items, one after the other, and the schemas of the items.

OpenAPI 3.2 ("Sequential Media Types", "Encoding Object") describes each item by ``itemSchema``, or all of them by a
``schema`` of a list. Before 3.2 there was only ``schema``, and authors mean by it what they need: the list, or one
item.
"""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.types import JSON
from mock_server.http.sequences import PARTS, Sequence, form_of
from mock_server.openapi.coercion import Resolve, TypeHints


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
    shape = TypeHints([schema], resolve)
    least, most = _whole(shape.keyword("minItems")) or 0, _whole(shape.keyword("maxItems"))
    if rest is False:
        most = len(prefix) if most is None else min(most, len(prefix))
    return Sequence(form, prefix, rest, least, most, True, schema, encodings)


def _listed(schema: JSON, resolve: Resolve) -> tuple[tuple[JSON, ...], JSON] | None:
    """Return the schemas of the first items of a list, and of all others; None where the value may be no list."""
    if not isinstance(schema, dict):
        return None
    shape = TypeHints([schema], resolve)
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
