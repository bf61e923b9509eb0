"""Requests as they arrive: server-sent events (HTML, 9.2) for the script of the page of requests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile

from mock_server.admin.console.journal_filter import JournalFilter
from mock_server.admin.console.journal_row import journal_row
from mock_server.http.live_response import LiveResponse
from mock_server.http.messages import ResponseSource
from mock_server.worlds.journal import Entry, Journal
from mock_server.worlds.journal_cursor import JournalCursor
from mock_server.worlds.redaction import Redaction
from mock_server.worlds.world import World

MOST_AT_ONCE = 50
"""Requests that are sent at once; of more that came meanwhile their number."""
_LOOKED_AT = 1000
"""Entries that are looked at for it, the newest ones."""
_SHARED_INTERVAL = 1.0
"""Seconds between two looks into a journal that other processes have too: each is a round trip."""


class LiveRequests:
    """The requests of a world that have come since those that ``cursor`` has passed; None for those from now on."""

    def __init__(
        self, world: World, journal_filter: JournalFilter, redaction: Redaction, cursor: JournalCursor | None
    ) -> None:
        self._world = world
        self._filter = journal_filter
        self._redaction = redaction
        self._cursor = cursor
        self._last = -1

    def news(self) -> bytes:
        """Return events for the requests that have come, the oldest first; empty for none. Raises :class:`HubError`."""
        journal = self._changed_journal()
        if journal is None:
            return b""
        cursor = self._cursor
        if cursor is None:
            self._cursor = journal.cursor
            return b""
        entries, others = self._arrivals(journal, cursor)
        if not self._filter.is_empty:
            entries, others = [entry for entry in entries if self._filter.fits(entry)], 0
        return b"".join(self._events(entries, others))

    def _changed_journal(self) -> Journal | None:
        """Return the journal; None where nothing has come since it was last looked at."""
        journal = self._world.journal
        if journal.last == self._last:
            return None
        self._last = journal.last
        return journal.read()

    def _arrivals(self, journal: Journal, cursor: JournalCursor) -> tuple[list[Entry], int]:
        """Return the newest of the entries that have come, the oldest first, and how many others have come before them.

        The cursor has passed all of them then.
        """
        most = MOST_AT_ONCE if self._filter.is_empty else _LOOKED_AT
        newest = takewhile(lambda entry: not cursor.has_passed(entry.number, entry.ended), journal.newest_first())
        entries = [*islice(newest, most)][::-1]
        if not entries:
            return entries, 0
        others = entries[0].number - 1 - cursor.number_before(entries[0].number)
        cursor.advance(entries[-1].number, entries[-1].ended)
        return entries, others

    def _events(self, entries: list[Entry], others: int) -> Iterator[bytes]:
        """Yield the events of entries. The last one has the id with which a stream goes on after it."""
        shown = entries[-MOST_AT_ONCE:]
        others += len(entries) - len(shown)
        if others:
            yield b"event: skipped\ndata: %d\n\n" % others
        for entry in shown:
            row = journal_row(entry, self._world, self._redaction)
            identity = f"id: {self._cursor}\n" if entry is shown[-1] else ""
            yield f"{identity}event: request\ndata: {row.text()}\n\n".encode()


class GatheredRequests(LiveRequests):
    """The same where several processes have the world: what each of them has answered may arrive late."""

    def _changed_journal(self) -> Journal:
        return self._world.journal.read()

    def _arrivals(self, journal: Journal, cursor: JournalCursor) -> tuple[list[Entry], int]:
        entries = [entry for entry in journal if not cursor.has_passed(entry.number, entry.ended)]
        for entry in entries:
            cursor.advance(entry.number, entry.ended)
        return entries, 0


def live_response(
    world: World, journal_filter: JournalFilter, redaction: Redaction, cursor: JournalCursor | None, *, is_shared: bool
) -> LiveResponse:
    """Return the answer that goes on with the requests of a world after those that a cursor has passed."""
    kind = GatheredRequests if is_shared else LiveRequests
    headers = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    )
    return LiveResponse(
        200,
        headers,
        source=ResponseSource.CONTROL,
        news=kind(world, journal_filter, redaction, cursor).news,
        interval=_SHARED_INTERVAL if is_shared else 0.25,
        waits=is_shared,
    )
