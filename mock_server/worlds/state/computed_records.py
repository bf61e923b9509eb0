"""Records that nobody stores: a world has them by rows that stand for something else, such as deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mock_server.storage import Record, RecordReader
from mock_server.worlds.state.identity import Scope, agree, text_of
from mock_server.worlds.state.merged_records import scope_of


class ComputedRecords(Protocol):
    """The records of one resource, as the rows of a world have them now."""

    @property
    def rows(self) -> str:
        """The name of the rows that they are read from."""

    def of(self, reader: RecordReader) -> Sequence[Record]:
        """Return the records of a world. Raises :class:`StoreError`."""


class ComputedBase:
    """Computed records of one world in the place of those that it begins with: what clients change lies over them."""

    is_global = True
    """Each record says itself which parents it has, as far as it has any."""

    def __init__(self, computed: ComputedRecords, reader: RecordReader) -> None:
        self._computed = computed
        self._reader = reader
        self._records: Sequence[Record] | None = None

    def of(self, scope: Scope) -> Sequence[Record]:
        """Return those below the parents of a scope, as far as they say whose they are."""
        if self._records is None:
            self._records = self._computed.of(self._reader)
        return [record for record in self._records if agree(scope_of(record), scope)] if scope else self._records

    def find(self, scope: Scope, member: str, text: str) -> Record | None:
        """Return the one with a key; None where there is none."""
        return next((record for record in self.of(scope) if text_of(record.value.get(member)) == text), None)
