"""What a store is to the rest of the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mock_server.exchange import JSON


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a resource. Nobody changes ``value``; ``location`` is the file and line it came from."""

    resource: str
    handle: str
    value: dict[str, JSON]
    location: str = ""


class Records(Protocol):
    """Records by resource and handle, to be read. What is in a store has been judged before it got there."""

    @property
    def revision(self) -> int:
        """A number that grows with every change."""

    def get(self, resource: str, handle: str) -> Record | None:
        """The record of a handle, None where there is none."""

    def records(self, resource: str) -> Sequence[Record]:
        """The records of a resource, in the order they came."""


class Store(Records, Protocol):
    """Records that can be replaced, all at once."""

    def replace(self, records: Iterable[Record]) -> None:
        """Hold these records and no others; all of them or, on an error, what was there before."""
