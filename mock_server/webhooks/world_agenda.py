"""What waits in one world for its time: the tries of lanes, and steps of effects, each at its moment of the clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from math import inf
from time import monotonic

from mock_server.core.errors import HubError, StoreError, StoreLostError
from mock_server.hub.model import ClockState
from mock_server.webhooks.delivery import Delivery
from mock_server.webhooks.lane_runner import LaneRunner, LaneServices, pending_of, time_of
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.worlds.world import World

log = logging.getLogger("mock_server")

MOST_MOMENTS = 1_000
"""Moments that one move of a clock passes in their order; steps that are left are taken by the next request."""
ORDERED_SECONDS = 2.0
"""Seconds that what one move of a clock passes waits at most for tries that were due before it, all together."""
_LONGEST_SLEEP = 3_600.0
_SHORTEST_SLEEP = 0.01
_POLL = 0.02
"""Seconds until it is looked again whether another process has ended its tries."""


class WorldAgenda:
    """What one outbox has to do in one world, in the order of the world's clock.

    What a move of the clock passes is done moment by moment: steps are taken once no lane has a try due before them,
    and no try is begun before those that were due earlier at any endpoint. Requests do not wait for that: they take the
    steps that are due themselves. ``leave`` is called when nothing is to be done any more, ``on_loss`` where the store
    was lost.
    """

    def __init__(
        self,
        outbox: WebhookOutbox,
        world: World,
        services: LaneServices,
        leave: Callable[[], None],
        on_loss: Callable[[], None],
    ) -> None:
        self._outbox = outbox
        self._world = world
        self._services = services
        self._leave = leave
        self._on_loss = on_loss
        self._lanes: dict[str, LaneRunner] = {}
        self._horizon = inf
        """The time after which lanes make no try for now."""
        self.expected: float | None = None
        """When the next steps are due, as far as is known, in seconds since 1970 by the world's clock."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._walk: asyncio.Task[None] | None = None
        self._is_woken = False
        self._is_ended = False
        self._timer: asyncio.TimerHandle | None = None
        """When the next steps are due, while the clock goes."""

    def __len__(self) -> int:
        """Return how many deliveries wait, as far as this process knows."""
        return sum(len(lane) for lane in [*self._lanes.values()])

    @property
    def is_busy(self) -> bool:
        """Return whether something is under way or due."""
        return bool(self._tasks) or any(lane.is_busy for lane in [*self._lanes.values()])

    def add(self, delivery: Delivery) -> None:
        """Have a delivery wait that was just stored; drop the oldest ones where it needs no try."""
        if delivery.status == "pending":
            self._lane(delivery.lane).add(delivery)
            return
        self._services.note_end(self._outbox, self._world, delivery.id)
        self._spawn(self._sweep())

    def wake(self, world: World) -> None:
        """Look at all that waits: the clock has moved, or there are rows from before this process."""
        self._world = world
        self._is_woken = True
        self._horizon = -inf  # until it is known which steps come first
        if self._walk is None and not self._is_ended:
            self._walk = self._spawn(self._walked())

    def expect(self, due: float | None) -> None:
        """Note when the next steps are due, which somebody else has just found out."""
        if due != self.expected:
            self.expected = due
            self._spawn(self._scheduled())

    def forget_gone(self) -> None:
        """Forget deliveries whose rows are gone, as after a reset of the world."""
        for lane in [*self._lanes.values()]:
            lane.forget_gone()
        if self._timer is None:
            self.expected = None
        self._rest()

    def end(self) -> list[asyncio.Task[None]]:
        """Begin nothing any more; return the tasks that have tries under way."""
        self._is_ended = True
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        return [task for task in (lane.end() for lane in self._lanes.values()) if task is not None]

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._rest()

    def _rest(self) -> None:
        """Leave where there is nothing more to do or to remember."""
        if not (self._tasks or self._lanes or self._timer or self.expected is not None):
            self._leave()

    async def _walked(self) -> None:
        """Do what is due in the order of its times, and see when the next steps are."""
        try:
            while self._is_woken and not self._is_ended:
                self._is_woken = False
                await self._look()
                await self._pass_moments()
        except (StoreError, HubError) as error:
            log.warning("what is due in the world %r is not done for now: %s", self._world.name, error)
        except Exception:
            log.exception("what is due in the world %r: the mock server failed", self._world.name)
        finally:
            self._walk = None
            self._let_go(inf)

    async def _pass_moments(self) -> None:
        """Make tries and take steps that are due, those of one moment after those of another."""
        until = monotonic() + ORDERED_SECONDS
        due = await self._taken(-inf)
        for _ in range(MOST_MOMENTS):
            if self._is_woken:  # the clock was moved meanwhile
                return
            clock, now = await self._services.run(time_of, self._world)
            # By the real time what is due first has begun first, and endpoints do not wait for one another.
            is_ordered = clock != ClockState() and monotonic() < until
            first = await self._first_try(until) if is_ordered else None
            if first is not None and first <= min(now, inf if due is None else due):
                self._let_go(first)
                await self._lanes_at_rest(until)
            elif due is not None and due <= now:
                self._horizon = max(self._horizon, due)
                due = await self._taken(due)
                if is_ordered:
                    await self._lanes_at_rest(until)
            else:
                break
        self.expected = due
        await self._scheduled()

    async def _taken(self, until: float) -> float | None:
        """Take the steps that are due by a time of the world; return when the next are, None where none wait."""
        run_due = self._outbox.run_due
        return None if run_due is None else await self._services.run(run_due, self._world, until)

    async def _first_try(self, until: float) -> float | None:
        """Return when the first try is due that lanes have not made; None where none of them waits.

        It is none, too, where a lane does not make the try that is due first: nobody waits for that lane then.
        """
        if self._outbox.store.is_shared and self._horizon == -inf:
            for lane in [*self._lanes.values()]:
                lane.read_again()
            self._let_go(-inf)
            await self._lanes_at_rest(until)
        times = [time for lane in self._lanes.values() if (time := lane.next_time()) is not None]
        first = min(times, default=None)
        return None if first is None or first <= self._horizon else first

    async def _lanes_at_rest(self, until: float) -> None:
        """Wait until no lane has a try under way or due, or until a time of :func:`time.monotonic`."""
        while (seconds := until - monotonic()) > 0:
            busy = [lane for lane in self._lanes.values() if lane.is_busy]
            if not busy:
                return
            tasks = [lane.task for lane in busy if lane.task is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=seconds)
            else:
                await asyncio.sleep(_POLL)

    def _let_go(self, horizon: float) -> None:
        """Have lanes make the tries that are due by a time of the world."""
        self._horizon = horizon
        if self._is_ended:
            return
        for lane in [*self._lanes.values()]:
            time = lane.next_time()
            if abs(horizon) == inf or (time is not None and time <= horizon):
                lane.poke(self._world)

    async def _scheduled(self) -> None:
        """Have the next steps taken when they are due, if the clock goes."""
        try:
            clock, now = await self._services.run(time_of, self._world)
        except (StoreError, HubError) as error:
            log.warning("what is due in the world %r is not done for now: %s", self._world.name, error)
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.expected is not None and clock.stands_at is None and not self._is_ended:
            delay = min(max(_SHORTEST_SLEEP, self.expected - now), _LONGEST_SLEEP)
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)

    def _due(self) -> None:
        self._timer = None
        self.wake(self._world)

    async def _look(self) -> None:
        """Have a lane for each endpoint for which something waits in a store that processes share."""
        if not self._outbox.store.is_shared:
            return
        try:
            names = await self._services.run(lanes_of_rows, self._outbox, self._world)
        except StoreLostError:  # the store says so itself; the next request to the world looks again
            self._on_loss()
            return
        for name in names:
            self._lane(name)

    async def _sweep(self) -> None:
        """Drop the oldest deliveries of the world that need no more tries, where there are too many."""
        outbox, world = self._outbox, self._world
        try:
            changes = await self._services.run(self._services.evictions, outbox, world)
            if changes and outbox.store.is_shared:
                await self._services.run(world.apply, outbox.store, changes)
            elif changes:
                world.apply(outbox.store, changes)
        except (StoreError, HubError) as error:
            log.warning("webhooks: old deliveries of the world %r stay for now: %s", world.name, error)

    def _lane(self, name: str) -> LaneRunner:
        lane = self._lanes.get(name)
        if lane is None:

            def leave() -> None:
                self._lanes.pop(name, None)
                self._rest()

            lane = LaneRunner(self._outbox, self._world, name, self._services, leave, lambda: self._horizon)
            self._lanes[name] = lane
        return lane


def lanes_of_rows(outbox: WebhookOutbox, world: World) -> Sequence[str]:
    """Return the lanes of a world in which something waits, by the rows of its store. Raises :class:`StoreError`."""
    return [*dict.fromkeys(delivery.lane for delivery in pending_of(outbox, world))]
