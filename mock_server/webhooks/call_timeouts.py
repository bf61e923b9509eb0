"""Timeouts of calls that do not count the time in which this process was busy with something else."""

from __future__ import annotations

import asyncio

TICK = 0.25
"""Seconds between two looks whether the event loop has been held up."""
_LATE = 0.05
"""Seconds by which a look may be late."""


class CallTimeouts:
    """Gives calls on one event loop their time: where the loop was held up, what has come is read before they end."""

    def __init__(self) -> None:
        self._limits: set[asyncio.Timeout] = set()
        self._tick: asyncio.TimerHandle | None = None

    def add(self, limit: asyncio.Timeout) -> None:
        """Look after a timeout."""
        self._limits.add(limit)
        if self._tick is None:
            self._look_later()

    def discard(self, limit: asyncio.Timeout) -> None:
        """Look after a timeout no more."""
        self._limits.discard(limit)

    def close(self) -> None:
        """Look after none of them any more."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._tick = loop.call_later(TICK, self._look, loop.time() + TICK)

    def _look(self, due: float) -> None:
        self._tick = None
        late = asyncio.get_running_loop().time() - due
        if late > _LATE:
            for limit in self._limits:
                if (when := limit.when()) is not None and not limit.expired():
                    limit.reschedule(when + late)
        if self._limits:
            self._look_later()
