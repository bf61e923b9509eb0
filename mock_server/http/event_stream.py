"""Server-sent events, parsed as a browser parses them (HTML, 9.2.6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mock_server.core.value_class import value_class

_LINE_END = re.compile(r"\r\n|\n|\r")
FIELDS = ("event", "id", "retry", "data")
"""The fields that an event may have, in the order in which they are written."""


@value_class
class ServerSentEvent:
    """One event. ``event`` is its type, ``retry`` in milliseconds; None where the field is not there."""

    data: str
    event: str | None = None
    id: str | None = None
    retry: int | None = None


def events_of(text: str) -> Iterator[ServerSentEvent]:
    """Yield the events of a stream, each at its blank line, the last one also without a blank line.

    Comments and fields of other names are skipped, and so is an event without data, which no browser dispatches.
    """
    data: list[str] = []
    fields: dict[str, str] = {}
    for line in (*_LINE_END.split(text.removeprefix("\ufeff")), ""):
        if not line:
            if data:
                retry = fields.get("retry", "")
                number = int(retry) if retry.isascii() and retry.isdigit() and len(retry) < 16 else None
                yield ServerSentEvent("\n".join(data), fields.get("event"), fields.get("id"), number)
            data, fields = [], {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name in FIELDS:
            fields[name] = value
