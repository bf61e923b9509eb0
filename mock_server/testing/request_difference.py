"""What was expected of a request against what was sent, in the form of a unified diff."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import islice
from typing import Any

from mock_server.core.text import cut
from mock_server.testing.recorded_request import RecordedRequest

MOST_LINES = 40
"""Most lines of one diff."""
_LARGE = 20_000
"""Characters of a body that is compared line by line; to compare longer ones takes long."""
_SEVERAL = {"query": "query", "headers": "header", "body": "body"}
"""The keys of a pattern that have several parts, and how differences begin that are about one of them."""
_JSON = "json"
"""The key of a pattern that has the whole body."""


def near_miss_diff(pattern: Mapping[str, Any], miss: Mapping[str, Any], request: RecordedRequest) -> list[str]:
    """Return the diff of a pattern and a request that nearly matches it.

    Parts that match have a line that begins with a space, others one with what was expected and one with what was sent.
    A body that should be some JSON is compared line by line.
    """
    differences = [*map(_parts_of, miss.get("differences", ()))]
    wrong = {what for what, _, _ in differences}
    lines = [f" {place}: {_shown(value)}" for place, value in _places(pattern) if place not in wrong]
    body = _body_diff(pattern[_JSON], request) if _JSON in pattern and "body" in wrong else None
    for what, sent, expected in differences:
        if what != "body" or body is None:
            lines += [f"-{what}: {expected}", f"+{what}: {sent}"]
    return _bounded(["--- expected", f"+++ {request}", *lines, *(body or ())])


def findings_diff(findings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what the contract expected and what was found, two lines for each finding."""
    lines: list[str] = []
    for finding in findings:
        where = f"{finding.get('location', '')} {finding.get('pointer', '')}".strip()
        lines += [f"-{where}: {finding.get('expected', '')}", f"+{where}: {finding.get('found', '')}"]
    return _bounded(lines)


def _parts_of(difference: str) -> tuple[str, str, str]:
    """Return of ``query lang: found sv; expected "en"`` the place, what was found and what was expected."""
    what, _, rest = difference.partition(": found ")
    sent, separator, expected = rest.rpartition("; expected ")
    return (what, sent, expected) if separator else (what, rest, "as the pattern has it")


def _places(pattern: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the parts of a pattern as differences call them: ``query lang``, ``header Accept``, ``body /name``."""
    for name, value in pattern.items():
        if name in _SEVERAL and isinstance(value, Mapping):
            for key, expected in value.items():
                yield f"{_SEVERAL[name]} {key}", expected
        else:
            yield ("body" if name == _JSON else name), value


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _body_diff(expected: object, request: RecordedRequest) -> list[str] | None:
    """Return the diff of two JSON bodies; None where what was sent is none, or too long to be compared."""
    try:
        sent = request.json()
    except ValueError:
        return None
    texts = [json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) for value in (expected, sent)]
    if max(map(len, texts)) > _LARGE:
        return None
    old, new = (text.splitlines() for text in texts)
    return [*islice(_without_heads(unified_diff(old, new, lineterm="", n=2)), MOST_LINES + 1)]


def _without_heads(lines: Iterator[str]) -> Iterator[str]:
    """Yield a diff of bodies, whose places say so."""
    for line in islice(lines, 2, None):
        yield f"{line} body" if line.startswith("@@") else line


def _bounded(lines: Sequence[str]) -> list[str]:
    """Return the first lines, each on one line and not too long."""
    shown = [cut(line.replace("\r", "\\r").replace("\n", "\\n")) for line in lines[:MOST_LINES]]
    return [*shown, *(["..."] * (len(lines) > MOST_LINES))]
