"""Requests as they arrive: server-sent events (HTML, 9.2) for the script of the page of requests."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, takewhile

from mock_server.admin.console.journal_filter import JournalFilter
from mock_server.admin.console.journal_row import journal_row
from mock_server.http.live_response import LiveResponse
from mock_server.http.messages import ResponseSource
from mock_server.worlds.journal import Entry
from mock_server.worlds.redaction import Redaction
from mock_server.worlds.world import World

MOST_AT_ONCE = 50
"""Requests that are sent at once; of more that came meanwhile their number."""
_LOOKED_AT = 1000
"""Entries that are looked at for it, the newest ones."""
_SHARED_INTERVAL = 1.0
"""Seconds between two looks into a journal that other processes have too: each is a round trip."""


class LiveRequests:
    """The requests of a world that have come since the last time it was asked. ``after`` is the last known one."""

    def __init__(self, world: World, journal_filter: JournalFilter, redaction: Redaction, after: int) -> None:
        self._world = world
        self._filter = journal_filter
        self._redaction = redaction
        self._last = after

    def news(self) -> bytes:
        """Return events for the requests that have come, the oldest first; empty for none."""
        if self._world.journal.last == self._last:
            return b""
        since, self._last = self._last, self._world.journal.last
        journal = self._world.journal.read()
        newest = takewhile(lambda entry: entry.number > since, journal.newest_first())
        entries = [entry for entry in islice(newest, _LOOKED_AT) if self._filter.fits(entry)]
        return b"".join(self._events(entries[::-1]))

    def _events(self, entries: list[Entry]) -> Iterator[bytes]:
        shown = entries[-MOST_AT_ONCE:]
        if len(entries) > len(shown):
            yield b"id: %d\nevent: skipped\ndata: %d\n\n" % (shown[0].number - 1, len(entries) - len(shown))
        for entry in shown:
            row = journal_row(entry, self._world, self._redaction)
            yield f"id: {entry.number}\nevent: request\ndata: {row.text()}\n\n".encode()


class GatheredRequests(LiveRequests):
    """The same where several processes have the world: numbers are of each process, and entries are known by them."""

    def __init__(self, world: World, journal_filter: JournalFilter, redaction: Redaction, after: int) -> None:
        super().__init__(world, journal_filter, redaction, after)
        self._known: set[int] | None = None

    def news(self) -> bytes:
        """Return events for the requests that have come to any process. Raises :class:`HubError`."""
        entries = [*self._world.journal.read()]
        known, self._known = self._known, {entry.number for entry in entries}
        if known is None:
            return b""
        return b"".join(
            self._events([entry for entry in entries if entry.number not in known and self._filter.fits(entry)])
        )


def live_response(
    world: World, journal_filter: JournalFilter, redaction: Redaction, after: int, *, is_shared: bool
) -> LiveResponse:
    """Return the answer that goes on with the requests of a world."""
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
        news=kind(world, journal_filter, redaction, after).news,
        interval=_SHARED_INTERVAL if is_shared else 0.25,
        waits=is_shared,
    )
