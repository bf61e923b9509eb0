"""Waiting for what happens elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

PAUSE = 0.002
"""Seconds between two looks: who looks without a pause takes the processor from what it waits for."""


def until(seen: Callable[[], bool], seconds: float = 60) -> float:
    """Ask until something is seen; how many seconds that took."""
    started = monotonic()
    while not seen():
        assert monotonic() - started < seconds, "not seen"
        sleep(PAUSE)
    return monotonic() - started
