"""What goes when there is not room for all: of two policies the one that finds more, as they are compared all along.

*Recency* drops what was asked for longest ago. It is right for sets that change, and finds nothing of a loop that is
larger than the room: each item goes just before it is asked for again.

*Resistance* lets a newcomer in only in place of an item that was not asked for since the newcomer was asked for the
time before. In a loop there is none, however long it is: what is in stays, and of a loop of ``n`` with room for ``m``
the part ``m / n`` is found. What comes back sooner than something that is in has its place the second time.

Items are parted by a digest of their key. A twenty-fourth has recency and another one resistance for good; the rest
does what finds more there (set dueling). Nearest relatives in the literature: DIP (Qureshi et al. 2007), LIRS (Jiang,
Zhang 2002), and the pool of candidates by which Redis comes close to recency without a list to keep in order.

Before an item goes for a newcomer that was there before, some are made smaller, where that can be done: so a set that
is a little larger than the room keeps its items. For what is new nothing is made smaller.

Time is counted in newcomers. Who finds an item sets its ``stamp`` to :attr:`Eviction.now`: that is all that a hit
costs.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Hashable
from operator import attrgetter
from sys import getsizeof
from typing import Generic, Protocol, TypeVar

SAMPLE = 24
"""The part of the items, as one of so many, in which a policy is tried: large enough to tell, small enough to lose."""
_PROBATION = 32
"""The part of the room, as one of so many, in which newcomers are for a while, whatever is in."""
_LOOKS = 16
"""Items that are looked at for one that goes."""
_CANDIDATES = 32
"""Of those looked at, the oldest, which are looked at again the next time."""
_TICKS = 256
"""Parts of the time in which as many newcomers come as there are items: the grain of stamps."""
_MARGIN = 4
"""By the how manieth part of a trial's items one policy has to miss less than the other to take its place."""
_LEAST = 8
"""The same where trials are small, in items."""
_TRACE = 320
"""Bytes of room for which there is a place to remember what went."""
_LOW = 0xFFFF


class Item(Protocol):
    """What has a place. Whoever finds it sets ``stamp``; ``size`` is in bytes, and stays the same until it shrinks."""

    stamp: int

    @property
    def size(self) -> int:
        """Bytes that it holds."""

    @property
    def key(self) -> Hashable:
        """What it is found by."""


_I = TypeVar("_I", bound=Item)
_stamp = attrgetter("stamp")


class Eviction(Generic[_I]):
    """Items, in as much room as there is. ``drop`` is told of each that goes.

    ``shrink`` makes an item smaller, and returns whether it has.
    """

    def __init__(self, drop: Callable[[_I], object], shrink: Callable[[_I], bool] | None = None) -> None:
        self._drop = drop
        self._shrink = shrink
        self.now = 1
        """The time, for stamps."""
        self._since_tick = 0
        """Newcomers since the time went on."""
        self._count = 0
        self._held = 0
        self._trial_of_recency, self._trial_of_resistance, self._rest = _Part[_I](), _Part[_I](), _Part[_I]()
        self._parts = (self._trial_of_recency, self._trial_of_resistance, self._rest)
        self._trial_of_recency.has_recency = True
        self._excess = 0
        """Items of the rest that would not have been missed by the other policy, as its trial tells."""
        self._traces = _Traces()

    @property
    def held(self) -> int:
        """Bytes that all items hold, and what is remembered of others."""
        return self._held + self._traces.cost

    def add(self, newcomer: _I, room: int) -> None:
        """Take an item in, and drop others, or it, until all fit into so many bytes."""
        self._go_on()
        digest = hash(newcomer.key)
        part = self._part_of(digest)
        is_full = self.held + newcomer.size > room
        before = self._traces.find(digest, self.now) if is_full else None
        newcomer.stamp = self.now
        self._count += 1
        self._held += newcomer.size
        part.held += newcomer.size
        if is_full:
            self._compare(part)
            self._traces.begin(room)
        if before is not None:
            self._shrink_some(part, room)
        is_missed = before is not None and self.held > room and not part.has_recency
        victim = part.victim(before) if before is not None and is_missed else None
        if victim is not None:
            part.admitted.append(newcomer)
            self._let_go(part, victim)
        elif before is not None and self.held <= room:
            part.admitted.append(newcomer)
        else:
            part.enter(newcomer, self.now if before is None else before)
        while self.held > room and self._count:
            fullest = max(self._parts, key=lambda part: part.held / self._share(part, room))
            self._make_room(fullest, self._share(fullest, room))
        if not is_full:
            part.admit_beyond(self._share(part, room) // _PROBATION)

    def _shrink_some(self, part: _Part[_I], room: int) -> None:
        """Make admitted items of a part smaller until all fit; a few at most."""
        for _ in range(0 if self._shrink is None else min(_LOOKS, len(part.admitted))):
            if self.held <= room:
                break
            item = part.admitted.popleft()
            size = item.size
            if self._shrink is not None and self._shrink(item):
                part.held += item.size - size
                self._held += item.size - size
            part.admitted.append(item)

    def _go_on(self) -> None:
        self._since_tick += 1
        if self._since_tick * _TICKS >= self._count:
            self._since_tick = 0
            self.now += 1

    def _part_of(self, digest: int) -> _Part[_I]:
        place = digest % SAMPLE
        return self._parts[place] if place < 2 else self._rest

    def _share(self, part: _Part[_I], room: int) -> float:
        return max(room, 1) * ((SAMPLE - 2) / SAMPLE if part is self._rest else 1 / SAMPLE)

    def _compare(self, part: _Part[_I]) -> None:
        """Note that an item of a part was missed; where the rest misses more than the other policy, have it there.

        Not the two trials: in a loop that is hardly larger than the room a trial of recency may have fewer items than
        there is room for, and find all of them, where the rest finds none.
        """
        other = self._trial_of_resistance if self._rest.has_recency else self._trial_of_recency
        if part is not self._rest and part is not other:
            return
        enough = max(_LEAST, self._count // (SAMPLE * _MARGIN)) * (SAMPLE - 2)
        self._excess = max(self._excess + (1 if part is self._rest else 2 - SAMPLE), -enough)
        if self._excess >= enough:
            self._rest.has_recency = not self._rest.has_recency
            self._excess = 0

    def _make_room(self, part: _Part[_I], share: float) -> None:
        """Let one item of a part go."""
        if part.has_recency:
            part.admit_beyond(share / _PROBATION)
            self._let_go(part, part.oldest() or part.leave()[0])
        elif part.on_probation > share / _PROBATION or not part.is_any_admitted:
            candidate, since = part.leave()
            victim = part.victim(since) if candidate.stamp > since else None
            if victim is not None:
                part.admitted.append(candidate)
            self._let_go(part, victim or candidate)
        else:
            self._let_go(part, part.oldest() or part.leave()[0])

    def _let_go(self, part: _Part[_I], item: _I) -> None:
        part.held -= item.size
        self._held -= item.size
        self._count -= 1
        self._traces.leave(hash(item.key), item.stamp)
        self._drop(item)


class _Part(Generic[_I]):
    """The items of some keys, which have one policy."""

    def __init__(self) -> None:
        self.has_recency = False
        self.held = 0
        """Bytes of all items."""
        self.on_probation = 0
        """Bytes of those on probation."""
        self._probation: deque[_I] = deque()
        self._since: deque[int] = deque()
        """When each on probation was asked for before it came, or when it came."""
        self.admitted: deque[_I] = deque()
        self._candidates: list[_I] = []
        """Admitted ones that were asked for longer ago than those that were looked at with them, the oldest last."""

    @property
    def is_any_admitted(self) -> bool:
        """Whether any item is in that is not on probation."""
        return bool(self.admitted or self._candidates)

    def enter(self, newcomer: _I, since: int) -> None:
        """Take an item in on probation."""
        self._probation.append(newcomer)
        self._since.append(since)
        self.on_probation += newcomer.size

    def leave(self) -> tuple[_I, int]:
        """Take out the item that is on probation longest, and since when."""
        item = self._probation.popleft()
        self.on_probation -= item.size
        return item, self._since.popleft()

    def admit_beyond(self, size: float) -> None:
        """Let in those on probation that are beyond so many bytes."""
        while self.on_probation > size:
            self.admitted.append(self.leave()[0])

    def oldest(self) -> _I | None:
        """Take out about the item that was asked for longest ago; None where none is admitted."""
        self._look()
        return self._candidates.pop() if self._candidates else None

    def victim(self, since: int) -> _I | None:
        """Take out an item that nobody has asked for since then; None where none is found."""
        self._look()
        return self._candidates.pop() if self._candidates and self._candidates[-1].stamp < since else None

    def _look(self) -> None:
        """Look at the next items, and keep the oldest of all that were looked at as candidates."""
        candidates, admitted = self._candidates, self.admitted
        for _ in range(min(_LOOKS, len(admitted))):
            candidates.append(admitted.popleft())
        candidates.sort(key=_stamp, reverse=True)
        younger = len(candidates) - _CANDIDATES
        if younger > 0:
            admitted.extend(candidates[:younger])
            del candidates[:younger]


class _Traces:
    """When items that went were last asked for: a table of four bytes each, in which later ones write over others."""

    def __init__(self) -> None:
        self._table = array("I")
        self.cost = 0
        """Bytes of the table."""

    def begin(self, room: int) -> None:
        """Have a table that goes with so many bytes of room, where there is none."""
        if not self._table:
            self._table = array("I", [0]) * max(1, room // _TRACE)
            self.cost = getsizeof(self._table)

    def leave(self, digest: int, stamp: int) -> None:
        """Remember when an item was asked for that goes."""
        if self._table:
            place, sign = self._place(digest)
            self._table[place] = sign << 16 | stamp & _LOW

    def find(self, digest: int, now: int) -> int | None:
        """Return when an item was asked for last; None where that is not known (any more)."""
        if not self._table:
            return None
        place, sign = self._place(digest)
        trace = self._table[place]
        return now - (now - trace & _LOW) if trace and trace >> 16 == sign else None

    def _place(self, digest: int) -> tuple[int, int]:
        rest, place = divmod(digest & 0x7FFFFFFFFFFFFFFF, len(self._table))
        return place, rest & _LOW
