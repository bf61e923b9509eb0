"""Events as rows beside the changes that they tell of, so that both are stored or neither is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mock_server.mocking.events.event_maker import EventMaker, ShownRecords
from mock_server.mocking.events.happened import happened
from mock_server.openapi.webhooks.callbacks import Callback
from mock_server.openapi.webhooks.mapping import WebhookMapping
from mock_server.openapi.webhooks.model import Ending, MappedWebhook
from mock_server.openapi.webhooks.runtime_expressions import ExpressionMessages, filled
from mock_server.storage import PendingRecords, Record, RecordChange, RecordReader
from mock_server.worlds.events.event import Event
from mock_server.worlds.events.event_log import addition
from mock_server.worlds.events.outbox import Outbox
from mock_server.worlds.state.outcome import Outcome, StateEvent
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.world import World


class EventRecorder:
    """Turns what happens in the worlds of one contract into rows of events and of their deliveries."""

    def __init__(self, model: StateModel) -> None:
        self._model = model
        self.maker = EventMaker(model)
        self._callbacks: dict[str, MappedWebhook] = {}
        self._automatic: dict[tuple[str, Ending], Sequence[str]] = {}
        """The names of events that happen by themselves, by resource and what happens to its record."""

    def of_outcome(
        self, outcome: Outcome, world: World, reader: RecordReader, outbox: Outbox | None
    ) -> Sequence[RecordChange]:
        """Return the rows for what comes of a request: what its data sends, else what its changes are told by.

        ``reader`` has the records of the world before the changes. Raises :class:`StoreError`.
        """
        return self.of_changes(outcome.changes, outcome.sends, world, reader, outbox, world.now(), outcome.record)

    def of_changes(
        self,
        changes: Sequence[RecordChange],
        sends: Sequence[StateEvent] | None,
        world: World,
        reader: RecordReader,
        outbox: Outbox | None,
        at: float,
        subject: Record | None = None,
    ) -> Sequence[RecordChange]:
        """Return the rows for changes: ``sends``, or where that is None the events that happen by themselves.

        ``at`` is when they happen, in seconds since 1970, ``subject`` the record that an answer is about. Raises
        :class:`StoreError`.
        """
        if not self.maker.webhooks.webhooks or not (changes or sends):
            return ()
        if sends is None:
            sends = self.automatic(changes, subject)
        return self.rows(sends, changes, world, reader, outbox, at)

    def automatic(self, changes: Sequence[RecordChange], subject: Record | None = None) -> tuple[StateEvent, ...]:
        """Return the events that happen by themselves with changes; ``subject`` is what the answer is about."""
        return tuple(
            event
            for each in happened(self._model, changes, subject)
            for event in self.automatic_of(each.ending, each.record)
        )

    def automatic_of(self, ending: Ending, record: Record) -> Sequence[StateEvent]:
        """Return the events that happen by themselves where a record is created, updated or deleted."""
        key = (record.resource, ending)
        names = self._automatic.get(key)
        if names is None:
            webhooks = self.maker.webhooks.automatic(record.resource, ending)
            names = self._automatic[key] = [mapped.webhook.name for mapped in webhooks]
        return [StateEvent(name, record) for name in names]

    def of_callbacks(
        self,
        callbacks: Sequence[Callback],
        messages: ExpressionMessages,
        record: Record | None,
        world: World,
        records: RecordReader,
        outbox: Outbox | None,
    ) -> Sequence[RecordChange]:
        """Return the rows for the callbacks of an operation that was answered; ``record`` is what the answer is about.

        One whose address is not in the messages does not happen. ``records`` are those of the world after the request.
        Raises :class:`StoreError`.
        """
        rows: list[RecordChange] = []
        at = world.now()
        pending = PendingRecords(records, rows)
        body = messages.response_body
        for callback in callbacks:
            url = filled(callback.url, messages)
            if not url:
                continue
            mapped = self._callback(callback)
            about = record if record is not None and record.resource == mapped.resource else None
            known = body if about is None and isinstance(body, dict) else {}
            event = replace(self.maker.event_of(mapped, about, world.name, at, pending, known), url=url)
            own = event_rows(event, world, pending, outbox)
            _add(pending, own)
            rows += own
        return rows

    def _callback(self, callback: Callback) -> MappedWebhook:
        """Return a callback with the resource that it is about."""
        pointer = callback.webhook.pointer
        if pointer not in self._callbacks:
            mapping = WebhookMapping(self._model.contract, self._model.inferred)
            self._callbacks[pointer] = mapping.mapped(callback.webhook)
        return self._callbacks[pointer]

    def rows(
        self,
        sends: Sequence[StateEvent],
        changes: Sequence[RecordChange],
        world: World,
        reader: RecordReader,
        outbox: Outbox | None,
        at: float | None = None,
    ) -> Sequence[RecordChange]:
        """Return the rows of events, in their order, with their deliveries; ``changes`` come about with them.

        ``at`` is when they happen, in seconds since 1970; None for now. Raises :class:`StoreError`, and
        :class:`KeyError` for an event that the contract does not have.
        """
        rows: list[RecordChange] = []
        if not sends:
            return rows
        moment = world.now() if at is None else at
        showings: ShownRecords = {}
        records = PendingRecords(reader, changes)
        for send in sends:
            event = self.maker.event(send.type, send.record, world.name, moment, records, showings)
            own = event_rows(event, world, records, outbox)
            _add(records, own)
            rows += own
        return rows


def event_rows(event: Event, world: World, records: RecordReader, outbox: Outbox | None) -> Sequence[RecordChange]:
    """Return the row of an event and those of its deliveries. Raises :class:`StoreError`."""
    deliveries = outbox.rows(event, world, records) if outbox is not None and event.is_sent else ()
    return [addition(event), *deliveries]


def _add(records: PendingRecords, changes: Sequence[RecordChange]) -> None:
    """Read records through further changes."""
    for change in changes:
        records.add(change)
