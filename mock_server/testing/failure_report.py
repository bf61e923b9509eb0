"""What the report of a failing test says of its world: the journal, messages with reasons, and near misses as diffs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.errors import MockServerError
from mock_server.core.text import cut
from mock_server.testing.recorded_request import RecordedRequest, recorded
from mock_server.testing.request_difference import findings_diff, near_miss_diff
from mock_server.testing.verification_error import VerificationError
from mock_server.testing.world import World

_ROWS = 20
"""Most entries of the journal, the last ones."""
_WHOLE = 3
"""Most requests that are shown with their answers."""
_LINES = 12
"""Most header lines of a message, and most lines of a body."""
_USUAL = frozenset({"host", "accept-encoding", "connection", "content-length", "user-agent", "date", "server"})
"""Headers that say nothing of why a test fails."""


def sections_of(world: World, error: BaseException | None) -> list[tuple[str, str]]:
    """Return the sections of the report, each a title and a text; ``error`` is what the test failed with."""
    try:
        requests = world.requests
    except MockServerError as trouble:
        return [(f"journal of {world.url}", f"not to be had: {trouble}")]
    sections = [(f"journal of {world.url}", _journal(requests))]
    whole = [request for request in requests if request.status >= 400 or request.findings or request is requests[-1]]
    if whole:
        texts = ["\n".join(_messages(request)) for request in whole[-_WHOLE:]]
        sections.append(("last answer and last refusals", "\n\n".join(texts)))
    if isinstance(error, VerificationError) and error.near_misses:
        sections.append(("what was expected and what came nearest", _near_misses(error, requests)))
    return sections


def _journal(requests: Sequence[RecordedRequest]) -> str:
    if not requests:
        return "no request came"
    rows = [
        (str(request.status or "-"), request.method, cut(request.path), request.operation, cut(request.why))
        for request in requests[-_ROWS:]
    ]
    left_out = [f"({len(requests) - _ROWS} before)"] * (len(requests) > _ROWS)
    return "\n".join([*left_out, *_table([("STATUS", "METHOD", "PATH", "OPERATION", "WHY"), *rows])])


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _messages(request: RecordedRequest) -> list[str]:
    """Return a request and its answer, line by line, and what was wrong with the request as a diff."""
    sent, answered = _message(request.headers, request.body), _message(request.answer_headers, request.answer_body)
    status = f"{request.status}{f' ({request.reason})' if request.reason else ''}" if request.status else "no answer"
    lines = [f"{request.method} {cut(request.url)}", *sent, status, *answered]
    marks = [">"] * (1 + len(sent)) + ["<"] * (1 + len(answered))
    shown = [f"{mark} {line}".rstrip() for mark, line in zip(marks, lines, strict=True)]
    diff = findings_diff(request.findings)
    return [*shown, *(["--- expected", "+++ sent", *diff] if diff else [])]


def _message(headers: Mapping[str, str], body: bytes) -> list[str]:
    fields = [cut(f"{name}: {value}") for name, value in headers.items() if name not in _USUAL]
    text = body[: 8 * 1024].decode("utf-8", "replace").splitlines()
    lines = [cut(line) for line in text[:_LINES]]
    more = [f"({len(body)} bytes)"] * (len(text) > _LINES or len(body) > 8 * 1024)
    return [*fields[:_LINES], *([""] if lines else []), *lines, *more]


def _near_misses(error: VerificationError, requests: Sequence[RecordedRequest]) -> str:
    known = {request.id: request for request in requests}
    diffs = []
    for miss in error.near_misses:
        request = known.get(str(miss["request"].get("id")), recorded(miss["request"]))
        diffs.append("\n".join(near_miss_diff(error.pattern, miss, request)))
    return "\n\n".join(diffs)
