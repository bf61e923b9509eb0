"""What may be spent on saying what is wrong with a value: jsonschema's validators explain well and take their time.

What a schema has against a value was found out before, in time that is linear in the value. To say where and why takes
jsonschema a microsecond a keyword where all is simple, and for ever where ``allOf`` of ``allOf`` doubles forty times.
So its keywords count their steps. On the event loop they keep its deadline; beyond :data:`STEPS` what was found by
then is all that is said (:class:`UnexplainedError`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import TYPE_CHECKING

from mock_server.core import deadline

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError as SchemaError

STEPS = 10_000
"""Keywords that are asked for one explanation: 0.05 s, and 0.3 s where each has branches to tell of. A large
request of a real API takes a few thousand."""
UNEXPLAINED = "what the schema says, of which it would take too long to say more"
"""What was expected where nothing better can be said."""
_OFTEN = 64
"""Steps between two looks at the clock."""


class UnexplainedError(Exception):
    """An explanation that takes more steps than it may."""


class _Allowance:
    """The steps that are left of an explanation."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self) -> None:
        self.left -= 1
        if self.left % _OFTEN == 0:
            deadline.check(deadline.current())
        if self.left < 0:
            raise UnexplainedError


_ALLOWANCE: ContextVar[_Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowance(steps: int = STEPS) -> Iterator[None]:
    """Let what is explained in the block take so many steps; within another such block those of that one are left."""
    if _ALLOWANCE.get() is not None:
        yield
        return
    token = _ALLOWANCE.set(_Allowance(steps))
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


def explained(errors: Iterable[SchemaError], most: int) -> list[SchemaError]:
    """Return the first errors, at most so many.

    Where it takes too long to find all, those that were found; :class:`UnexplainedError` where there were none.
    """
    if errors == ():  # as nearly always: what is right is known to be before anything is to be explained
        return []
    collected: list[SchemaError] = []
    try:
        with allowance():
            for error in islice(errors, most):
                collected.append(error)
    except UnexplainedError:
        if not collected:
            raise
    return collected


def spend_step() -> None:
    """Count one keyword of an explanation. Raises :class:`UnexplainedError` where it has taken too many."""
    left = _ALLOWANCE.get()
    if left is not None:
        left.spend()
