"""The journal: ``/__admin/requests`` and below. Paths and shapes follow WireMock's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import UUID

from mock_server.control.router import Asked, RefusedError, Rows, answered
from mock_server.exchange import JSON, Answer
from mock_server.har import archive
from mock_server.instruction import Part
from mock_server.journal import Entry
from mock_server.logged_request import Telling
from mock_server.problem import problem
from mock_server.redaction import Redaction, redaction_of
from mock_server.request_pattern import RequestPattern

_MISSES = 3
"""Requests that came near, in the answer to a verification that failed."""
_MOST = 1_000_000
_FILTERS = ("operation", "status", "method", "path", "limit", "since", "unmatched")


def _redaction(request: Asked) -> Redaction:
    return redaction_of(request.settings.redact_header, [mount.contract for mount in request.served])


def _telling(request: Asked) -> Telling:
    return Telling(request.world, _redaction(request))


def _listed(request: Asked) -> Answer:
    """The journal, the newest first, as far as the filters let it."""
    entries = _filtered(request)
    telling = _telling(request)
    events: list[JSON] = [telling.event(entry) for entry in entries]
    return answered({
        "requests": events,
        "meta": {"total": len(request.world.journal)},
        "requestJournalDisabled": request.settings.journal_size == 0,
    })  # fmt: skip


def _filtered(request: Asked) -> list[Entry]:
    parameters = request.query(*_FILTERS)
    tests = [_FILTER[name](value) for name, value in parameters.items() if name in _FILTER]
    entries = [entry for entry in reversed([*request.world.journal]) if all(fits(entry) for fits in tests)]
    if "limit" not in parameters:
        return entries
    limit = parameters["limit"]
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
        raise _bad_filter("limit", limit, "a whole number")
    return entries[: int(limit)]


def _bad_filter(name: str, value: str, expected: str) -> RefusedError:
    return RefusedError("invalid-request", 400, f"query {name}: found {value[:80]!r}; expected {expected}.")


def _by_status(value: str) -> Callable[[Entry], bool]:
    text = value.upper()
    if len(text) != 3 or text[0] not in "12345" or not (text[1:] == "XX" or text[1:].isdigit()):
        raise _bad_filter("status", value, "a status such as 404, or a range such as 4XX")
    return lambda entry: str(entry.answer.status)[: 1 if text.endswith("XX") else 3] == text.removesuffix("XX")


def _since(value: str) -> Callable[[Entry], bool]:
    try:
        since = datetime.fromisoformat(value)
    except ValueError:
        raise _bad_filter("since", value, "a time as RFC 3339 writes it") from None
    moment = (since if since.tzinfo else since.replace(tzinfo=UTC)).timestamp()
    return lambda entry: entry.started >= moment


def _unmatched_only(value: str) -> Callable[[Entry], bool]:
    if value not in ("true", "false"):
        raise _bad_filter("unmatched", value, "true or false")
    return lambda entry: value == "false" or not entry.was_matched


_FILTER: dict[str, Callable[[str], Callable[[Entry], bool]]] = {
    "operation": lambda value: (
        lambda entry: entry.operation is not None and value in (entry.operation.operation_id, entry.operation.key)
    ),
    "status": _by_status,
    "method": lambda value: lambda entry: entry.request.method == value.upper(),
    "path": lambda value: lambda entry: entry.request.path == value,
    "since": _since,
    "unmatched": _unmatched_only,
}


def _one(request: Asked) -> Answer:
    return answered(_telling(request).event(_found(request)))


def _found(request: Asked) -> Entry:
    text = request.values["id"]
    try:
        entry = request.world.journal.find(UUID(text))
    except ValueError:
        entry = None
    if entry is None:
        raise RefusedError(
            "unknown", 404, f"path id: found {text[:80]!r}; expected the id of a request that the journal still holds."
        )
    return entry


def _remove_one(request: Asked) -> Answer:
    target = _found(request)
    request.world.journal.remove(lambda entry: entry.number == target.number)
    return answered({})


def _clear(request: Asked) -> Answer:
    request.world.journal.clear()
    return answered({})


def _pattern(request: Asked) -> RequestPattern:
    return RequestPattern.from_json(request.body())


def _fits(pattern: RequestPattern) -> Callable[[Entry], bool]:
    return lambda entry: pattern.matches(entry.request, entry.route, entry.operation)


def _count(request: Asked) -> Answer:
    fits = _fits(_pattern(request))
    count = sum(1 for entry in request.world.journal if fits(entry))
    return answered({"count": count, "requestJournalDisabled": request.settings.journal_size == 0})


def _find(request: Asked) -> Answer:
    fits = _fits(_pattern(request))
    return _requests(request, [entry for entry in request.world.journal if fits(entry)])


def _unmatched(request: Asked) -> Answer:
    return _requests(request, [entry for entry in request.world.journal if not entry.was_matched])


def _requests(request: Asked, entries: Iterable[Entry]) -> Answer:
    telling = _telling(request)
    requests: list[JSON] = [telling.request(entry) for entry in entries]
    return answered({"requests": requests, "requestJournalDisabled": request.settings.journal_size == 0})


def _remove(request: Asked) -> Answer:
    telling = _telling(request)
    fits = _fits(_pattern(request))
    events: list[JSON] = [telling.event(entry) for entry in request.world.journal if fits(entry)]
    request.world.journal.remove(fits)
    return answered({"serveEvents": events})


def _verify(request: Asked) -> Answer:
    """200 where as many requests fit the pattern as are expected; else 409 with those that came nearest."""
    data = request.body()
    members = dict(data) if isinstance(data, dict) else data
    low, high = _expected(members)
    pattern = RequestPattern.from_json(members)
    fits = _fits(pattern)
    entries = [*request.world.journal]
    count = sum(1 for entry in entries if fits(entry))
    if low <= count <= high:
        return answered({"count": count})
    telling = _telling(request)
    if count > high:
        requests: list[JSON] = [telling.request(entry) for entry in entries if fits(entry)]
        details: dict[str, JSON] = {"requests": requests}
        hint = "The requests that fit are below."
    else:
        misses = _nearest(request, pattern, [entry for entry in entries if not fits(entry)])
        details = {"nearMisses": misses}
        hint = "Those that came nearest are below." if misses else "The journal of this world has no others."
    expected = _in_words(low, high)
    answer = problem("not-verified", 409, f"Found {_requests_of(count)} that fit; expected {expected}. {hint}")
    body = {**json.loads(answer.body), "count": count, "expected": expected, **details}
    return answered(body, 409)


def _expected(members: JSON) -> tuple[int, int]:
    """How many requests are expected; the members that say so are taken out."""
    if not isinstance(members, dict):
        return 1, _MOST
    bounds = {
        name: Part(members.pop(name), f"/{name}").whole(0, _MOST) for name in ("times", "min", "max") if name in members
    }
    if "times" in bounds:
        if len(bounds) > 1:
            raise Part(bounds["times"], "/times").refusal("value", "times beside min or max", "one or the other")
        return bounds["times"], bounds["times"]
    low, high = bounds.get("min", 0 if "max" in bounds else 1), bounds.get("max", _MOST)
    if low > high:
        raise Part(low, "/min").refusal("value", f"{low}, more than max", f"at most {high}")
    return low, high


def _requests_of(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"


def _in_words(low: int, high: int) -> str:
    if low == high:
        return _requests_of(low)
    if low == 0:
        return f"at most {high}"
    return f"at least {low}" if high == _MOST else f"{low} to {high}"


def _nearest(request: Asked, pattern: RequestPattern, entries: list[Entry]) -> list[JSON]:
    """The requests that differ in the fewest parts, the newest first among equals, and how each differs."""
    redaction = _redaction(request)
    telling = _telling(request)
    ranked = [(entry, pattern.differences(entry.request, entry.route, entry.operation)) for entry in reversed(entries)]
    ranked.sort(key=lambda pair: len(pair[1]))
    misses: list[JSON] = []
    for entry, differences in ranked[:_MISSES]:
        texts: list[JSON] = [redaction.text(text, entry.request) for text in differences]
        misses.append({"request": telling.request(entry), "differences": texts})
    return misses


def _archive(request: Asked) -> Answer:
    entries = reversed(_filtered(request))
    return answered(archive(entries, request.world.prefix, _redaction(request)))


ROUTES: Rows = (
    ("GET", "/requests", _listed),
    ("DELETE", "/requests", _clear),
    ("POST", "/requests/reset", _clear),
    ("POST", "/requests/count", _count),
    ("POST", "/requests/find", _find),
    ("POST", "/requests/remove", _remove),
    ("POST", "/requests/verify", _verify),
    ("GET", "/requests/unmatched", _unmatched),
    ("GET", "/requests/{id}", _one),
    ("DELETE", "/requests/{id}", _remove_one),
    ("GET", "/requests.har", _archive),
)
