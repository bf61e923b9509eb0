"""Waiting for what happens elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


def until(seen: Callable[[], bool], seconds: float = 10) -> float:
    """Ask until something is seen; how many seconds that took."""
    started = monotonic()
    while not seen():
        assert monotonic() - started < seconds, "not seen"
    return monotonic() - started
