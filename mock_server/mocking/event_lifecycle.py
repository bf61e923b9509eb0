"""The order of the events of a stream, as far as their names tell: starts, progress, ends.

Names such as ``response.created``, ``content_block_delta`` and ``messageStop`` are compounds whose last words say what
happens, and of which the shorter is about the larger thing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache

MOST = 8
"""Most events of a stream whose number nothing else determines."""
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_BEGINS = frozenset(
    {
        "accepted",
        "added",
        "begin",
        "began",
        "connect",
        "connected",
        "created",
        "create",
        "init",
        "initialized",
        "new",
        "open",
        "opened",
        "pending",
        "queued",
        "ready",
        "start",
        "started",
        "starting",
    }
)
_ENDS = frozenset(
    {
        "close",
        "closed",
        "complete",
        "completed",
        "disconnected",
        "done",
        "end",
        "ended",
        "final",
        "finish",
        "finished",
        "result",
        "stop",
        "stopped",
        "succeeded",
        "success",
    }
)
_FAILS = frozenset(
    {
        "abort",
        "aborted",
        "cancel",
        "canceled",
        "cancelled",
        "cancelling",
        "crash",
        "error",
        "errors",
        "exception",
        "expired",
        "fail",
        "failed",
        "failure",
        "incomplete",
        "refused",
        "rejected",
        "timeout",
    }
)


class LifecycleStage(IntEnum):
    """The part of a stream that an event belongs to."""

    BEGINS = 0
    GOES_ON = 1
    ENDS = 2
    FAILS = 3


@lru_cache(1024)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a compound name, in lower case."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def stage_of(name: str) -> LifecycleStage:
    """Return the stage that a name tells; :attr:`LifecycleStage.GOES_ON` where it tells none."""
    words = words_of(name)
    last = words[-1] if words else ""
    if _FAILS & {*words[-2:]}:
        return LifecycleStage.FAILS
    if last in _BEGINS or words[-2:] == ("in", "progress"):
        return LifecycleStage.BEGINS
    return LifecycleStage.ENDS if last in _ENDS else LifecycleStage.GOES_ON


def ordered(names: Sequence[str]) -> list[int]:
    """Return the indices of the events of an undisturbed stream, in a believable order, :data:`MOST` at most.

    Events about the larger thing enclose the others; equal ones stay in the given order. Failures are left out, unless
    there is nothing else.
    """
    stages = [stage_of(name) for name in names]
    usual = [index for index, stage in enumerate(stages) if stage is not LifecycleStage.FAILS] or [*range(len(names))]
    begins = sorted(
        (index for index in usual if stages[index] is LifecycleStage.BEGINS),
        key=lambda index: len(words_of(names[index])),
    )
    ends = sorted(
        (index for index in usual if stages[index] is LifecycleStage.ENDS),
        key=lambda index: -len(words_of(names[index])),
    )
    middle = [index for index in usual if stages[index] not in (LifecycleStage.BEGINS, LifecycleStage.ENDS)]
    if len(usual) <= MOST:
        return [*begins, *middle, *ends]
    about = words_of(names[middle[0]])[:-1] if middle else ()
    same = [index for index in ends if about and words_of(names[index])[:-1] == about]
    enclosing = [index for index in ends[-1:] if index not in same]
    return [*begins[:3], *middle[: MOST - 5], *same[:1], *enclosing]
