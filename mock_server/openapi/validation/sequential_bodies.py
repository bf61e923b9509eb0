"""Request bodies that are sequences: from bytes to the list of the items.

Each item is read by itself, so that an error names the index of its item.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from mock_server.core.json_text import read_json
from mock_server.core.types import JSON
from mock_server.http.event_stream import ServerSentEvent, events_of
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.sequences import EVENTS, JSON_SEQUENCE, PARTS, Sequence
from mock_server.openapi.coercion import Resolve, TypeHints
from mock_server.openapi.media_types import read_text

if TYPE_CHECKING:
    from email.message import EmailMessage

MOST_PARTS = 10_000
"""Most parts of a body that are read; a body of 16 MB could have a million."""
_SEPARATOR = "\x1e"
_TRUNCATED = re.compile(r"(?:[-+.\w])\Z")
"""The end of a number or a literal that nothing follows, and that may be half of one (RFC 7464, 2.4)."""


class ItemError(ValueError):
    """Raised for an item that cannot be read. ``index`` is that of the item; the message says what was found."""

    def __init__(self, index: int | None, actual: str, expected: str) -> None:
        self.pointer = "" if index is None else f"/{index}"
        self.expected = expected
        super().__init__(actual)


class ItemReader:
    """Reads the items of request bodies of one media type."""

    def __init__(self, sequence: Sequence, resolve: Resolve) -> None:
        self.sequence = sequence
        self._shapes = [TypeHints([schema], resolve) for schema in (*sequence.prefix, sequence.rest)]

    @property
    def is_opaque(self) -> bool:
        """Whether the contract accepts any text as the whole body: ``type: string`` next to JSON Lines."""
        shape = self._shapes[-1]
        return not self.sequence.is_listed and shape.types == {"string"} and self.sequence.form not in (EVENTS, PARTS)

    def items(self, body: bytes, parameters: Mapping[str, str]) -> Iterator[JSON]:
        """Yield the value of each item. Raises :class:`ItemError` where one cannot be read."""
        if self.sequence.form == PARTS:
            yield from self._parts(body, parameters.get("boundary", ""))
            return
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise ItemError(None, f"byte {problem.start} is no UTF-8", "a text in UTF-8") from None
        if self.sequence.form == EVENTS:
            yield from (self._event(index, event) for index, event in enumerate(events_of(text)))
        else:
            texts = _records(text) if self.sequence.form == JSON_SEQUENCE else _lines(text)
            yield from (_json(index, record) for index, record in enumerate(texts))

    def _shape(self, index: int) -> TypeHints:
        return self._shapes[min(index, len(self._shapes) - 1)]

    def _event(self, index: int, event: ServerSentEvent) -> JSON:
        """Return the value of an event: an object of its fields where the schema has ``data``, else the data alone."""
        shape = self._shape(index)
        if "data" not in shape.names:
            return _data(index, event.data, shape)
        fields: dict[str, JSON] = {"event": event.event, "id": event.id, "retry": event.retry}
        members = {name: value for name, value in fields.items() if value is not None}
        return {**members, "data": _data(index, event.data, shape.member("data"))}

    def _parts(self, body: bytes, boundary: str) -> Iterator[JSON]:
        for index, part in enumerate(_split(body, boundary)):
            data = cast("bytes", part.get_payload(decode=True) or b"")
            stated = str(self.sequence.encoding(index).get("contentType", "")).partition(",")[0]
            sent = str(part.get("content-type", "")) or stated
            shape = self._shape(index)
            if is_json(essence_of(sent)) or (not sent and not shape.is_scalar):
                yield _json(index, data.decode("utf-8", "replace"))
            elif sent and not sent.lower().startswith("text/"):
                yield data.decode("latin-1")
            else:
                yield shape.value(read_text(data, part.get_content_charset("utf-8")))


def _json(index: int, text: str) -> JSON:
    try:
        return cast("JSON", read_json(text))
    except ValueError as problem:
        raise ItemError(index, str(problem), "JSON (RFC 8259)") from None


def _data(index: int, text: str, shape: TypeHints) -> JSON:
    if shape.types == {"string"}:
        return text
    try:
        return _json(index, text)
    except ItemError:
        if shape.is_scalar and (not shape.types or "string" in shape.types):
            return text
        raise


def _lines(text: str) -> Iterator[str]:
    """Return the lines of JSON Lines; blank ones are skipped, as most readers do."""
    return (line for line in text.split("\n") if line.strip())


def _records(text: str) -> Iterator[str]:
    """Yield the texts of a JSON text sequence (RFC 7464, 2.1): each follows one or more record separators.

    Raises :class:`ItemError` for a text before the first separator, and for one that may have been cut off.
    """
    before, *records = text.split(_SEPARATOR)
    if before.strip():
        raise ItemError(None, "a text before the first record separator", "U+001E before each JSON text (RFC 7464)")
    for index, record in enumerate(part for part in records if part):
        if _TRUNCATED.search(record):
            actual = "a number or a literal that may have been cut off"
            raise ItemError(index, actual, "a line feed after it (RFC 7464, 2.4)")
        yield record


def _split(body: bytes, boundary: str) -> Iterable[EmailMessage]:
    """Return the parts of a multipart body (RFC 2046, 5.1), by the standard library; raises :class:`ItemError`."""
    # The first answers do not wait for it.
    from email.errors import CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect
    from email.parser import BytesParser
    from email.policy import HTTP

    expected = "a multipart body (RFC 2046, 5.1)"
    if not boundary:
        raise ItemError(None, "a Content-Type without a boundary", expected)
    if body.count(b"--" + boundary.encode("latin-1", "replace")) > MOST_PARTS + 1:
        raise ItemError(None, f"more than {MOST_PARTS:,} parts", "fewer")
    quoted = re.sub(r'(["\\])', r"\\\1", boundary)
    head = f'Content-Type: multipart/mixed; boundary="{quoted}"\r\n\r\n'.encode("latin-1", "replace")
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    wrong = (StartBoundaryNotFoundDefect, CloseBoundaryNotFoundDefect)
    if not message.is_multipart() or any(isinstance(defect, wrong) for defect in message.defects):
        raise ItemError(None, "something without the boundary, or that is cut off", expected)
    return cast("Iterable[EmailMessage]", message.get_payload())
