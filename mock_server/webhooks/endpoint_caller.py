"""Who calls endpoints, as deliveries know it, and who stands in where the library for it is not installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mock_server.core.value_class import value_class
from mock_server.webhooks.call_policy import CallRefusedError


@value_class
class CallOutcome:
    """What came of a call: status and body, or what was wrong."""

    status: int | None = None
    response: str = ""
    error: str = ""


class EndpointCaller(Protocol):
    """Calls endpoints by HTTP."""

    async def call(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes, timeout: float
    ) -> CallOutcome:
        """Return what comes of a request within so many seconds.

        Raises :class:`CallRefusedError` for a URL, a host or an address that may not be called.
        """

    async def close(self) -> None:
        """Close all connections."""


class UninstalledCaller:
    """Refuses every call, for a reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def call(
        self, method: str, url: str, headers: Sequence[tuple[str, str]], body: bytes, timeout: float
    ) -> CallOutcome:
        """Raise :class:`CallRefusedError`."""
        raise CallRefusedError(self._reason)

    async def close(self) -> None:
        """Do nothing: there are no connections."""
