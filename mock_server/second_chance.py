"""What stays when there is not room for all: a queue in which whoever was asked for has a second chance.

The least recently used is the wrong one to drop where more is asked for in turn than there is room for: each is gone
just before it is asked for again, and nothing is ever found. So the newest is not let in for certain. It is on
probation at first, and when its time there is over it is compared with one of those that are in: only one that nobody
has asked for since it was looked at last makes room. Of what is asked for in turn a share stays as large as the room,
up to two and a half times the room; what nobody asks for any more has gone after as many newcomers.

Nearest relatives in the literature: CLOCK (Corbató 1968), TinyLFU (Einziger, Friedman, Manes 2017) for the admission.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_PROBATION = 32
"""The part of the room, as one of so many, in which newcomers are on probation."""
_LOOKS = 8
"""How many are looked at for one to make room for a newcomer that was asked for while on probation."""
_TURNS = 3
"""Of so many looks at what was asked for, one costs it nothing: so a loop of more than twice the room finds some."""


class Item(Protocol):
    """What the queue holds. Whoever finds it sets ``lives`` to 1; ``cost`` is in bytes, and stays the same."""

    lives: int

    @property
    def cost(self) -> int:
        """Bytes that it holds."""


_I = TypeVar("_I", bound=Item)


class SecondChance(Generic[_I]):
    """Items, in as much room as there is. ``drop`` is told of each that goes."""

    def __init__(self, drop: Callable[[_I], object]) -> None:
        self._drop = drop
        self._probation: deque[_I] = deque()
        self._on_probation = 0
        """Bytes that those on probation hold."""
        self._admitted: deque[_I] = deque()
        self._turn = 0
        self.held = 0
        """Bytes that all items hold."""

    def add(self, newcomer: _I, room: int) -> None:
        """Take an item in, and drop others, or it, until all fit into so many bytes."""
        self._probation.append(newcomer)
        self._on_probation += newcomer.cost
        self.held += newcomer.cost
        while True:
            has_room, is_over = self.held <= room, self._on_probation > room // _PROBATION
            if has_room and not is_over:
                return
            if has_room:
                self._admit(self._next_on_probation())
            elif is_over or not self._admitted:
                candidate = self._next_on_probation()
                self._let_go(self._loser(candidate))
            else:
                self._let_go(self._victim(_LOOKS) or self._admitted.popleft())

    def _next_on_probation(self) -> _I:
        candidate = self._probation.popleft()
        self._on_probation -= candidate.cost
        return candidate

    def _admit(self, item: _I) -> None:
        item.lives = 1  # until the next look, whether it was asked for or not: its turn may be still to come
        self._admitted.append(item)

    def _loser(self, candidate: _I) -> _I:
        """Return what goes: an item that is in, or the candidate, where none that is looked at makes room."""
        victim = self._victim(_LOOKS if candidate.lives else 1)
        if victim is None:
            return candidate
        self._admit(candidate)
        return victim

    def _victim(self, looks: int) -> _I | None:
        """Return an item that is in and has not been asked for since the last look, taken out; None where none is."""
        for _ in range(min(looks, len(self._admitted))):
            item = self._admitted[0]
            if not item.lives:
                return self._admitted.popleft()
            self._turn = (self._turn + 1) % _TURNS
            if self._turn or looks > 1:
                item.lives = 0
                self._admitted.rotate(-1)
        return None

    def _let_go(self, item: _I) -> None:
        self.held -= item.cost
        self._drop(item)
