"""An answer whose body goes on: what has come since the last time, again and again, until one of the two ends."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.core.value_class import value_class
from mock_server.http.messages import Response


def _nothing() -> bytes:
    return b""


@value_class
class LiveResponse(Response):
    """An answer that stays open. ``news`` returns what is to be sent now, perhaps nothing; it changes no state.

    It is called every ``interval`` seconds, in a thread where it ``waits`` for others.
    """

    news: Callable[[], bytes] = _nothing
    interval: float = 0.25
    waits: bool = False
