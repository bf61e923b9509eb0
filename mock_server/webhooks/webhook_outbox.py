"""The outbox of a contract: which endpoints of a world an event goes to, as rows that are stored with the event."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import count
from time import monotonic
from typing import Protocol

from mock_server.openapi.webhook_extensions import WebhookPlan
from mock_server.scenarios.delivery_fault import EventFault
from mock_server.storage import DELIVERIES, Absence, Record, RecordChange, RecordReader, Store
from mock_server.webhooks.attempt import body_text
from mock_server.webhooks.call_policy import CallRefusedError, checked_url
from mock_server.webhooks.delivery import Delivery, delivery_of, planned
from mock_server.webhooks.endpoint import Endpoint, callback_of, endpoint_of, endpoints_of
from mock_server.webhooks.shown_deliveries import DeliveryRecords, tries_by_id
from mock_server.worlds.events.event import Event
from mock_server.worlds.world import World

log = logging.getLogger("mock_server")

MOST_WAITING = 10_000
"""Deliveries that may wait in a world where the settings give no other number."""
_NUMBERS = count()
_QUIET = 60.0
"""Seconds between two lines of the log about deliveries that were not taken on."""


class DeliveryQueue(Protocol):
    """Delivers what the rows of outboxes say."""

    def wake(self, outbox: WebhookOutbox, world: World, changes: Sequence[RecordChange]) -> None:
        """Look at deliveries that were just stored; without any, at all that a world has waiting."""

    def expect(self, outbox: WebhookOutbox, world: World, due: float | None) -> None:
        """Have steps of effects taken when they are due, in seconds since 1970 by the world's clock; None for never."""

    def waiting(self, outbox: WebhookOutbox, world: World) -> int:
        """Return how many deliveries of a world wait, as far as this process knows."""

    def forget_gone(self, world: World) -> None:
        """Forget what waited in a world that has been reset since; callable from any thread, returns at once."""

    def is_settled(self, world: World) -> bool:
        """Return whether nothing of a world is under way or due."""


class WebhookOutbox:
    """Plans deliveries by what the contract says of webhooks, and has them made.

    ``standing`` are the endpoints that every world has. ``most`` deliveries may wait in each world; ``bounds`` counts
    those beyond, by the name of the setting. ``run_due`` takes the steps of effects of a world that are due by a time,
    and returns when the next ones are, None for never: both in seconds since 1970 by that world's clock.
    """

    def __init__(
        self,
        plan: WebhookPlan,
        store: Store,
        queue: DeliveryQueue,
        standing: Sequence[Endpoint] = (),
        most: int = MOST_WAITING,
        bounds: Counter[str] | None = None,
        run_due: Callable[[World, float], float | None] | None = None,
    ) -> None:
        self.number = next(_NUMBERS)
        """What it is known by: those of one contract before and after a reload are two."""
        self.plan = plan
        self.store = store
        self.standing = tuple(standing)
        self.run_due = run_due
        self._queue = queue
        self._most = most
        self._bounds: Counter[str] = Counter() if bounds is None else bounds
        self._told = -_QUIET

    def rows(self, event: Event, world: World, records: RecordReader) -> Sequence[RecordChange]:
        """Return the rows of the deliveries that an event asks for: one for each endpoint that wants it."""
        endpoints = [callback_of(event)] if event.url else self._wanting(event, records)
        if not endpoints:
            return ()
        body = body_text(event.body, event.media)
        deliveries = [planned(event, endpoint, body) for endpoint in endpoints]
        room = self._most - self._queue.waiting(self, world)
        if len(deliveries) > room:
            self._tell_of_bound(world)
            deliveries = [*deliveries[: max(0, room)], *map(self._not_taken_on, deliveries[max(0, room) :])]
        return [
            RecordChange(DELIVERIES, delivery.id, Absence.UNTOUCHED, _checked(delivery).row())
            for delivery in deliveries
        ]

    def spoilt(self, changes: Sequence[RecordChange], faults: Sequence[EventFault]) -> Sequence[RecordChange]:
        """Return changes whose new deliveries go wrong: each by the first of the faults that is for its event."""
        return [faulty for change in changes for faulty in _spoilt(change, faults)]

    @cached_property
    def computed(self) -> Mapping[str, DeliveryRecords]:
        """The records that show deliveries, by their resource; none where data names no such resource."""
        shown, endpoints = self.plan.deliveries, self.plan.endpoints
        if shown is None:
            return {}
        return {shown.resource: DeliveryRecords(shown, "" if endpoints is None else endpoints.resource)}

    def once_more(self, meaning: str, text: str, world: World, records: RecordReader) -> Sequence[RecordChange]:
        """Return the rows of deliveries that are made once more: those of an event, one, or that of a try.

        None where there is none. Raises :class:`StoreError`.
        """
        now, rows = world.now(), [row for row in records.records(DELIVERIES) if _is_meant(row, meaning, text)]
        return [RecordChange(DELIVERIES, row.handle, row, delivery_of(row).again(now).row()) for row in rows]

    def wake(self, world: World, changes: Sequence[RecordChange] = ()) -> None:
        """Have what was stored for a world delivered; callable from any thread, returns at once."""
        self._queue.wake(self, world, changes)

    def expect(self, world: World, due: float | None) -> None:
        """Have steps of effects taken when they are due; callable from any thread, returns at once."""
        self._queue.expect(self, world, due)

    def is_settled(self, world: World) -> bool:
        """Return whether nothing of a world is under way or due."""
        return self._queue.is_settled(world)

    def endpoints(self, records: RecordReader) -> Sequence[Endpoint]:
        """Return the endpoints of a world in the order in which they came."""
        return [*endpoints_of(records, self.plan, self.standing)]

    def is_open(self, delivery: Delivery, records: RecordReader) -> bool:
        """Tell whether the endpoint of a delivery is still there and enabled. Raises :class:`StoreError`."""
        if delivery.source == "callback":
            return True
        endpoint = endpoint_of(delivery.endpoint, delivery.source, records, self.plan, self.standing)
        return endpoint is not None and endpoint.is_enabled

    def _wanting(self, event: Event, records: RecordReader) -> list[Endpoint]:
        return [endpoint for endpoint in endpoints_of(records, self.plan, self.standing) if endpoint.wants(event.type)]

    def _not_taken_on(self, delivery: Delivery) -> Delivery:
        reason = f"found {self._most:,} deliveries waiting in this world; expected fewer, or a larger --max-deliveries"
        return replace(delivery, status="skipped", reason=reason)

    def _tell_of_bound(self, world: World) -> None:
        self._queue.forget_gone(world)
        self._bounds["max_deliveries"] += 1
        now = monotonic()
        if now - self._told >= _QUIET:
            self._told = now
            log.warning(
                "webhooks: found %s deliveries waiting in the world %r; expected fewer: further events are kept and not"
                " delivered. Mend its endpoint, move its clock, or start with a larger --max-deliveries",
                f"{self._most:,}",
                world.name,
            )


def _is_meant(row: Record, meaning: str, text: str) -> bool:
    """Tell whether the delivery of a row is what an id names: by its event, itself, or one of its tries."""
    if meaning == "try":
        return text in tries_by_id(delivery_of(row))
    return text == (row.handle if meaning == "delivery" else row.value.get("event"))


def _spoilt(change: RecordChange, faults: Sequence[EventFault]) -> Iterator[RecordChange]:
    """Yield the change that stores a delivery, with the fault that is for its event; any other change as it is."""
    if change.resource != DELIVERIES or not isinstance(change.after, Record):
        yield change
        return
    delivery = delivery_of(change.after)
    fault = next((each.fault for each in faults if each.is_of(delivery.type)), None)
    if fault is None or delivery.status != "pending":
        yield change
        return
    faulty = delivery.with_fault(fault)
    yield replace(change, after=faulty.row())
    if fault.kind == "duplicate":
        copy = faulty.copy()
        yield RecordChange(DELIVERIES, copy.id, Absence.UNTOUCHED, copy.row())


def _checked(delivery: Delivery) -> Delivery:
    """Return a delivery; one whose URL nobody can call has failed already, which holds no others up."""
    try:
        checked_url(delivery.url)
    except CallRefusedError as error:
        return replace(delivery, status="failed", reason=str(error))
    return delivery
