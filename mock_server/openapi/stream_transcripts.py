"""Streams that a contract shows as text: samples of real streams in extensions and descriptions.

OpenAPI cannot describe the events of one stream, their order and their end; documentation generators put a sample next
to the operation instead (``x-...``, or a fenced block of a description).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.event_stream import events_of
from mock_server.http.sequences import EVENTS

_DEEPEST = 8
_MOST_TEXTS = 400
_LONGEST = 256 * 1024
"""Most characters of a text that is examined."""
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^(?:data|event):", re.MULTILINE)
_SENTINEL = re.compile(r"\bdata:\s?(\[[A-Z][A-Z_]*\])")
_STATED = ("x-speakeasy-sse-sentinel", "x-sse-sentinel")
"""Extensions of a Media Type Object that have the data of the last event."""
_DECODER = json.JSONDecoder()


@value_class
class TranscriptItem:
    """One item of a stream in a sample: the type of an event (None: not given), and its value."""

    event: str | None
    value: JSON


@value_class
class Transcript:
    """The items of a stream that a contract shows, and the bytes of the event that ends it; empty for none.

    ``is_named`` tells whether events have names; None where the text shows no events.
    """

    items: tuple[TranscriptItem, ...] = ()
    end: bytes = b""
    is_named: bool | None = None


def transcript_of(text: str, form: str) -> Transcript:
    """Return the stream that a text shows: events, or JSON texts one after the other; empty where it shows neither."""
    events = [*events_of(text)] if form == EVENTS and _FIELD.search(text) else []
    if not events:
        values = [*_values(text)]
        return Transcript(tuple(TranscriptItem(None, value) for value in values) if len(values) > 1 else ())
    items: list[TranscriptItem] = []
    end = b""
    for position, event in enumerate(events):
        try:
            items.append(TranscriptItem(event.event, json.loads(event.data)))
        except (ValueError, RecursionError):
            # Such as [DONE]: it ends the stream and is not an item.
            if position == len(events) - 1 and _SENTINEL.fullmatch(f"data: {event.data}"):
                named = f"event: {event.event}\n" if event.event else ""
                end = f"{named}data: {event.data}\n\n".encode()
            else:
                items.append(TranscriptItem(event.event, event.data))
    return Transcript(tuple(items), end, any(event.event is not None for event in events))


def _values(text: str) -> Iterator[JSON]:
    """Yield the JSON objects of a text that begin at the start of a line; what is between them is skipped."""
    position = 0
    while position < len(text):
        if text[position] == "{":
            try:
                value, position = _DECODER.raw_decode(text, position)
            except (ValueError, RecursionError):
                pass
            else:
                yield value
        position = text.find("\n", position) + 1 or len(text)


def texts_of(operation: JSON, response: JSON, media: JSON, item: JSON) -> Iterator[str]:
    """Yield the texts that may show a stream, the nearest to it first.

    They are the extensions, and the fenced blocks of the descriptions, of a Media Type Object, of its response, its
    operation, and the schema of an item.
    """
    count = 0
    for node in (media, response, operation, item):
        members = mapping_at({"": node}, "")
        described = members.get("description")
        blocks = _FENCE.findall(described[:_LONGEST]) if isinstance(described, str) else []
        extensions = (value for name, value in members.items() if name.startswith("x-"))
        for text in (*blocks, *(sample for value in extensions for sample in _strings(value, 0))):
            if count >= _MOST_TEXTS:
                return
            count += 1
            if len(text) <= _LONGEST:
                yield text


def _strings(value: JSON, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth < _DEEPEST:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for child in children:
            yield from _strings(child, depth + 1)


def sentinel_of(media: Mapping[str, JSON], operation: JSON, resolve: Callable[[JSON], JSON]) -> bytes:
    """Return the event that ends a stream, as the contract names it; empty where it does not.

    An extension of the media type gives it directly (``x-speakeasy-sse-sentinel``, ``terminator`` of
    ``x-fern-streaming``). Else it is found in the description of the operation, or of the members of its request that
    are about streams: ``data: [DONE]``.
    """
    members = mapping_at({"": operation}, "")
    streaming = mapping_at(members, "x-fern-streaming")
    stated = next((media[name] for name in _STATED if name in media), streaming.get("terminator"))
    if isinstance(stated, str) and stated:
        return f"data: {stated}\n\n".encode()
    texts = [members.get("description"), *(_descriptions(members.get("requestBody"), resolve))]
    for text in texts:
        match = _SENTINEL.search(text) if isinstance(text, str) else None
        if match is not None:
            return f"data: {match[1]}\n\n".encode()
    return b""


def _descriptions(body: JSON, resolve: Callable[[JSON], JSON]) -> Iterator[str]:
    """Yield the descriptions of the members of a request whose names begin with ``stream``, and of all below them."""
    described = mapping_at({"": resolve(body)}, "") if body is not None else {}
    for media in mapping_at(described, "content").values():
        for name, member in _members(mapping_at({"": media}, "").get("schema"), resolve, 0):
            if name.startswith("stream"):
                yield from _described(member, resolve, 0)


def _members(schema: JSON, resolve: Callable[[JSON], JSON], depth: int) -> Iterator[tuple[str, JSON]]:
    node = mapping_at({"": resolve(schema)}, "")
    yield from mapping_at(node, "properties").items()
    for key in ("allOf", "oneOf", "anyOf"):
        listed = node.get(key)
        for branch in listed if isinstance(listed, list) and depth < _DEEPEST else ():
            yield from _members(branch, resolve, depth + 1)


def _described(schema: JSON, resolve: Callable[[JSON], JSON], depth: int) -> Iterator[str]:
    node = mapping_at({"": resolve(schema)}, "")
    for text in (mapping_at({"": schema}, "").get("description"), node.get("description")):
        if isinstance(text, str):
            yield text
    listed = [branch for key in ("allOf", "oneOf", "anyOf") for branch in _listed(node.get(key))]
    for child in (*listed, *mapping_at(node, "properties").values()) if depth < _DEEPEST else ():
        yield from _described(child, resolve, depth + 1)


def _listed(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []
