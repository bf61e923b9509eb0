"""The order of deliveries at one endpoint: as their events came, a later one waits while an earlier one is tried."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from heapq import heapify, heappop, heappush

from mock_server.webhooks.delivery import Delivery


class DeliveryLane:
    """The deliveries that wait at one endpoint. Times are seconds since 1970 by the world's clock.

    Those without a try go in their order. While an earlier one has failed and waits for its next try, they wait for it,
    ``hold`` seconds each at most. Those that are late on purpose wait for nobody, and nobody for them.
    """

    __slots__ = ("_alone", "_fresh", "_hold", "_number", "_retries")

    def __init__(self, hold: float, deliveries: Iterable[Delivery] = ()) -> None:
        self._hold = hold
        self._fresh: deque[tuple[int, Delivery]] = deque()
        self._retries: list[tuple[float, int, Delivery]] = []
        self._alone: list[tuple[float, int, Delivery]] = []
        self._number = 0
        for delivery in deliveries:
            self.add(delivery)

    def __len__(self) -> int:
        return len(self._fresh) + len(self._retries) + len(self._alone)

    def add(self, delivery: Delivery) -> None:
        """Have a delivery wait: a new one after all others, one that failed until it is due again."""
        self._number += 1
        if delivery.waits_alone:
            heappush(self._alone, (delivery.due, self._number, delivery))
        elif delivery.tries:
            heappush(self._retries, (delivery.due, self._number, delivery))
        else:
            self._fresh.append((self._number, delivery))

    def add_next(self, delivery: Delivery) -> None:
        """Have a delivery wait before all others that have had no try."""
        self._fresh.appendleft((0, delivery))

    def next_time(self) -> float | None:
        """Return when the next try is due; None where nothing waits."""
        times = [queue[0][0] for queue in (self._retries, self._alone) if queue]
        if self._fresh:
            times.append(self._fresh_time())
        return min(times, default=None)

    def pop(self) -> Delivery:
        """Take out the delivery whose try is due next; of several at one time the one that came first."""
        time = self.next_time()
        assert time is not None
        queues = [queue for queue in (self._retries, self._alone) if queue and queue[0][0] == time]
        first = min(queues, key=lambda queue: queue[0][1], default=None)
        if self._fresh and self._fresh_time() == time and (first is None or self._fresh[0][0] < first[0][1]):
            return self._fresh.popleft()[1]
        assert first is not None
        return heappop(first)[2]

    def release(self, due: float) -> list[Delivery]:
        """Have those due next that were to be overtaken, since another one has been tried that was ``due`` then.

        Return them as they are now.
        """
        overtaken = [entry for entry in self._alone if _is_to_be_overtaken(entry[2]) and entry[0] > due]
        released = [replace(delivery, due=due) for _, _, delivery in overtaken]
        for entry in overtaken:
            self._alone.remove(entry)
        self._alone += [(due, 0, delivery) for delivery in released]  # before all that came after it
        heapify(self._alone)
        return released

    def retain(self, is_there: Callable[[Delivery], bool]) -> None:
        """Have those wait alone that are still there."""
        self._fresh = deque(entry for entry in self._fresh if is_there(entry[1]))
        for queue in (self._retries, self._alone):
            queue[:] = [entry for entry in queue if is_there(entry[2])]
            heapify(queue)

    def _fresh_time(self) -> float:
        delivery = self._fresh[0][1]
        return max(delivery.due, delivery.created + self._hold) if self._retries else delivery.due


def _is_to_be_overtaken(delivery: Delivery) -> bool:
    return delivery.fault is not None and delivery.fault.kind == "reorder"
