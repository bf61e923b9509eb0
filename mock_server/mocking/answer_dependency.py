"""What a remembered answer was made from, and whether that is still as it was."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from marshal import dumps
from typing import TypeAlias

from mock_server.core.deadline import WaitNeeded, without_waiting
from mock_server.core.errors import StoreError, StoreLostError
from mock_server.core.memory_size import bytes_of, footprint
from mock_server.http.messages import Response
from mock_server.storage import Record, RecordReader, Store
from mock_server.worlds.state.effects.later_rows import LATER, due_of, first_in
from mock_server.worlds.world import World


class RecordDependency:
    """The record that an answer was made from, in a store that others change too; or that there was none.

    Not the record itself, which is ten times the answer, but a digest of it.
    """

    __slots__ = ("_base", "_digest", "_revision", "_sought")

    def __init__(self, base: Store, sought: tuple[str, str], record: Record | None, revision: int) -> None:
        self._base = base
        self._sought = sought
        self._digest = _digest_of(record)
        self._revision = revision

    @property
    def cost(self) -> int:
        """Bytes that this holds."""
        return bytes_of(self) + footprint(self._sought) + bytes_of(self._digest) + bytes_of(self._revision)

    def still_holds(self, world: World) -> bool:
        """Tell whether the record is what it was. While nothing in the store changes, two numbers are compared."""
        records = world.store(self._base)
        revision = records.revision
        if revision == self._revision:
            return True
        if revision < 0:  # the store is lost, or somebody has locked it
            return False
        try:
            with without_waiting():
                same = _digest_of(records.get(*self._sought)) == self._digest
        except (StoreError, WaitNeeded):
            return False
        if same:
            self._revision = revision
        return same


class VersionDependency:
    """The versions of the resources that an answer was made from: a change of another resource leaves it alone.

    Where steps are taken later, it is good until the first of them are due.
    """

    __slots__ = ("_base", "_due", "_records", "_versions")

    def __init__(self, base: Store, records: RecordReader, resources: Sequence[str]) -> None:
        self._base = base
        self._records = records
        self._versions = tuple([(resource, records.version(resource)) for resource in resources])
        row = first_in(records) if LATER in resources else None
        self._due = None if row is None else due_of(row)

    @property
    def cost(self) -> int:
        """Bytes that this holds."""
        return bytes_of(self) + footprint(self._versions) + bytes_of(self._due)

    def still_holds(self, world: World) -> bool:
        """Tell whether none of the resources has changed, and they are still this world's."""
        records = self._records
        if world.store(self._base) is not records or (self._due is not None and world.now() >= self._due):
            return False
        return all(version >= 0 and records.version(resource) == version for resource, version in self._versions)


AnswerDependency: TypeAlias = RecordDependency | VersionDependency
"""What an answer was made from."""


def dependency_of(base: Store, world: World, answer: Response, before: int) -> AnswerDependency | None:
    """Return what an answer was made from, None where nothing can change it.

    Raises :class:`StoreError` where that has changed meanwhile, or is lost.
    """
    if answer.reads or (answer.sought is not None and not base.is_shared):
        resources = answer.reads or ((answer.sought[0],) if answer.sought is not None else ())
        records = world.store(base)
        if records is base and not base.is_shared:
            return None  # a world without changes: its first one makes all its answers anew
        if base.is_shared and (before < 0 or records.revision != before):
            raise StoreLostError("the store has changed while an answer was made")
        return VersionDependency(base, records, resources)
    if answer.sought is None:
        return None
    records = world.store(base)
    try:
        with without_waiting():
            record = records.get(*answer.sought)
    except WaitNeeded:
        raise StoreLostError("somebody has locked the store") from None
    if before < 0 or records.revision != before:
        raise StoreLostError("the store has changed while an answer was made")
    return RecordDependency(base, answer.sought, record, before)


def _digest_of(record: Record | None) -> bytes:
    if record is None:
        return b""
    return blake2b(dumps((record.value, {**record.hidden}, record.location), 0), digest_size=16).digest()
