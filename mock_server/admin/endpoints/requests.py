"""The journal: ``/__admin/requests`` and below. Paths and shapes follow WireMock's."""

from __future__ import annotations

import json
from bisect import insort
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from mock_server.admin.contract_names import check_operation, parameter_error
from mock_server.admin.expected_count import ExpectedCount
from mock_server.admin.response_chunks import Steps, in_pieces, listed, paced
from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON
from mock_server.http.messages import Headers, Response
from mock_server.http.problem_details import problem_response
from mock_server.scenarios.request_pattern import RequestPattern
from mock_server.worlds.har import Archiving, archive
from mock_server.worlds.journal import Entry
from mock_server.worlds.redaction import Redaction, redaction_of
from mock_server.worlds.wiremock_events import ServeEventWriter

PAGE = 1000
"""Entries of a page where nothing is said: as many as a journal keeps where nothing is said of that."""
_SHOWN = 100
"""Requests that fit, in the answer to a verification that failed for too many."""
_MISSES = 3
"""Most near misses in the answer to a verification that failed."""
_FILTERS = ("operation", "status", "method", "path", "limit", "before", "since", "unmatched")


def _redaction(admin_request: AdminRequest) -> Redaction:
    return redaction_of(admin_request.settings, [mount.contract for mount in admin_request.served])


def _telling(request: AdminRequest) -> ServeEventWriter:
    return ServeEventWriter(request.world, _redaction(request))


def _listed(admin_request: AdminRequest) -> Steps:
    """List the journal, the newest first, as far as the filters let it, page by page."""
    query = admin_request.query(*_FILTERS)
    limit = _limit(query.get("limit", str(PAGE)))
    journal = admin_request.journal
    fits, before = _chosen(admin_request, query), _cursor(admin_request, query)
    last, more, count = None, False, 0
    for entry in paced(journal.newest_first(before)):
        if entry is None:
            yield None
        elif fits(entry):
            more = count >= limit
            if more:
                break
            last, count = entry, count + 1
    meta: dict[str, JSON] = {"total": len(journal)}
    headers: Headers = ()
    if more and last is not None:
        meta["next"] = str(journal.id_of(last.number))
        request, following = admin_request.request, urlencode({**query, "limit": limit, "before": meta["next"]})
        path = f"{request.origin}{admin_request.world.prefix}{request.path}"
        headers = (("link", f'<{path}?{following}>; rel="next"'),)
    telling = _telling(admin_request)

    end = None if last is None else last.number

    def page() -> Iterator[bytes | None]:
        for entry in paced(journal.newest_first(before) if end is not None else ()):
            if entry is None:
                yield None
            elif fits(entry):
                yield telling.event(entry)
                if entry.number == end:
                    return

    ends = {"meta": meta, "requestJournalDisabled": admin_request.settings.journal_size == 0}
    return in_pieces(listed(page(), '{"requests": [', f"], {json.dumps(ends)[1:]}"), headers)


def _chosen(admin_request: AdminRequest, query: Mapping[str, str]) -> Callable[[Entry], bool]:
    try:
        if "operation" in query:
            check_operation(JsonReader(query["operation"]), admin_request.served)
    except InstructionError as error:
        raise parameter_error("operation", error) from None
    tests = [_FILTER[name](value) for name, value in query.items() if name in _FILTER]
    return lambda entry: all(fits(entry) for fits in tests)


def _limit(limit: str) -> int:
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10):
        raise _bad_filter("limit", limit, "a whole number")
    return int(limit)


def _cursor(admin_request: AdminRequest, query: Mapping[str, str]) -> int | None:
    """Return the number of the entry before which a page begins: one that is kept or was."""
    journal = admin_request.journal
    if "before" not in query:
        return journal.next_number
    try:
        number = journal.number_of(UUID(query["before"]))
    except ValueError:
        number = None
    if number is None:
        raise _bad_filter("before", query["before"], "the id of a request of this world")
    return number


def _bad_filter(name: str, value: str, expected: str) -> AdminRequestError:
    return AdminRequestError("invalid-request", 400, f"query {name}: found {value[:80]!r}; expected {expected}.")


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


def _one(admin_request: AdminRequest) -> Response:
    return in_pieces(iter([_telling(admin_request).event(_found(admin_request))]))


def _found(request: AdminRequest) -> Entry:
    text = request.values["id"]
    try:
        entry = request.journal.find(UUID(text))
    except ValueError:
        entry = None
    if entry is None:
        raise AdminRequestError(
            "unknown", 404, f"path id: found {text[:80]!r}; expected the id of a request that the journal still holds."
        )
    return entry


def _remove_one(admin_request: AdminRequest) -> Response:
    admin_request.journal.remove_all({_found(admin_request).number})
    return json_response({})


def _clear(request: AdminRequest) -> Response:
    request.world.journal.clear()
    return json_response({})


def _pattern(request: AdminRequest) -> RequestPattern:
    return _pattern_of(request.body(), request)


def _pattern_of(data: JSON, request: AdminRequest) -> RequestPattern:
    """Return a pattern of requests; raises :class:`InstructionError`, also where it names no operation there is."""
    pattern = RequestPattern.from_json(data)
    if pattern.operation is not None:
        check_operation(JsonReader(pattern.operation, "/operation"), request.served)
    return pattern


def _fits(pattern: RequestPattern) -> Callable[[Entry], bool]:
    return lambda entry: pattern.matches(entry.request, entry.route, entry.operation)


def _count(admin_request: AdminRequest) -> Steps:
    fits = _fits(_pattern(admin_request))
    count = 0
    for entry in paced(admin_request.journal.oldest_first()):
        if entry is None:
            yield None
        else:
            count += fits(entry)
    return json_response({"count": count, "requestJournalDisabled": admin_request.settings.journal_size == 0})


def _find(admin_request: AdminRequest) -> Response:
    """List the requests that match a pattern, the oldest first; with ``events=true`` as serve events, answer included.

    A client that lists the journal to get the answers might find that entries have left it in the meantime.
    """
    fits = _fits(_pattern(admin_request))
    choice = admin_request.query("events").get("events", "false")
    if choice not in ("true", "false"):
        raise _bad_filter("events", choice, "true or false")
    return _requests(admin_request, fits) if choice == "false" else _serve_events(admin_request, fits)


def _unmatched(admin_request: AdminRequest) -> Response:
    return _requests(admin_request, lambda entry: not entry.was_matched)


def _requests(admin_request: AdminRequest, fits: Callable[[Entry], bool]) -> Response:
    telling = _telling(admin_request)

    def requests() -> Iterator[bytes | None]:
        for entry in paced(admin_request.journal.oldest_first()):
            if entry is None:
                yield None
            elif fits(entry):
                yield telling.request(entry)

    is_off = json.dumps(admin_request.settings.journal_size == 0)
    return in_pieces(listed(requests(), '{"requests": [', f'], "requestJournalDisabled": {is_off}}}'))


def _serve_events(admin_request: AdminRequest, fits: Callable[[Entry], bool]) -> Response:
    """List the whole entries that fit, the oldest first, in the form in which removed ones are listed."""
    writer = _telling(admin_request)

    def events() -> Iterator[bytes | None]:
        for entry in paced(admin_request.journal.oldest_first()):
            if entry is None:
                yield None
            elif fits(entry):
                yield writer.event(entry)

    return in_pieces(listed(events(), '{"serveEvents": [', "]}"))


def _remove(admin_request: AdminRequest) -> Steps:
    telling = _telling(admin_request)
    fits = _fits(_pattern(admin_request))
    numbers: set[int] = set()
    for entry in paced(admin_request.journal.oldest_first()):
        if entry is None:
            yield None
        elif fits(entry):
            numbers.add(entry.number)
    events = map(telling.event, admin_request.journal.take_out(numbers))
    return in_pieces(listed(paced(events), '{"serveEvents": [', "]}"))


def _verify(admin_request: AdminRequest) -> Steps:
    """Answer 200 where as many requests fit the pattern as are expected; else 409 with those that came nearest."""
    data = admin_request.body()
    members = dict(data) if isinstance(data, dict) else data
    expected = ExpectedCount.of(members, "request")
    pattern = _pattern_of(members, admin_request)
    fits = _fits(pattern)
    count = 0
    newest: deque[Entry] = deque(maxlen=_SHOWN)
    for entry in paced(admin_request.journal.oldest_first()):
        if entry is None:
            yield None
        elif fits(entry):
            count += 1
            newest.append(entry)
    if expected.has(count):
        return json_response({"count": count})
    telling = _telling(admin_request)
    details: dict[str, JSON]
    if count > expected.high:
        details = {"requests": [json.loads(telling.request(entry)) for entry in newest]}
        which = "The requests that fit" if count <= _SHOWN else f"The last {_SHOWN} of those that fit"
        hint = f"{which} are below."
    else:
        misses = yield from _nearest(admin_request, pattern)
        details = {"nearMisses": misses}
        hint = "Those that came nearest are below." if misses else "The journal of this world has no others."
    detail = f"Found {expected.number(count)} that fit; expected {expected.words}. {hint}"
    answer = problem_response("not-verified", 409, detail)
    body = {**json.loads(answer.body), "count": count, "expected": expected.words, **details}
    return json_response(body, 409)


def _nearest(admin_request: AdminRequest, pattern: RequestPattern) -> Generator[None, None, list[JSON]]:
    """Return the requests that differ in the fewest parts, the newest first among equals, and how each differs."""
    nearest: list[tuple[Entry, list[str]]] = []
    for entry in paced(admin_request.journal.newest_first()):
        if entry is None:
            yield None
            continue
        differences = pattern.differences(entry.request, entry.route, entry.operation)
        if differences:
            insort(nearest, (entry, differences), key=lambda miss: len(miss[1]))
            del nearest[_MISSES:]
    redaction, telling = _redaction(admin_request), _telling(admin_request)
    misses: list[JSON] = []
    for entry, differences in nearest:
        texts: list[JSON] = [redaction.text(text, entry.request) for text in differences]
        misses.append({"request": json.loads(telling.request(entry)), "differences": texts})
    return misses


def _archive(admin_request: AdminRequest) -> Steps:
    query = admin_request.query(*_FILTERS)
    journal, fits, before = admin_request.journal, _chosen(admin_request, query), _cursor(admin_request, query)
    limit = _limit(query["limit"]) if "limit" in query else None
    numbers: set[int] = set()
    if limit is not None or "before" in query:
        for entry in paced(journal.newest_first(before)):
            if len(numbers) == limit:
                break
            if entry is None:
                yield None
            elif fits(entry):
                numbers.add(entry.number)
        is_among: Callable[[Entry], bool] = lambda entry: entry.number in numbers  # noqa: E731
    else:
        is_among = fits
    telling = Archiving(admin_request.world.prefix, _redaction(admin_request))

    def entries() -> Iterator[bytes | None]:
        for entry in paced(journal.oldest_first()):
            if entry is None:
                yield None
            elif is_among(entry):
                yield telling.entry(entry)

    return in_pieces(listed(entries(), *_around()))


def _around() -> tuple[str, str]:
    """Return what stands before and after the entries of an archive."""
    head, _, tail = json.dumps(archive(())).rpartition("[]")
    return f"{head}[", f"]{tail}"


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
