"""The requests of a world: a table that goes on by itself, and one request with all that is known of it."""

from __future__ import annotations

from collections.abc import Generator
from itertools import count
from uuid import UUID

from mock_server.admin.console.exchange_view import ExchangeView
from mock_server.admin.console.journal_filter import FIELDS, JournalFilter
from mock_server.admin.console.journal_row import METHODS, journal_row
from mock_server.admin.console.live_requests import live_response
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps
from mock_server.admin.response_chunks import paced
from mock_server.admin.router import AdminRequestError
from mock_server.http.messages import Response
from mock_server.worlds.journal import Entry, LoggedExchange
from mock_server.worlds.journal_cursor import JournalCursor
from mock_server.worlds.redaction import Redaction, redaction_of

LIVE = "/requests/live"
"""Where requests are told of as they arrive."""
SHOWN = 100
"""Requests of a page."""
LOOKED_AT = 4000
"""Entries that are looked at for a page; where few of them fit, the next page goes on from there."""
_MOST_OPERATIONS = 200
"""Operations that are proposed for the filter: those of a large contract would be most of the page."""


def _redaction(request: PageRequest) -> Redaction:
    return redaction_of(request.admin.settings, [mount.contract for mount in request.admin.served])


def _listed(request: PageRequest) -> PageSteps:
    journal_filter, redaction, admin = JournalFilter.of(request.query), _redaction(request), request.admin
    cursor = admin.journal.cursor  # before the entries are looked at: what comes meanwhile is the stream's
    entries, following = yield from _page(request, journal_filter)
    operations = [operation for mount in admin.served for operation in mount.contract.operations.values()]
    query = journal_filter.query()
    values = {
        "rows": [journal_row(entry, admin.world, redaction) for entry in entries],
        "filter": {name: getattr(journal_filter, name) for name in FIELDS},
        "is_filtered": not journal_filter.is_empty,
        "methods": METHODS,
        "operations": [operation.operation_id or operation.key for operation in operations[:_MOST_OPERATIONS]],
        "total": len(admin.journal),
        "following": following,
        "newest": f"{request.base}/requests" + (f"?{query}" if query else "") if "before" in request.query else "",
        "live": "" if "before" in request.query else f"{request.base}{LIVE}" + (f"?{query}" if query else ""),
        "cursor": str(cursor),
        "size": admin.settings.journal_size,
    }
    return ConsolePage("requests.html", "Requests", "/requests", values)


def _page(
    request: PageRequest, journal_filter: JournalFilter
) -> Generator[float | None, None, tuple[list[Entry], str]]:
    """Return the entries of a page, the newest first, and the address of the next page; empty for the last one."""
    journal = request.admin.journal
    entries: list[Entry] = []
    known: dict[LoggedExchange, bool] = {}  # entries of equal requests share their contents, and are many
    looked_at = count()
    before = _before(request)
    for entry in paced(journal.newest_first(before)):
        if entry is None:
            yield None
            continue
        if len(entries) == SHOWN or next(looked_at) >= LOOKED_AT:
            query = journal_filter.query(before=journal.id_of(entry.number + 1))
            return entries, f"{request.base}/requests?{query}"
        fits = known.get(entry.kept)
        if fits is None:
            fits = known[entry.kept] = journal_filter.fits(entry)
        if fits:
            entries.append(entry)
    return entries, ""


def _before(request: PageRequest) -> int | None:
    """Return the number before which a page begins; None for the newest. Raises :class:`AdminRequestError`."""
    text, journal = request.query.get("before"), request.admin.journal
    if text is None:
        return journal.next_number
    try:
        number = journal.number_of(UUID(text))
    except ValueError:
        number = None
    if number is None:
        raise AdminRequestError("invalid-request", 400, f"query before: found {text[:80]!r}; expected that of a page.")
    return number


def _one(request: PageRequest) -> ConsolePage:
    entry = _entry(request)
    view = ExchangeView(request, entry, _redaction(request))
    title = f"{entry.request.method} {entry.request.path}"
    return ConsolePage("request.html", title[:120], "/requests", {"view": view, "row": view.row})


def _entry(request: PageRequest) -> Entry:
    try:
        entry = request.admin.journal.find(UUID(request.values["id"]))
    except ValueError:
        entry = None
    if entry is None:
        detail = (
            "Found the id of no request that the journal still holds. The list of requests has those that it holds."
        )
        raise AdminRequestError("unknown", 404, detail)
    return entry


def _live(request: PageRequest) -> Response:
    admin = request.admin
    text = request.request.header("last-event-id") or request.query.get("after", "")
    return live_response(
        admin.world,
        JournalFilter.of(request.query),
        _redaction(request),
        JournalCursor.parse(text),
        is_shared=admin.worlds.is_shared,
    )


ROWS: PageRows = (
    ("GET", "/requests", _listed),
    ("GET", LIVE, _live),
    ("GET", "/requests/{id}", _one),
)
