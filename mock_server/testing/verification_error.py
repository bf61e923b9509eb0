"""The error of a verification that fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class VerificationError(AssertionError):
    """Raised where other than so many requests match as are expected.

    ``pattern`` is what was asked for, ``near_misses`` what came nearest, as the admin API shows it: the ``request``,
    and its ``differences`` in words.
    """

    def __init__(
        self, message: str, pattern: Mapping[str, Any] | None = None, near_misses: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message)
        self.pattern: Mapping[str, Any] = pattern or {}
        self.near_misses = near_misses
