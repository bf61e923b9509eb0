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
"""Most near misses in the answer to a verification that failed."""
_MOST = 1_000_000
_FILTERS = ("operation", "status", "method", "path", "limit", "since", "unmatched")


def _redaction(asked: Asked) -> Redaction:
    return redaction_of(asked.settings.redact_header, [one.contract for one in asked.served])


def _telling(asked: Asked) -> Telling:
    return Telling(asked.world, _redaction(asked))


def _listed(asked: Asked) -> Answer:
    """Return the journal, the newest entry first, as far as the filters match."""
    found = _filtered(asked)
    telling = _telling(asked)
    events: list[JSON] = [telling.event(entry) for entry in found]
    return answered({
        "requests": events,
        "meta": {"total": len(asked.world.journal)},
        "requestJournalDisabled": asked.settings.journal_size == 0,
    })  # fmt: skip


def _filtered(asked: Asked) -> list[Entry]:
    given = asked.query(*_FILTERS)
    tests = [_FILTER[name](value) for name, value in given.items() if name in _FILTER]
    found = [entry for entry in reversed([*asked.world.journal]) if all(fits(entry) for fits in tests)]
    if "limit" not in given:
        return found
    limit = given["limit"]
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
        raise _bad_filter("limit", limit, "a whole number")
    return found[: int(limit)]


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


def _one(asked: Asked) -> Answer:
    return answered(_telling(asked).event(_found(asked)))


def _found(asked: Asked) -> Entry:
    text = asked.values["id"]
    try:
        entry = asked.world.journal.find(UUID(text))
    except ValueError:
        entry = None
    if entry is None:
        raise RefusedError(
            "unknown", 404, f"path id: found {text[:80]!r}; expected the id of a request that the journal still holds."
        )
    return entry


def _remove_one(asked: Asked) -> Answer:
    meant = _found(asked)
    asked.world.journal.remove(lambda entry: entry.number == meant.number)
    return answered({})


def _clear(asked: Asked) -> Answer:
    asked.world.journal.clear()
    return answered({})


def _pattern(asked: Asked) -> RequestPattern:
    return RequestPattern.from_json(asked.body())


def _fits(pattern: RequestPattern) -> Callable[[Entry], bool]:
    return lambda entry: pattern.matches(entry.request, entry.route, entry.operation)


def _count(asked: Asked) -> Answer:
    fits = _fits(_pattern(asked))
    count = sum(1 for entry in asked.world.journal if fits(entry))
    return answered({"count": count, "requestJournalDisabled": asked.settings.journal_size == 0})


def _find(asked: Asked) -> Answer:
    fits = _fits(_pattern(asked))
    return _requests(asked, [entry for entry in asked.world.journal if fits(entry)])


def _unmatched(asked: Asked) -> Answer:
    return _requests(asked, [entry for entry in asked.world.journal if not entry.was_matched])


def _requests(asked: Asked, entries: Iterable[Entry]) -> Answer:
    telling = _telling(asked)
    told: list[JSON] = [telling.request(entry) for entry in entries]
    return answered({"requests": told, "requestJournalDisabled": asked.settings.journal_size == 0})


def _remove(asked: Asked) -> Answer:
    telling = _telling(asked)
    fits = _fits(_pattern(asked))
    told: list[JSON] = [telling.event(entry) for entry in asked.world.journal if fits(entry)]
    asked.world.journal.remove(fits)
    return answered({"serveEvents": told})


def _verify(asked: Asked) -> Answer:
    """Return 200 where the expected number of requests matches the pattern; else 409 with the nearest misses."""
    data = asked.body()
    members = dict(data) if isinstance(data, dict) else data
    low, high = _expected(members)
    pattern = RequestPattern.from_json(members)
    fits = _fits(pattern)
    entries = [*asked.world.journal]
    count = sum(1 for entry in entries if fits(entry))
    if low <= count <= high:
        return answered({"count": count})
    telling = _telling(asked)
    if count > high:
        shown: list[JSON] = [telling.request(entry) for entry in entries if fits(entry)]
        told: dict[str, JSON] = {"requests": shown}
        hint = "The requests that fit are below."
    else:
        misses = _nearest(asked, pattern, [entry for entry in entries if not fits(entry)])
        told = {"nearMisses": misses}
        hint = "Those that came nearest are below." if misses else "The journal of this world has no others."
    wanted = _in_words(low, high)
    answer = problem("not-verified", 409, f"Found {_requests_of(count)} that fit; expected {wanted}. {hint}")
    body = {**json.loads(answer.body), "count": count, "expected": wanted, **told}
    return answered(body, 409)


def _expected(members: JSON) -> tuple[int, int]:
    """Return the least and the most expected requests; remove the members that give them."""
    if not isinstance(members, dict):
        return 1, _MOST
    given = {
        name: Part(members.pop(name), f"/{name}").whole(0, _MOST) for name in ("times", "min", "max") if name in members
    }
    if "times" in given:
        if len(given) > 1:
            raise Part(given["times"], "/times").refusal("value", "times beside min or max", "one or the other")
        return given["times"], given["times"]
    low, high = given.get("min", 0 if "max" in given else 1), given.get("max", _MOST)
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


def _nearest(asked: Asked, pattern: RequestPattern, entries: list[Entry]) -> list[JSON]:
    """Return the requests that differ in the fewest parts, the newest first among equals, and how each differs."""
    redaction = _redaction(asked)
    telling = _telling(asked)
    told = [(entry, pattern.differences(entry.request, entry.route, entry.operation)) for entry in reversed(entries)]
    told.sort(key=lambda one: len(one[1]))
    misses: list[JSON] = []
    for entry, differences in told[:_MISSES]:
        texts: list[JSON] = [redaction.text(text, entry.request) for text in differences]
        misses.append({"request": telling.request(entry), "differences": texts})
    return misses


def _archive(asked: Asked) -> Answer:
    entries = reversed(_filtered(asked))
    return answered(archive(entries, asked.world.prefix, _redaction(asked)))


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
