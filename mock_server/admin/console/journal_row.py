"""An entry of a journal as a row of a table: what was asked, what came of it, and why."""

from __future__ import annotations

import json

from mock_server.admin.console.templates import clock_text, moment_text, short
from mock_server.core.value_class import value_class
from mock_server.http.media_types import is_json
from mock_server.http.messages import ResponseSource
from mock_server.http.refusal_phrase import refusal_phrase
from mock_server.worlds.journal import Entry
from mock_server.worlds.redaction import Redaction
from mock_server.worlds.world import World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_LONGEST_PROBLEM = 16 * 1024
"""Bytes of an answer that is read for the detail of a problem."""
_ON_ONE_LINE = json.JSONEncoder(separators=(",", ":"))


@value_class
class JournalRow:
    """A row: texts that are short, as they may be shown. ``took`` is in milliseconds."""

    id: str
    time: str
    moment: str
    method: str
    methodClass: str  # noqa: N815 - a member of JSON, which the script reads
    path: str
    operation: str
    status: int
    took: str
    why: str

    def text(self) -> str:
        """Return the row as JSON on one line."""
        return _ON_ONE_LINE.encode({name: getattr(self, name) for name in self.__match_args__})


def journal_row(entry: Entry, world: World, redaction: Redaction) -> JournalRow:
    """Return the row of an entry."""
    request, operation = entry.request, entry.operation
    query = redaction.query(request.query)
    return JournalRow(
        id=str(world.journal.id_of(entry.number)),
        time=clock_text(entry.started),
        moment=moment_text(entry.started),
        method=short(request.method, 16),
        methodClass=f"m-{request.method.lower()}" if request.method in METHODS else "m-other",
        path=short((request.raw_path or request.path) + (f"?{query}" if query else "")),
        operation=short(operation.operation_id or operation.key, 60) if operation is not None else "",
        status=entry.answer.status,
        took=f"{entry.elapsed * 1000:.1f}",
        why=short(why_of(entry, redaction)),
    )


def why_of(entry: Entry, redaction: Redaction) -> str:
    """Return why an answer is what it is: the first finding, what a problem document says, or the source."""
    findings, answer = entry.findings, entry.answer
    reason = answer.reason
    if findings:
        first = findings[0]
        text = f"{first.location} {first.pointer}".strip() + f": {first.found}; expected {first.expected}"
        more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
        return redaction.text(text, entry.request) + more
    if answer.status >= 400 and (answer.scenario or answer.source in (ResponseSource.PROBLEM, ResponseSource.FAILURE)):
        detail = _detail(answer.body, answer.header("content-type") or "")
        detail = detail or refusal_phrase(answer.status, answer.header("retry-after"))
        return f"{reason}: {redaction.text(detail, entry.request)}" if detail else reason
    return reason


def _detail(body: bytes, content_type: str) -> str:
    """Return what an answer says in words: ``detail``, ``message`` or ``error``; empty where it has none of these."""
    if len(body) > _LONGEST_PROBLEM or not is_json(content_type):
        return ""
    try:
        document = json.loads(body)
    except ValueError:
        return ""
    members = (document.get(name) for name in ("detail", "message", "error")) if isinstance(document, dict) else ()
    return next((text for text in members if isinstance(text, str) and text), "")
