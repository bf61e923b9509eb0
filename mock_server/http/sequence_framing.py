"""Items to bytes: how each item is written in a body that is a sequence, and how such a body ends."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mock_server.core.compact_json import json_bytes
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.event_stream import FIELDS
from mock_server.http.media_types import essence_of
from mock_server.http.sequences import EVENTS, JSON_SEQUENCE, PARTS, Sequence

BOUNDARY = "mock-server-5f1c0e7a9d"
"""The boundary between parts: always the same, since equal requests get equal answers."""
GARBLES = ("truncate", "invalid_json")
"""The ways to spoil the text of one item: half of it, or text after the JSON."""
_LINE_END = re.compile(r"\r\n|\n|\r")


def json_text(value: JSON) -> str:
    """Return a value as a JSON text that can be written in UTF-8."""
    return json_bytes(value).decode("utf-8", "replace")


@value_class
class Framing:
    """Writes the items of a sequence. ``named_by`` is the member that names an event; ``end`` follows the last item."""

    sequence: Sequence
    named_by: str = ""
    end: bytes = b""

    def content_type(self, media_type: str) -> str:
        """Return the Content-Type for a documented media type: for multipart, with the boundary."""
        is_parts = self.sequence.form == PARTS
        return f"{essence_of(media_type)}; boundary={BOUNDARY}" if is_parts else media_type

    def frame(self, index: int, item: JSON, garble: str = "") -> bytes:
        """Return the bytes of an item. ``garble`` is one of :data:`GARBLES`, or empty."""
        if self.sequence.form == EVENTS:
            return self._event(item, garble)
        if self.sequence.form == PARTS:
            return _part(item, self.sequence.encoding(index), garble)
        mark = "\x1e" if self.sequence.form == JSON_SEQUENCE else ""
        return f"{mark}{_garbled(json_text(item), garble)}\n".encode("utf-8", "replace")

    def last(self) -> bytes:
        """Return what ends the body: the contract's last event, or the closing boundary. Empty where there is none."""
        return f"--{BOUNDARY}--\r\n".encode() if self.sequence.form == PARTS else self.end

    def _event(self, item: JSON, garble: str) -> bytes:
        """Return an event (HTML, 9.2.5): an object of its fields is written as them, anything else is the data."""
        fields: Mapping[str, JSON] = {"data": item}
        if isinstance(item, dict):
            if "data" in item and ("event" in item or item.keys() <= {*FIELDS}):
                fields = item
            elif isinstance(item.get(self.named_by), str):
                fields = {"event": item[self.named_by], "data": item}
        lines: list[str] = []
        for name in FIELDS:
            value = fields.get(name)
            if name == "data" and name in fields:
                text = _garbled(value if isinstance(value, str) else json_text(value), garble)
                lines += [f"data: {line}" for line in _LINE_END.split(text)]
            elif value is not None:
                lines.append(f"{name}: {_LINE_END.sub(' ', value if isinstance(value, str) else json_text(value))}")
        return ("\n".join(lines) + "\n\n").encode("utf-8", "replace")


def _part(item: JSON, encoding: Mapping[str, JSON], garble: str) -> bytes:
    """Return a part by position (RFC 2046, 5.1.1), with the type that the contract gives it or that its value has."""
    stated = str(encoding.get("contentType", "")).partition(",")[0].strip()
    usual = "text/plain; charset=utf-8" if isinstance(item, str) else "application/json"
    media_type = stated if stated and "*" not in stated else usual
    is_text = isinstance(item, str) and not essence_of(media_type).endswith(("/json", "+json"))
    text = _garbled(str(item) if is_text else json_text(item), garble)
    return f"--{BOUNDARY}\r\nContent-Type: {media_type}\r\n\r\n{text}\r\n".encode("utf-8", "replace")


def _garbled(text: str, garble: str) -> str:
    if garble == "truncate":
        return text[: len(text) // 2]
    return f"{text},]}}" if garble == "invalid_json" else text
