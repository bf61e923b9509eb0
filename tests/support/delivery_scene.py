"""A world, an outbox and a dispatcher on an event loop of the test's, without a server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from types import TracebackType

from mock_server.core.types import JSON
from mock_server.hub import MemoryHub
from mock_server.hub.model import ClockState
from mock_server.openapi.webhook_extensions import WebhookPlan
from mock_server.scenarios.delivery_fault import DeliveryFault, EventFault, FaultKind
from mock_server.server.worker_thread import WorkerThread
from mock_server.storage import DELIVERIES, FAULTS, Absence, MemoryStore, RecordChange, Store
from mock_server.webhooks.call_policy import CallPolicy
from mock_server.webhooks.delivery import Delivery, delivery_of
from mock_server.webhooks.dispatcher import WebhookDispatcher
from mock_server.webhooks.endpoint import Endpoint
from mock_server.webhooks.fault import PlannedFault
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.worlds.events.event import Event
from mock_server.worlds.world import World
from tests.support.webhook_receiver import WebhookReceivers

START = 1_700_000_000.0
_IDS = count()
SECRET = "whsec_c2VjcmV0IG9mIGEgdGVzdA=="


class DeliveryScene:
    """Events in a world whose clock stands, until the test moves it; in others it goes."""

    def __init__(
        self,
        *endpoints: Endpoint,
        plan: WebhookPlan | None = None,
        store: Store | None = None,
        most: int = 10_000,
        hub: MemoryHub | None = None,
        stands: bool = True,
        run_due: Callable[[World, float], float | None] | None = None,
    ) -> None:
        self.hub = hub or MemoryHub()
        self.bounds: Counter[str] = Counter()
        self.store: Store = store or MemoryStore()
        self.world = World("shop", self.hub)
        if stands:
            self.hub.set_clock("shop", ClockState(START))
        self._aside = WorkerThread()
        self.dispatcher = WebhookDispatcher(CallPolicy(), self._aside.run)
        self.plan = plan or WebhookPlan(retries=(2, 4, 8), timeout=5)
        self.outbox = WebhookOutbox(self.plan, self.store, self.dispatcher, endpoints, most, self.bounds, run_due)
        self._number = 0

    async def __aenter__(self) -> DeliveryScene:
        self.dispatcher.start(asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.dispatcher.stop()
        self._aside.close()

    def emit(
        self, name: str, *, body: JSON = None, world: World | None = None, url: str = "", at: float | None = None
    ) -> None:
        """Have an event happen now, or ``at`` a time, with its number in its body unless another is given."""
        world = world or self.world
        self._number += 1
        content: JSON = {"type": name, "data": {"number": self._number}} if body is None else body
        event = Event(f"{world.name}-{next(_IDS)}", name, world.now() if at is None else at, content, url=url)
        rows = self.outbox.rows(event, world, world.store(self.store))
        self.put(rows, world)

    def put(self, rows: Sequence[RecordChange], world: World | None = None) -> None:
        """Store rows, and have them delivered."""
        world = world or self.world
        assert world.apply(self.store, rows)
        self.outbox.wake(world, rows)

    def spoil(self, kind: FaultKind, *, event: str = "", times: int = 1, seconds: float = 60, tries: int = 1) -> None:
        """Have the next deliveries go wrong."""
        number = len(self.world.store(self.store).own(FAULTS)) + 1
        row = PlannedFault(f"fault-{number}", EventFault(DeliveryFault(kind, seconds, tries), event), times).row()
        assert self.world.apply(self.store, [RecordChange(FAULTS, row.handle, Absence.UNTOUCHED, row)])

    async def settle(self) -> None:
        """Wait until nothing is under way or due."""
        async with asyncio.timeout(60):
            while not self.dispatcher.is_settled(self.world):
                await asyncio.sleep(0.001)

    async def advance(self, seconds: float) -> None:
        """Move the clock, and wait for what is due then."""
        self.hub.advance_clock("shop", seconds)
        self.outbox.wake(self.world)
        await self.settle()

    def deliveries(self, world: World | None = None) -> list[Delivery]:
        """All deliveries, the oldest first."""
        return [delivery_of(row) for row in (world or self.world).store(self.store).records(DELIVERIES)]

    def told(self) -> list[tuple[str, str]]:
        """The type and the status of each delivery."""
        return [(delivery.type, delivery.status) for delivery in self.deliveries()]


def endpoint(receiver: WebhookReceivers, *events: str) -> Endpoint:
    return Endpoint("hook", receiver.url, SECRET, events, source="setting")


def played(scene: DeliveryScene, steps: Callable[[DeliveryScene], Awaitable[None]]) -> DeliveryScene:
    async def play() -> None:
        async with scene:
            await steps(scene)

    asyncio.run(play())
    return scene


def numbers(receiver: WebhookReceivers) -> list[int]:
    return [request.json["data"]["number"] for request in receiver.received]
