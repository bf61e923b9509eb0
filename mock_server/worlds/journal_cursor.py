"""How far somebody has read a journal, whose entries several processes may have numbered, each for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import ceil
from types import MappingProxyType

PROCESS_SHIFT = 38
"""Bits of an entry's number that count; those above are the process's own, 0 where there is one process."""
MOST_PROCESSES = 256
"""Processes that a cursor knows; the last ones of more. It is in the address of a stream."""
_DIGITS = 19
"""Digits of a number of 62 bits."""


class JournalCursor:
    """The last number of each process that somebody has seen, and when: ``moment`` in milliseconds since 1970.

    A process adds entries in the order of its numbers. Numbers of all processes together have no order: what another
    process answered before may arrive later. A server that starts again begins anew with its numbers, which its entries
    tell by their time.
    """

    __slots__ = ("_last", "_moment")

    def __init__(self, last: Mapping[int, int] = MappingProxyType({}), moment: float = 0.0) -> None:
        self._last = dict(last)
        self._moment = ceil(moment)

    @classmethod
    def after(cls, ends: Iterable[tuple[int, float]]) -> JournalCursor:
        """Return the cursor of who has seen the entries of these numbers, which ended at these moments (seconds)."""
        cursor = cls()
        for number, ended in ends:
            cursor.advance(number, ended)
        return cursor

    @classmethod
    def parse(cls, text: str) -> JournalCursor | None:
        """Return the cursor that :meth:`__str__` wrote; None for another text."""
        moment, *numbers = text.split(".", MOST_PROCESSES + 1)
        if len(numbers) > MOST_PROCESSES or not all(map(_is_number, (moment, *numbers))):
            return None
        last = map(int, numbers)
        return cls({number >> PROCESS_SHIFT: number for number in last}, int(moment))

    def __str__(self) -> str:
        """Return moment and numbers, with points in between."""
        return ".".join(map(str, (self._moment, *self._last.values())))

    def has_passed(self, number: int, ended: float) -> bool:
        """Tell whether the entry of a number, which ended at a moment (seconds since 1970), has been seen."""
        return number <= self._last.get(number >> PROCESS_SHIFT, -1) and ended * 1000 <= self._moment

    def number_before(self, number: int) -> int:
        """Return the last number that was seen of the process of a number; that with which it began for none."""
        before, begin = self._last.get(number >> PROCESS_SHIFT, 0), number >> PROCESS_SHIFT << PROCESS_SHIFT
        return before if begin < before < number else begin

    def advance(self, number: int, ended: float) -> None:
        """Take note that the entry of a number has been seen, and those that its process added before."""
        process, last = number >> PROCESS_SHIFT, self._last
        if not self.has_passed(number, ended):
            last.pop(process, None)  # the process that was heard of last stands last
            last[process] = number
            self._moment = max(self._moment, ceil(ended * 1000))
            if len(last) > MOST_PROCESSES:
                del last[next(iter(last))]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS
