"""Readers of bodies for validation, where openapi-core's own readers are wrong or missing.

Its reader of JSON accepts what RFC 8259 does not have (NaN, bytes that are not UTF-8) or raises for it, and it passes
texts of types that it does not know as bytes, which no ``type: string`` accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mock_server.core.json_text import read_json
from mock_server.core.types import JSON

Reader = Callable[..., Any]
ALLOW_EMPTY = "x-allow-empty-value"
"""The key of an Encoding Object for ``allowEmptyValue`` of OpenAPI 2.0 (4.3.5), which 3.x has for queries alone."""


def read_text(body: bytes, charset: str = "utf-8", **parameters: str) -> str:
    """Return the text of a body; bytes that are not text in this charset become one character each (Latin-1)."""
    try:
        return body.decode(charset)
    except (UnicodeError, LookupError):
        return body.decode("latin-1")


class AnswerReaders(dict[str, Reader]):
    """A reader for every media type: for an answer, openapi-core gets the JSON text of its value."""

    def __contains__(self, media_type: object) -> bool:
        return True

    def __missing__(self, media_type: str) -> Reader:
        return read_json


def for_openapi_core(node: JSON, read: Callable[[JSON], JSON] | None = None) -> JSON:
    """Return a document that openapi-core can validate by: ``schema: true`` and ``false`` become objects.

    ``read`` is applied to the schemas outside the components. Parts that do not change are not copied: copies of a
    large contract take 60 MB.
    """
    if isinstance(node, list):
        items = [for_openapi_core(item, read) for item in node]
        return items if any(new is not old for new, old in zip(items, node, strict=True)) else node
    if not isinstance(node, dict):
        return node
    validated: dict[str, JSON] = {}
    for key, child in node.items():
        if key in ("schema", "itemSchema"):
            child = child if read is None else read(child)
            child = ({} if child else {"not": {}}) if isinstance(child, bool) else child
        validated[key] = for_openapi_core(child, read)
    return validated if any(validated[key] is not node[key] for key in node) else node
