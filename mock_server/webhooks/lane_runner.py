"""What delivers at one endpoint of one world, one try after the other, as long as something is due."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from itertools import islice
from secrets import token_hex
from time import time
from typing import Protocol, TypeVar

from mock_server.core.errors import HubError, StoreError, StoreFullError
from mock_server.core.extras import MissingExtraError, needed_extra
from mock_server.hub.model import ClockState
from mock_server.storage import DELIVERIES, Absence, Cause, OwnRow, Record, RecordChange, RecordQuery
from mock_server.webhooks.attempt import attempted
from mock_server.webhooks.call_policy import CallPolicy
from mock_server.webhooks.delivery import WAITS, Delivery, delivery_of, lane_of
from mock_server.webhooks.endpoint import disabling
from mock_server.webhooks.endpoint_caller import EndpointCaller, UninstalledCaller
from mock_server.webhooks.fault import use_fault
from mock_server.webhooks.lane import DeliveryLane
from mock_server.webhooks.try_slots import TrySlots
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.worlds.world import World

log = logging.getLogger("mock_server")

MOST_FINISHED = 1_000
"""Deliveries of a world that are kept after their last try; the oldest go."""
MOST_WORLDS = 20_000
"""Worlds of which is known which deliveries are the oldest."""
_LONGEST_SLEEP = 3_600.0
_PAUSE = 1.0
"""Seconds until a store or a hub that did not answer is asked again."""
_POLL = 0.05
"""Seconds until it is looked at again what another process has under way."""
_LEEWAY = 5.0
"""Seconds that a claim lasts beyond the longest try."""

_T = TypeVar("_T")


class Run(Protocol):
    """Runs work that may have to wait, without holding up the event loop."""

    def __call__(self, work: Callable[..., _T], *args: object) -> Awaitable[_T]:
        """Return what the work returns; it may be started twice."""


class LaneServices:
    """What all lanes share: who calls endpoints, how many at a time, and which deliveries are to go."""

    def __init__(self, policy: CallPolicy, run: Run, most: int) -> None:
        self._policy = policy
        self.run = run
        self.slots = TrySlots(most)
        self.process = token_hex(8)
        """The name of this process in claims."""
        self._failures: OrderedDict[tuple[int, str, str], int] = OrderedDict()
        """How many deliveries in a row have failed for good, by lane."""
        self._finished: OrderedDict[tuple[int, str], deque[str]] = OrderedDict()

    @cached_property
    def caller(self) -> EndpointCaller:
        """Who calls endpoints. Made at first use: its library takes 50 ms to import, and is that of an extra."""
        try:
            with needed_extra("webhooks", "aiohttp", "webhooks"):
                from mock_server.webhooks.http_caller import HttpCaller
        except MissingExtraError as error:
            return UninstalledCaller(str(error))
        return HttpCaller(self._policy)

    def note_end(self, outbox: WebhookOutbox, world: World, id: str) -> bool:
        """Note that a delivery needs no more tries; return whether there are too many of those."""
        key = (outbox.number, world.name)
        ended = self._finished.setdefault(key, deque())
        ended.append(id)
        self._finished.move_to_end(key)
        if len(self._finished) > MOST_WORLDS:
            self._finished.popitem(last=False)
        return len(ended) > MOST_FINISHED

    def failures(self, outbox: WebhookOutbox, world: World, delivery: Delivery) -> int:
        """Count a delivery that needs no more tries; return how many of its lane have failed in a row."""
        key = (outbox.number, world.name, delivery.lane)
        if delivery.status == "succeeded":
            self._failures.pop(key, None)
        if delivery.status != "failed":
            return 0
        self._failures[key] = self._failures.get(key, 0) + 1
        self._failures.move_to_end(key)
        if len(self._failures) > MOST_WORLDS:
            self._failures.popitem(last=False)
        return self._failures[key]

    def evictions(self, outbox: WebhookOutbox, world: World) -> list[RecordChange]:
        """Return the changes that drop the oldest deliveries of a world, of which there are too many.

        Raises :class:`StoreError`.
        """
        ended = self._finished.get((outbox.number, world.name))
        if ended is None or len(ended) <= MOST_FINISHED:
            return []
        ids = [*islice(ended, len(ended) - MOST_FINISHED)]
        rows = [(name, row_of(outbox, world, name)) for name in ids]
        for _ in ids:  # only now: reading them may have to begin anew
            ended.popleft()
        return [
            RecordChange(DELIVERIES, name, row, Absence.UNTOUCHED)
            for name, row in rows
            if isinstance(row, Record) and row.value.get("status") != "pending"
        ]

    async def close(self) -> None:
        """Close all connections."""
        if "caller" in self.__dict__:
            await self.caller.close()


def row_of(outbox: WebhookOutbox, world: World, id: str) -> OwnRow:
    """Return the row of a delivery. Raises :class:`StoreError`."""
    return world.store(outbox.store).own_row(DELIVERIES, id)


def pending_of(outbox: WebhookOutbox, world: World, lane: str | None = None) -> Sequence[Delivery]:
    """Return the deliveries of a world that wait, in the order of their events; only those of a lane, if one is named.

    Raises :class:`StoreError`.
    """
    rows = world.store(outbox.store).records(DELIVERIES, RecordQuery(text=WAITS + (lane or "")))
    return [delivery_of(row) for row in rows if row.value.get("status") == "pending" and lane in (None, lane_of(row))]


def time_of(world: World) -> tuple[ClockState, float]:
    """Return the clock and the time of a world. Raises :class:`HubError`."""
    clock = world.clock()
    return clock, clock.now(world.hub.now())


class LaneRunner:
    """Delivers at one endpoint of one world. ``leave`` is called when nothing waits any more.

    No try is begun that is due after the ``horizon`` of the time: whoever moves that pokes the lane.
    In a store that processes share, what waits is read before a try where something may have come that is to go before
    it; each row is looked at before its try, and claimed.
    """

    def __init__(
        self,
        outbox: WebhookOutbox,
        world: World,
        name: str,
        services: LaneServices,
        leave: Callable[[], None],
        horizon: Callable[[], float],
    ) -> None:
        self._outbox = outbox
        self._world = world
        self._name = name
        self._services = services
        self._leave = leave
        self._horizon = horizon
        self._lane = DeliveryLane(outbox.plan.hold)
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_poked = False
        self._is_unread = outbox.store.is_shared
        """Whether rows are to be read, whatever is due."""
        self._is_outdated = False
        """Whether rows are to be read before the next try: others may have stored some before the last of them."""
        self._is_ended = False
        self._is_behind = False
        """Whether another process has a try under way for which this one waits."""
        self._under_way = 0
        self._outcome: tuple[Record, Delivery, float] | None = None
        """What came of the last try, until it is stored: the row, the delivery after it, and when it was due."""

    def __len__(self) -> int:
        return len(self._lane) + self._under_way

    def next_time(self) -> float | None:
        """Return when the next try is due by the world's clock, as far as this process knows; None for never."""
        return self._lane.next_time()

    @property
    def task(self) -> asyncio.Task[None] | None:
        """Return the task that makes tries; None where none is under way."""
        return self._task

    @property
    def is_busy(self) -> bool:
        """Return whether something is under way or due."""
        return self._task is not None or self._is_behind

    def forget_gone(self) -> None:
        """Forget deliveries whose rows are gone, as after a reset of the world."""
        if self._outbox.store.is_shared:
            self.read_again()
            self.poke()
            return
        self._lane.retain(lambda delivery: isinstance(row_of(self._outbox, self._world, delivery.id), Record))
        if self._task is None and not self._lane:
            self.end()
            self._leave()

    def add(self, delivery: Delivery) -> None:
        """Have a delivery wait that was just stored, and deliver what is due."""
        if delivery.tries or delivery.once:  # it may wait already, for a later time
            self._lane.retain(lambda other: other.id != delivery.id)
        self._lane.add(delivery)
        self._is_outdated = self._outbox.store.is_shared
        self.poke()

    def read_again(self) -> None:
        """Have rows read that others may have stored, before anything else is done."""
        self._is_unread = self._outbox.store.is_shared

    def poke(self, world: World | None = None) -> None:
        """Look whether something is due: the clock has moved, or other rows are there."""
        self._world = world or self._world
        self._is_poked = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None and not self._is_ended:
            self._task = asyncio.get_running_loop().create_task(self._run())

    def end(self) -> asyncio.Task[None] | None:
        """Begin no more tries; return the task that has one under way, if any."""
        self._is_ended = True
        if self._timer is not None:
            self._timer.cancel()
        return self._task

    async def _run(self) -> None:
        try:
            while self._is_poked and not self._is_ended:
                self._is_poked = self._is_behind = False
                await self._deliver_what_is_due()
        except (StoreError, HubError) as error:
            log.warning(
                "webhooks: %s in the world %r is not delivered for now: %s", self._name, self._world.name, error
            )
            self.read_again()
            self._sleep(_PAUSE)
        except Exception:
            log.exception("webhooks: %s in the world %r: the mock server failed", self._name, self._world.name)
        finally:
            self._task = None
            if self._timer is None and not self._lane:
                self._leave()

    async def _deliver_what_is_due(self) -> None:
        has_tried = False
        await self._store_outcome()
        while not self._is_ended:
            if self._is_unread:
                self._is_unread = self._is_outdated = has_tried = False
                self._lane = await self._services.run(self._read)
            due = self._lane.next_time()
            clock, now = await self._services.run(time_of, self._world)
            if (due is None or due > now) and has_tried:
                self.read_again()  # what others have stored meanwhile
                has_tried = False
                if self._is_unread:
                    continue
            if due is None:
                return
            if due > now:
                if clock.stands_at is None:
                    self._sleep(min(due - now, _LONGEST_SLEEP))
                return
            if due > self._horizon():
                return
            if self._is_outdated:
                self._is_unread = True
                continue
            delivery = self._lane.pop()
            self._under_way = 1
            try:
                async with self._services.slots.slot():
                    # While a test moves the clock, tries are made at the times at which they were due.
                    is_claimed = await self._deliver(delivery, now if clock == ClockState() else due)
            finally:
                self._under_way = 0
            has_tried = True
            if not is_claimed:
                self.read_again()
                self._is_behind = True
                self._sleep(_POLL)
                return

    def _sleep(self, seconds: float) -> None:
        if not self._is_ended:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._wake_up)

    def _wake_up(self) -> None:
        self._timer = None
        self.poke()

    def _read(self) -> DeliveryLane:
        return DeliveryLane(self._outbox.plan.hold, pending_of(self._outbox, self._world, self._name))

    async def _deliver(self, delivery: Delivery, at: float) -> bool:
        """Make a try, if the delivery still waits; return False where another process has it under way."""
        row, is_open = await self._services.run(self._stored, delivery)
        if row is None:
            return True
        current = delivery_of(row)
        if current.claim not in ("", self._services.process) and current.claimed > time():
            return False
        if (current.tries, current.due) != (delivery.tries, delivery.due) and self._outbox.store.is_shared:
            self.read_again()  # another process has made a try
            return True
        if not is_open:
            reason = "found its endpoint gone or disabled; expected one that is enabled"
            await self._end(row, replace(current, status="skipped", reason=reason))
            return True
        faulty = await self._with_fault(current, row)
        if faulty is None:
            return True
        current, row = faulty
        if self._outbox.store.is_shared:
            until = time() + self._outbox.plan.timeout + _LEEWAY
            current = replace(current, claim=self._services.process, claimed=until)
            claimed = current.row()
            if not await self._write(row, claimed):
                return False
            row = claimed
        try:
            after = await attempted(current, self._outbox.plan, self._services.caller, at)
        except asyncio.CancelledError:
            await self._release(current, row)
            raise
        self._outcome = row, after, current.due
        await self._store_outcome()
        return True

    async def _release(self, delivery: Delivery, row: Record) -> None:
        """Give back the claim of a try that is broken off: whoever makes it next need not wait until it ends."""
        if delivery.claim:
            with suppress(StoreError, HubError):
                await self._write(row, replace(delivery, claim="", claimed=0.0).row())

    async def _store_outcome(self) -> None:
        """Store what came of the last try: before the next, since one of which nothing is stored is made once more.

        Raises :class:`StoreError`, and then it is to be called again.
        """
        if self._outcome is not None:
            await self._note(*self._outcome)
            self._outcome = None

    async def _with_fault(self, delivery: Delivery, row: Record) -> tuple[Delivery, Record] | None:
        """Return a delivery and its row with the fault that is planned for it; None where it is not sent now."""
        if delivery.tries or delivery.fault is not None:
            return delivery, row
        fault, changes = await self._services.run(use_fault, delivery.type, self._world.store(self._outbox.store))
        if fault is None:
            return delivery, row
        after = delivery.with_fault(fault)
        if fault.kind == "duplicate":
            copy = after.copy()
            changes = [*changes, RecordChange(DELIVERIES, copy.id, Absence.UNTOUCHED, copy.row())]
            self._lane.add_next(copy)
        after_row = after.row()
        if not await self._write(row, after_row, changes):
            self._lane.add_next(delivery)  # another was quicker with the fault: it begins anew
            return None
        if fault.is_late:
            self._lane.add(after)
            return None
        return after, after_row

    async def _note(self, row: Record, after: Delivery, due: float) -> None:
        """Store what came of a try that was ``due`` then, and have the delivery wait for the next if there is one."""
        if after.status != "pending":
            await self._end(row, after)
        elif await self._write(row, after.row()):
            self._lane.add(after)
        for overtaken in self._lane.release(due):
            if not self._outbox.store.is_shared:
                continue
            waiting, _ = await self._services.run(self._stored, overtaken)
            if waiting is not None:
                await self._write(waiting, overtaken.row())

    async def _end(self, row: Record, after: Delivery) -> None:
        """Store that a delivery needs no more tries; the oldest of so many go."""
        if after.status == "failed":
            log.info("webhooks: %s to %s failed for good: %s", after.type, after.url, _reason(after))
        outbox, world, services = self._outbox, self._world, self._services
        evicted = (
            await services.run(services.evictions, outbox, world) if services.note_end(outbox, world, after.id) else ()
        )
        if not await self._write(row, after.row(), evicted):
            await self._write(row, after.row())
        await self._disable_after(after)

    async def _disable_after(self, delivery: Delivery) -> None:
        """Disable an endpoint of which so many deliveries in a row have failed for good."""
        most = self._outbox.plan.disable_after
        if most and self._services.failures(self._outbox, self._world, delivery) >= most:
            records = self._world.store(self._outbox.store)
            change = await self._services.run(disabling, delivery.endpoint, delivery.source, records, self._outbox.plan)
            if change is not None:
                await self._apply([change])

    def _stored(self, delivery: Delivery) -> tuple[Record | None, bool]:
        """Return the row of a delivery, None where it waits no more, and whether its endpoint is there and enabled.

        Raises :class:`StoreError`.
        """
        records = self._world.store(self._outbox.store)
        row = records.own_row(DELIVERIES, delivery.id)
        if not isinstance(row, Record) or row.value.get("status") != "pending":
            return None, False
        return row, self._outbox.is_open(delivery, records)

    async def _write(self, before: Record, after: Record, changes: Sequence[RecordChange] = ()) -> bool:
        """Change the row of a delivery; return False where it is not what it was, as in a world that was reset."""
        try:
            return await self._apply([RecordChange(DELIVERIES, after.handle, before, after), *changes])
        except StoreFullError as error:
            log.warning("webhooks: an answer to %s is not kept: %s", before.value.get("type"), error)
            brief = replace(delivery_of(after), tries=())
            return await self._apply([RecordChange(DELIVERIES, after.handle, before, brief.row())])

    async def _apply(self, changes: Sequence[RecordChange]) -> bool:
        world, base = self._world, self._outbox.store
        cause = Cause("webhooks", "", 0.0)
        if base.is_shared:
            return await self._services.run(world.apply, base, changes, cause)
        # In memory it takes microseconds, and what may be started twice would find its own changes there.
        return world.apply(base, changes, cause)


def _reason(delivery: Delivery) -> str:
    last = delivery.tries[-1] if delivery.tries else None
    return delivery.reason or (last.error or f"status {last.status}" if last is not None else "")
