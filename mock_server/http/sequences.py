"""Describe bodies that are one item after the other: how a media type separates them, and which schema each has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import essence_of

EVENTS = "text/event-stream"
"""Server-sent events (HTML, 9.2.5)."""

JSON_SEQUENCE = "application/json-seq"
"""JSON text sequences (RFC 7464)."""

JSON_LINES = "application/jsonl"
"""JSON Lines: a JSON text on each line."""

PARTS = "multipart/mixed"
"""A body of several parts (RFC 2046, 5.1)."""

_LINES = frozenset(
    {
        JSON_LINES,
        "application/ndjson",
        "application/x-ndjson",
        "application/x-jsonl",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/json-lines",
        "application/x-json-stream",
        "application/json-stream",
        "text/jsonl",
        "text/ndjson",
        "text/x-ndjson",
    }
)
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


@value_class
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
