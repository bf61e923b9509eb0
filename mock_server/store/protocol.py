"""What a store is to the rest of the house."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mock_server.exchange import JSON
from mock_server.store.search import ALL, Search

HANDLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The form of a handle: no record has one of another."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a resource. Nobody changes ``value``; ``location`` is the file and line it came from."""

    resource: str
    handle: str
    value: dict[str, JSON]
    location: str = ""


class Records(Protocol):
    """Records by resource and handle, to be read. What is in a store has been judged before it got there.

    A store that others share raises :class:`StoreLostError` where it cannot be read for now.
    """

    @property
    def revision(self) -> int:
        """The number of what is shown now: what shows anything else has another, over all layers of a store.

        It never raises and never waits, and costs less than a microsecond. It is negative where nobody knows: while the
        store is lost, :data:`UNKNOWN` where to know it would be to wait for somebody, and :data:`UNASKED` where it
        would be to ask another machine.
        """

    def get(self, resource: str, handle: str) -> Record | None:
        """The record of a handle, None where there is none."""

    def records(self, resource: str, search: Search = ALL) -> Sequence[Record]:
        """The records of a resource that a search means, in the order they came."""

    def count(self, resource: str, search: Search = ALL) -> int:
        """How many records a search means, whichever part of them it wants."""


class Layer(Records, Protocol):
    """The records of one world, to be changed. A change is kept, and seen by whoever asks next, when a call returns.

    Each raises :class:`StoreLostError` or :class:`StoreFullError` where nothing could be changed.
    """

    def put(self, record: Record) -> bool:
        """Hold a record, in place of one of the same handle where there is one; whether there was none."""

    def add(self, record: Record) -> bool:
        """Hold a record of a new handle; False, and nothing is changed, where the handle has a record."""

    def change(self, old: Record, new: Record) -> bool:
        """Hold ``new`` in place of ``old``; False, and nothing is changed, where ``old`` is no more what is there."""

    def delete(self, resource: str, handle: str) -> bool:
        """Hold that record no more; whether there was one."""

    def clear(self) -> None:
        """Back to what the world is a layer over."""


class Store(Records, Protocol):
    """The records that every world begins with."""

    @property
    def is_shared(self) -> bool:
        """Whether others change it too, so that a world may have records that were put elsewhere."""

    def layer(self, world: str) -> Layer:
        """What a world has over these records. Where nobody shares it, it is the caller's to keep."""

    def load(self, records: Callable[[], Iterable[Record]], *, only_into_empty: bool) -> bool:
        """Hold these records and no others, all of them or, on an error, what was there before.

        Whether they were loaded: ``only_into_empty`` leaves a store alone that holds anything, and does not ask for
        the records then.
        """


class Stores(Protocol):
    """Where the stores of all contracts are kept."""

    def store(self, contract: str) -> Store:
        """The store of a contract, by a name that stays the same over restarts."""

    def close(self) -> None:
        """Let go of all files and connections, however often it is called."""
