"""Whether requests can be answered: checks with names, asked whenever somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

Check: TypeAlias = Callable[[], str]
"""What is wrong, in words that follow ``found``; nothing where all is well. It must not wait for anything."""


class Readiness:
    """The checks of a server. It is ready when none has anything to say."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}

    def add(self, name: str, check: Check) -> None:
        """Have one more check, in place of the one of that name where there is one."""
        self._checks[name] = check

    def troubles(self) -> Mapping[str, str]:
        """What each check has to say."""
        return {name: check() for name, check in self._checks.items()}
