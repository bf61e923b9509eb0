"""The deliveries of a world, as tests see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class RecordedTry:
    """One try: when by the world's clock, and what the endpoint answered, or why nothing came (``error``)."""

    at: datetime
    status: int | None
    response: str
    error: str


@dataclass(frozen=True)
class RecordedDelivery:
    """One event on its way to one endpoint. ``status`` is pending, succeeded, failed (for good) or skipped.

    ``event`` is the id of the event, ``endpoint`` that of the endpoint, empty for a callback. ``due`` is when the next
    try is. ``reason`` says why it failed or was skipped without a try that does.
    """

    id: str
    event: str
    type: str
    endpoint: str
    url: str
    status: str
    tries: tuple[RecordedTry, ...]
    due: datetime | None
    reason: str

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> RecordedDelivery:
        """Return a delivery as the admin API shows it."""
        return cls(
            shown["id"],
            shown["event"],
            shown["type"],
            shown["endpoint"] or "",
            shown["url"],
            shown["status"],
            tuple(
                RecordedTry(
                    datetime.fromisoformat(each["at"]), each["status"], each["response"] or "", each["error"] or ""
                )
                for each in shown["tries"]
            ),
            None if shown["due"] is None else datetime.fromisoformat(shown["due"]),
            shown["reason"] or "",
        )
