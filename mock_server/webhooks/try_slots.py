"""How many tries are under way at a time: few that keep this process busy, more that wait for their endpoints."""

from __future__ import annotations

import asyncio

MOST_BEGUN = 32
"""Tries that are begun at a time. The time that an endpoint has for its answer passes while others are begun: with 200
at once, on a machine so busy that it made 130 a second, endpoints that answered at once were given 1.5 s."""
SLOW_SECONDS = 1.0
"""Seconds after which a try is one that waits for its endpoint: another is begun beside it."""


class TrySlots:
    """Lets tries begin, :data:`MOST_BEGUN` at a time; with those that wait for slow endpoints ``most`` in all."""

    def __init__(self, most: int) -> None:
        self.all = asyncio.Semaphore(most)
        self.begun = asyncio.Semaphore(min(most, MOST_BEGUN))

    def slot(self) -> TrySlot:
        """Return what a try has to hold, by ``async with``, while it is under way."""
        return TrySlot(self)


class TrySlot:
    """The place of one try among all."""

    __slots__ = ("_is_slow", "_slots", "_timer")

    def __init__(self, slots: TrySlots) -> None:
        self._slots = slots
        self._is_slow = False

    async def __aenter__(self) -> None:
        await self._slots.all.acquire()
        try:
            await self._slots.begun.acquire()
        except BaseException:
            self._slots.all.release()
            raise
        self._timer = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._become_slow)

    async def __aexit__(self, *_: object) -> None:
        self._timer.cancel()
        if not self._is_slow:
            self._slots.begun.release()
        self._slots.all.release()

    def _become_slow(self) -> None:
        self._is_slow = True
        self._slots.begun.release()
