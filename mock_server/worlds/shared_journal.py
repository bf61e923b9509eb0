"""The journal of a world whose entries are in a hub, so that all processes write and read the same one."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from uuid import UUID

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.hub import SharedHub
from mock_server.hub.model import CoverageNote, JournalNote
from mock_server.openapi.model import Operation
from mock_server.worlds.coverage import CoverageHits
from mock_server.worlds.exchange_codec import EncodedExchange, ExchangeCodec
from mock_server.worlds.journal import Entry, Journal, LoggedExchange, entry_id
from mock_server.worlds.journal_cursor import PROCESS_SHIFT
from mock_server.worlds.memory_budget import Member


class SharedEntries:
    """What the journals of all worlds of one process have in common: the hub, and the last number that was given."""

    def __init__(self, hub: SharedHub, capacity: int) -> None:
        self.hub = hub
        self.capacity = capacity
        """Entries that the journal of a world keeps."""
        self.codec = ExchangeCodec(())
        self.last = hub.process << PROCESS_SHIFT


class WholeExchange:
    """An exchange as it is, for who looks at it before it leaves as bytes."""

    __slots__ = ("_exchange", "holders", "operation", "sizes")

    def __init__(self, exchange: Exchange, operation: Operation | None, size: int | None) -> None:
        self._exchange = exchange
        self.operation = operation
        self.sizes = len(exchange.request.body), len(exchange.answer.body) if size is None else size
        self.holders = 0

    @property
    def cost(self) -> int:
        """Bytes of memory that it holds: no journal of this process has it."""
        return 0

    @property
    def request(self) -> Request:
        """The request."""
        return self._exchange.request

    @property
    def route(self) -> Route:
        """What routing made of the request."""
        return self._exchange.route

    @property
    def answer(self) -> Response:
        """The answer."""
        return self._exchange.answer

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """The findings about request and answer."""
        return self._exchange.findings

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes."""
        return codec.encoded(self)


class SharedJournal:
    """The entries of one world, as this process adds to them. To read them is a round trip (:meth:`read`)."""

    __slots__ = ("_entries", "_name")

    def __init__(self, name: str, entries: SharedEntries) -> None:
        self._name = name
        self._entries = entries

    def add(self, journaled: LoggedExchange, started: float, elapsed: float, hits: CoverageHits | None = None) -> None:
        """Add an exchange that has just ended, and what it covers.

        It began by the hub's time, whatever this machine's clock says.
        """
        entries = self._entries
        hub = entries.hub
        entries.last += 1
        covering = None if hits is None else hits.covering
        if entries.capacity:
            exchange = journaled.encoded(entries.codec)
            hub.note(JournalNote(self._name, entries.last, hub.now() - elapsed, elapsed, exchange, covering))
        elif covering is not None:
            hub.note(CoverageNote(self._name, covering))

    def logged(self, exchange: Exchange, operation: Operation | None, size: int | None = None) -> LoggedExchange:
        """Return what entries have of an exchange; ``size`` is that of the response's body where it is not at hand."""
        return WholeExchange(exchange, operation, size)

    @property
    def last(self) -> int:
        """The number of the exchange that this process added last, in any world."""
        return self._entries.last

    def id_of(self, number: int) -> UUID:
        """Return the id of the entry with a number."""
        return entry_id(self._name, number)

    def read(self) -> Journal:
        """Return the entries of all processes, as they are now. Raises :class:`HubError`."""
        return _GatheredJournal(self._name, self._entries)

    def clear(self) -> None:
        """Remove all entries. Raises :class:`HubError`."""
        self._entries.hub.clear_journal(self._name)


class _GatheredJournal(Journal):
    """The entries of all processes. What is removed here is removed in the hub."""

    __slots__ = ("_entries",)

    def __init__(self, name: str, entries: SharedEntries) -> None:
        super().__init__(name, entries.capacity)
        self._entries = entries
        exchanges: dict[bytes, EncodedExchange] = {}
        rows = []
        for number, started, elapsed, exchange in entries.hub.journal(name):
            contents = exchanges.get(exchange)
            if contents is None:
                contents = exchanges[exchange] = EncodedExchange(exchange, entries.codec)
            rows.append(Entry(number, started, elapsed, contents))
        rows.sort(key=lambda entry: (entry.started, entry.number))
        self.take(rows)

    def _taken_out(self, numbers: Set[int]) -> deque[Member]:
        if numbers:
            self._entries.hub.remove(self._name, numbers)
        return super()._taken_out(numbers)
