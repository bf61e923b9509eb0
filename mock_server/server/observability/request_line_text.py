"""The text of a request's line: method, path, status, milliseconds, and why where it was refused or a scenario ran."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from mock_server.core.terminal import escaped, fitted
from mock_server.worlds.journal import LoggedExchange
from mock_server.worlds.redaction import Redaction

_METHOD = 7
"""Columns of a method; longer ones, which HTTP does not know, push the rest aside."""
_PATH = 48
"""Columns of a path where there is room for a reason beside it; the rest of a line keeps its place."""
_SHORTEST_PATH = 20
"""Columns of a path on the narrowest terminal."""
_LONGEST_PATH = 2000
"""Characters of a path and its query that are shown however wide the lines are."""
_LONGEST_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read for its reason."""
_REASONS = ("detail", "error_description", "message", "error", "title")
"""Members of an error's body that say what is wrong, those that say more first (RFC 9457, 3.1; RFC 6749, 5.2)."""
_COLOURS = {2: "green", 3: "cyan", 4: "yellow", 5: "red"}
"""Colours of statuses, by their first digit."""


class SeenRequest(NamedTuple):
    """What a line is written of: nothing of the connection, which would otherwise live as long as the line waits.

    ``path`` and ``query`` have nothing but characters of a URI (RFC 3986). ``refusal`` is the beginning of the body of
    a refusal that no journal has.
    """

    method: str
    path: str
    query: str
    status: int
    seconds: float
    operation: str
    world: str
    kept: LoggedExchange | None
    refusal: bytes


class LineText:
    """Writes lines that are ``width`` columns wide at most, or whole ones where that is 0."""

    def __init__(self, redaction: Redaction, width: int, *, is_verbose: bool, is_coloured: bool) -> None:
        self._redaction = redaction
        self._width = width
        self._is_verbose = is_verbose
        self._is_coloured = is_coloured

    def of(self, seen: SeenRequest) -> str:
        """Return the line of a request, with its end; where lines are verbose, what else is known below it."""
        reasons = [escaped(reason) for reason in self._reasons(seen)]
        target = self._target(seen)
        method = escaped(seen.method)
        status = str(seen.status or "---")
        took = f"{seen.seconds * 1000:,.1f} ms"
        why = "" if self._is_verbose else "; ".join(reasons)
        if self._width:
            room = self._width - len(f"{method:<{_METHOD}}   {status}  {took:>10}  ")
            column = max(_SHORTEST_PATH, min(_PATH, room * 9 // 20))
            target = _ending(target, column if why else max(column, room))
            why = fitted(why, max(1, room - column))
        else:
            column = _PATH
        head = f"{self._paint(f'{method:<{_METHOD}}', bold=True)} {target:<{column}}"
        line = f"{head} {self._paint(status, fg=_COLOURS.get(seen.status // 100, 'red'))}  {took:>10}"
        line = f"{line}  {why}".rstrip() + "\n"
        return line + "".join(f"        {detail}\n" for detail in self._details(seen, reasons))

    def left_out(self, count: int) -> str:
        """Return the line that stands for requests of which none was written."""
        return self._paint(f"... and {count:,} more, faster than lines are written", dim=True) + "\n"

    def _details(self, seen: SeenRequest, reasons: list[str]) -> Iterator[str]:
        """Yield what verbose lines say below: operation, where the answer came from, all findings whole."""
        if not self._is_verbose:
            return
        facts = [seen.operation or "no operation"]
        if seen.kept is not None:
            identifier = seen.kept.operation.operation_id if seen.kept.operation is not None else None
            facts += [f"operationId {identifier}"] * bool(identifier) + [f"from {seen.kept.answer.reason}"]
        facts += [f"world {seen.world}"] * bool(seen.world)
        yield self._paint(escaped("; ".join(facts)), dim=True)
        yield from reasons

    def _reasons(self, seen: SeenRequest) -> list[str]:
        """Return why a request was answered as it was: a scenario, findings, or what the refusal says itself."""
        kept = seen.kept
        if kept is None:
            return _told_by(seen.refusal) if seen.status >= 400 else []
        answer, findings = kept.answer, kept.findings
        scenario = [f"scenario {answer.scenario}"] if answer.scenario else []
        if findings:
            request = kept.request
            return [*scenario, *(self._redaction.text(str(finding), request) for finding in findings)]
        if scenario or 0 < answer.status < 400:
            return scenario
        asked = answer.header("preference-applied")
        if asked:
            return [f"asked for by Prefer: {asked}"]
        body = answer.body[:_LONGEST_REFUSAL]
        return [self._redaction.text(reason, kept.request) for reason in _told_by(body)] or [answer.reason]

    def _target(self, seen: SeenRequest) -> str:
        query = self._redaction.query(seen.query)
        target = f"{seen.path}?{query}" if query else seen.path
        return fitted(escaped(target), _LONGEST_PATH)

    def _paint(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._is_coloured else text


def _ending(target: str, width: int) -> str:
    """Return a path and query of ASCII, cut at its beginning where it is longer: the end tells requests apart."""
    return target if len(target) <= width else "…" + target[1 - width :]


def _told_by(body: bytes) -> list[str]:
    """Return what the JSON body of an error says is wrong, in one text; empty where it does not."""
    try:
        problem = json.loads(body[:_LONGEST_REFUSAL])
    except (ValueError, RecursionError):
        return []
    if isinstance(problem, dict):
        for name in _REASONS:
            if isinstance(problem.get(name), str) and problem[name]:
                return [problem[name]]
    return []
