"""Readiness: whether requests can be answered, by named checks that run whenever readiness is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Check: TypeAlias = Callable[[], str]
"""Returns what is wrong, in words that follow ``found``; empty where nothing is. It must not block."""


class Readiness:
    """The checks of a server. It is ready when none of them finds anything wrong."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Add a check; it replaces the one of the same name."""
        self._checks[name] = check

    def troubles(self) -> Mapping[str, str]:
        """Return the result of each check by its name; an empty text means passed."""
        return {name: check() for name, check in self._checks.items()}
