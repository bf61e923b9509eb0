"""The events of a world, as tests see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class RecordedEvent:
    """An event that happened. ``type`` is the name of a webhook, ``body`` what is sent.

    ``at`` is the time of the world. ``resource`` and ``handle`` name the record that it is about, empty for none.
    ``operation`` and ``request`` (an entry of the journal) are what made it happen, None where nobody said. ``url`` is
    where a callback goes, empty for what goes to endpoints. ``finding`` says why it is not sent, or was sent by force.
    """

    id: str
    type: str
    at: datetime
    body: Any
    resource: str = ""
    handle: str = ""
    operation: str | None = None
    request: str | None = None
    url: str = ""
    finding: str = ""

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> RecordedEvent:
        """Return an event as the admin API shows it."""
        record, cause = shown["record"] or {}, shown["cause"]
        return cls(
            shown["id"],
            shown["type"],
            datetime.fromisoformat(shown["at"]),
            shown["body"],
            record.get("resource", ""),
            record.get("handle", ""),
            cause["operation"],
            cause["request"],
            shown["url"] or "",
            shown["finding"] or "",
        )

    def __str__(self) -> str:
        about = f" of {self.resource} {self.handle}" if self.handle else ""
        return f"{self.type}{about}"
