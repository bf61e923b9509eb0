"""Sources of randomness: every value has one of its own, named by its place.

So adding a field or a record changes no other value, and neither the order of calls nor Python's hash seed changes any.
"""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from itertools import accumulate
from typing import TypeVar

from mock_server.core.value_class import value_class

_T = TypeVar("_T")
_MASK = 2**64 - 1
_FACTOR = 6364136223846793005
_TERM = 1442695040888963407
"""Knuth's linear congruential generator of 64 bits (The Art of Computer Programming 2, 3.3.4, table 1, line 26)."""


class RandomStream:
    """A random number generator that costs nothing to seed: Knuth's generator, of which the upper bits are used.

    A record needs some thirty sources for one or two numbers each. Seeding Python's own generator takes as long as
    drawing twenty numbers from this one; methods have the names and meanings of :class:`random.Random`.
    """

    __slots__ = ("_state",)

    def __init__(self, seed: int) -> None:
        self._state = seed

    def random(self) -> float:
        """Return a number from 0 to below 1."""
        self._state = state = self._state * _FACTOR + _TERM & _MASK
        return (state >> 11) * 2.0**-53

    def getrandbits(self, bits: int) -> int:
        """Return a whole number of so many bits."""
        number = 0
        for _ in range(0, bits, 32):
            self._state = state = self._state * _FACTOR + _TERM & _MASK
            number = number << 32 | state >> 32
        return number >> -bits % 32

    def randrange(self, start: int, stop: int | None = None) -> int:
        """Return a number from 0 to below the one bound, or from the first to below the second.

        Raises ValueError where there is none.
        """
        low, high = (0, start) if stop is None else (start, stop)
        size = high - low
        if size <= 0:
            raise ValueError(f"found the range from {low} to below {high}; expected one with a number in it")
        # 32 bits more than the size has make every number as likely as any other, but for one part in 2**32.
        bits = 64 if size < 2**32 else size.bit_length() + 32
        return low + (self.getrandbits(bits) * size >> bits)

    def randint(self, low: int, high: int) -> int:
        """Return a number from the first to the second, both included."""
        return self.randrange(low, high + 1)

    def uniform(self, low: float, high: float) -> float:
        """Return a number between two."""
        return low + (high - low) * self.random()

    def choice(self, options: Sequence[_T]) -> _T:
        """Return one of the options. Raises :class:`IndexError` where there is none."""
        self._state = state = self._state * _FACTOR + _TERM & _MASK
        return options[int((state >> 11) * 2.0**-53 * len(options))]

    def weighted(self, options: Sequence[_T], totals: Sequence[float]) -> _T:
        """Return one of the options, the likelier the more its running total exceeds the one before."""
        return options[bisect(totals, self.random() * totals[-1], 0, len(options) - 1)]


def totals(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the running totals of weights."""
    return tuple(accumulate(weights))


def _hashed(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())


@lru_cache(maxsize=4096)
def multiplier(pointer: str) -> int:
    """Return the factor of a pointer; the names of a schema's fields are few and are hashed once."""
    return _hashed(pointer) | 1


@value_class
class SeedKey:
    """The seed of one generated value: the seed of the run, the resource or operation, and the identity."""

    seed: int
    resource: str
    identity: str
    _base: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_base", _hashed(f"{self.seed}\x1f{self.resource}\x1f{self.identity}"))

    def number(self, pointer: str) -> int:
        """Return a number of 64 bits for a JSON Pointer (or another name) within the value."""
        # Multiplied, not added: then no two fields move together from one record to the next.
        return self._base * multiplier(pointer) >> 32 & _MASK

    def at(self, pointer: str) -> RandomStream:
        """Return a source of randomness for a JSON Pointer (or another name) within the value."""
        return RandomStream(self._base * multiplier(pointer) >> 32 & _MASK)

    def by(self, factor: int) -> RandomStream:
        """Return the same source as :meth:`at`, by the :func:`multiplier` of the pointer."""
        return RandomStream(self._base * factor >> 32 & _MASK)
