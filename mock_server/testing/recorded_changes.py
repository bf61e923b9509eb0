"""What was changed in a world, and its snapshots, as tests see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal


@dataclass(frozen=True)
class RecordedChange:
    """A change of one record. ``patch`` is the difference as a JSON Patch (RFC 6902)."""

    resource: str
    handle: str
    kind: Literal["created", "changed", "deleted"]
    patch: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class RecordedChanges:
    """What one request changed. ``operation`` and ``request`` (an entry of the journal) are None where nobody said."""

    number: int
    at: datetime
    operation: str | None
    request: str | None
    records: Sequence[RecordedChange]

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> RecordedChanges:
        """Return a change set as the admin API shows it."""
        at = datetime.fromisoformat(shown["at"])
        records = [RecordedChange(**record) for record in shown["records"]]
        return cls(shown["number"], at, shown["operation"], shown["request"], records)


@dataclass(frozen=True)
class RecordedSnapshot:
    """The records of a world under a name: when it was taken, and how many records of its own the world had."""

    name: str
    at: datetime
    records: int

    @classmethod
    def of(cls, shown: Mapping[str, Any]) -> RecordedSnapshot:
        """Return a snapshot as the admin API shows it."""
        return cls(shown["name"], datetime.fromisoformat(shown["at"]), shown["records"])
