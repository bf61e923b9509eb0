"""The dispatcher: what waits in the outboxes of all worlds is delivered on the event loop of the server.

What waits is known by the rows that were stored: those of this process are told of, those of before (or of another
process) are read when their world is next met. In a store that processes share each try is claimed first, by changing
its row, so that one process makes it; and the order is that of the rows, whoever stored them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextvars import Context
from threading import Lock

from mock_server.storage import DELIVERIES, Record, RecordChange
from mock_server.webhooks.call_policy import CallPolicy
from mock_server.webhooks.delivery import delivery_of
from mock_server.webhooks.lane_runner import LaneServices, Run
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.webhooks.world_agenda import WorldAgenda
from mock_server.worlds.events.outbox import Outbox
from mock_server.worlds.world import World

MOST_AT_ONCE = 200
"""Tries that are under way at a time."""
_MANY_WORLDS = 1_000
STOP_SECONDS = 1.5
"""Seconds that a stop waits for tries under way. What is broken off is made again by who meets the world next."""
RELEASE_SECONDS = 0.2
"""Seconds that a stop waits beyond that for the store to take the claims of such tries back."""


class WebhookDispatcher:
    """Delivers what waits in the outboxes of all worlds. Before :meth:`start` nothing is delivered."""

    def __init__(self, policy: CallPolicy, run: Run) -> None:
        self._services = LaneServices(policy, run, MOST_AT_ONCE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._agendas: dict[str, dict[int, WorldAgenda]] = {}
        """What is to be done in worlds that have something waiting, by world and the number of the outbox."""
        self._most_agendas = _MANY_WORLDS
        """Worlds among them beyond which it is seen which are still there."""
        self._lock = Lock()
        self._calls: Counter[str] = Counter()
        """Calls from other threads that the event loop has not come to yet, by world."""
        self._met: set[tuple[int, str]] = set()
        """The worlds, in stores that are shared, whose rows of before were looked at."""

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Deliver from now on, on an event loop."""
        self._loop = loop

    async def stop(self) -> None:
        """Begin nothing any more; wait :data:`STOP_SECONDS` at most for what is under way.

        Claims of tries that are broken off are given back, where the store takes that in :data:`RELEASE_SECONDS`.
        """
        self._loop = None
        agendas = [agenda for of_world in self._agendas.values() for agenda in of_world.values()]
        tasks = [task for agenda in agendas for task in agenda.end()]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=RELEASE_SECONDS)
        await self._services.close()

    def wake(self, outbox: WebhookOutbox, world: World, changes: Sequence[RecordChange]) -> None:
        """Look at deliveries that were just stored; without any, at all that a world has waiting."""
        rows = [
            change.after for change in changes if change.resource == DELIVERIES and isinstance(change.after, Record)
        ]
        if rows or not changes:
            self._call(self._woken, outbox, world, rows)

    def expect(self, outbox: WebhookOutbox, world: World, due: float | None) -> None:
        """Have steps of effects taken when they are due, in seconds since 1970 by the world's clock; None for never."""
        agenda = self._agendas.get(world.name, {}).get(outbox.number)
        if (None if agenda is None else agenda.expected) != due:
            self._call(self._expecting, outbox, world, due)

    def meeting(self, outbox: Outbox | None) -> Callable[[World], None] | None:
        """Return what is to be called with the world of each request: it takes up what waits since before this process.

        None where nothing can wait since then: a store in memory does not outlive its process.
        """
        if not isinstance(outbox, WebhookOutbox) or not outbox.store.is_shared:
            return None
        chosen = outbox

        def meet(world: World) -> None:
            key = (chosen.number, world.name)
            if key not in self._met and self._loop is not None:
                self._met.add(key)
                self.wake(chosen, world, ())

        return meet

    def waiting(self, outbox: WebhookOutbox, world: World) -> int:
        """Return how many deliveries of a world wait, as far as this process knows."""
        agenda = self._agendas.get(world.name, {}).get(outbox.number)
        return 0 if agenda is None else len(agenda)

    def forget_gone(self, world: World) -> None:
        """Forget what waited in a world that has been reset since; callable from any thread, returns at once."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._forget_gone, world.name, context=Context())

    def is_settled(self, world: World) -> bool:
        """Return whether nothing of a world is under way or due."""
        agendas = [*self._agendas.get(world.name, {}).values()]
        return not (self._calls[world.name] or any(agenda.is_busy for agenda in agendas))

    def _call(self, work: Callable[..., None], outbox: WebhookOutbox, world: World, *args: object) -> None:
        """Do something on the event loop: at once where this is its thread.

        What is begun so has no part in the deadline of the request that asks for it.
        """
        loop = self._loop
        if loop is None:
            return
        if _is_running(loop):
            Context().run(work, outbox, world, *args)
            return
        with self._lock:
            self._calls[world.name] += 1

        def called() -> None:
            with self._lock:
                self._calls[world.name] -= 1
                if not self._calls[world.name]:
                    del self._calls[world.name]
            if self._loop is not None:
                work(outbox, world, *args)

        loop.call_soon_threadsafe(called, context=Context())

    def _woken(self, outbox: WebhookOutbox, world: World, rows: Sequence[Record]) -> None:
        agenda = self._agenda(outbox, world)
        for row in rows:
            agenda.add(delivery_of(row))
        if not rows:
            agenda.wake(world)

    def _expecting(self, outbox: WebhookOutbox, world: World, due: float | None) -> None:
        self._agenda(outbox, world).expect(due)

    def _forget_gone(self, world: str) -> None:
        for agenda in [*self._agendas.get(world, {}).values()]:
            agenda.forget_gone()

    def _forget_all_gone(self) -> None:
        """Forget what waits in worlds that were forgotten, whose clocks may stand for good."""
        for name in [*self._agendas]:
            self._forget_gone(name)
        self._met.clear()
        self._most_agendas = max(_MANY_WORLDS, 2 * len(self._agendas))

    def _agenda(self, outbox: WebhookOutbox, world: World) -> WorldAgenda:
        if len(self._agendas) > self._most_agendas:
            self._forget_all_gone()
        of_world = self._agendas.setdefault(world.name, {})
        agenda = of_world.get(outbox.number)
        if agenda is None:

            def leave() -> None:
                if of_world.pop(outbox.number, None) is not None and not of_world:
                    self._agendas.pop(world.name, None)

            def look_again() -> None:
                self._met.discard((outbox.number, world.name))

            agenda = of_world[outbox.number] = WorldAgenda(outbox, world, self._services, leave, look_again)
        return agenda


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
