"""The records of one resource as one world has them: its own changes over those with which every world begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, cast

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import RecordKey
from mock_server.openapi.state_extensions import UniqueMembers
from mock_server.storage import Absence, Record, RecordChange, RecordReader
from mock_server.worlds.state.identity import ResourceIdentity, Scope, key_row, key_value, text_of
from mock_server.worlds.state.merged_sequence import MergedSequence

MADE_UP = "made_up"
"""What is kept beside a record that nobody made before it was updated."""

_LOOKED_AT = 10_000
NUMBERED = 100
"""Records at either end of many that are looked at for the highest number."""


class BaseRecords(Protocol):
    """The records with which every world begins: virtual seeds, or fixtures."""

    def of(self, scope: Scope) -> Sequence[Record]:
        """Return those below the parents of a scope, in their order."""

    def find(self, scope: Scope, member: str, text: str) -> Record | None:
        """Return the one with a key; None where there is none."""

    @property
    def is_global(self) -> bool:
        """Whether they are there without any parents; else below each there are others."""


class MergedRecords:
    """Finds and lists the records of one resource in one world, and says which rows a change is made of."""

    def __init__(
        self,
        identity: ResourceIdentity,
        unique: Sequence[RecordKey],
        base: BaseRecords,
        reader: RecordReader,
        shared_by_none: Sequence[UniqueMembers] = (),
        scopes: Callable[[], Iterable[Scope]] = tuple,
    ) -> None:
        """Take the identity, all keys, the records of the beginning and the world's own.

        ``scopes`` are those of the parents that there are: a key that needs no parent is looked for below each.
        """
        self._scopes = scopes
        self._shared_by_none = shared_by_none
        self._identity = identity
        self._unique = [key for key in unique if identity.primary is None or key.member != identity.primary.member]
        """The keys beside the primary one."""
        self._base = base
        self._reader = reader
        self._rows: dict[tuple[str, str], Record | Absence] = {}
        """The rows that were read: what is decided by one, and that it is to be replaced, is of one and the same."""
        self.resource = identity.resource

    def find(self, key: RecordKey, text: str, scope: Scope) -> Record | Absence:
        """Return the record with a key: ``DELETED`` where this world has deleted it, ``UNTOUCHED`` for an unknown."""
        primary = self._identity.primary
        if primary is not None and key.member == primary.member:
            return self._by_primary(primary, text, scope)
        row = self._row(f"{self.resource}#keys", self._key_row(key, text, scope))
        if isinstance(row, Record):
            return self._row(self.resource, str(row.value["handle"]))
        seed = self._seed(scope, key.member, text)
        if seed is None:
            return Absence.DELETED if row is Absence.DELETED else Absence.UNTOUCHED
        own = self._row(self.resource, seed.handle)
        if own is Absence.UNTOUCHED:
            return seed
        return own if isinstance(own, Record) and text_of(key_value(own.value, key)) == text else Absence.DELETED

    def _by_primary(self, primary: RecordKey, text: str, scope: Scope) -> Record | Absence:
        handle = self._identity.handle(text, scope)
        own = self._row(self.resource, handle)
        if own is not Absence.UNTOUCHED:
            return own
        seed = self._seed(scope, primary.member, text)
        if seed is None:
            return Absence.UNTOUCHED
        if seed.handle != handle:  # a fixture, whose file names it
            own = self._row(self.resource, seed.handle)
        return seed if own is Absence.UNTOUCHED else own

    def _seed(self, scope: Scope, member: str, text: str) -> Record | None:
        seed = self._base.find(scope, member, text)
        if seed is not None or self._identity.parents or self._base.is_global:
            return seed
        seeds = (self._base.find(above, member, text) for above in self._scopes())
        return next((below for below in seeds if below is not None), None)

    def by_handle(self, handle: str) -> Record | Absence:
        """Return this world's own row of a handle."""
        return self._row(self.resource, handle)

    def _row(self, resource: str, handle: str) -> Record | Absence:
        """Return this world's own row of a handle as it was when this was asked first."""
        place = (resource, handle)
        row = self._rows.get(place)
        if row is None:
            row = self._rows[place] = self._reader.own_row(resource, handle)
        return row

    def below(self, scope: Scope) -> Sequence[Record]:
        """Return the records below the parents of a scope: those of the beginning in their places, then new ones."""
        base = self._base.of(scope)
        own = self._reader.own(self.resource)
        if not own:
            return base
        old: dict[str, Record | Absence] = {}
        new: list[Record] = []
        for handle, row in own.items():
            is_in = isinstance(row, Record) and (not scope or is_below(row, scope))
            if isinstance(row, Record) and "made" in row.hidden:
                if is_in:
                    new.append(row)
            else:
                old[handle] = row if is_in else Absence.DELETED
        return MergedSequence(base, old, new)

    def sharing(self, unique: UniqueMembers, record: Record) -> Record | None:
        """Return another record with the same values of members that no two records share; None where there is none.

        Of those that the world began with the first 10,000 are looked at.
        """
        text = _folded(unique, record.value)
        if not text:
            return None
        row = self._row(f"{self.resource}#keys", key_row(_name(unique), text))
        other = self._row(self.resource, str(row.value["handle"])) if isinstance(row, Record) else None
        if isinstance(other, Record) and other.handle != record.handle and _folded(unique, other.value) == text:
            return other
        for seed in self._base.of({})[:_LOOKED_AT]:
            untouched = self._row(self.resource, seed.handle) is Absence.UNTOUCHED
            if untouched and seed.handle != record.handle and _folded(unique, seed.value) == text:
                return seed
        return None

    def changes(self, before: Record | Absence, after: Record | Absence) -> list[RecordChange]:
        """Return the rows that change where a record becomes another one, comes, or goes: its own and its keys.

        ``after`` is ``UNTOUCHED`` where nothing is to stay of it.
        """
        handle = after.handle if isinstance(after, Record) else cast("Record", before).handle
        rows = [RecordChange(self.resource, handle, self.by_handle(handle), after)]
        former, latter = self._keys(before), self._keys(after)
        for row in sorted(former - latter):
            there = self._row(f"{self.resource}#keys", row)
            gone = after if isinstance(after, Absence) else Absence.DELETED
            rows.append(RecordChange(f"{self.resource}#keys", row, there, gone))
        for row in sorted(latter - former):
            there = self._row(f"{self.resource}#keys", row)
            named = Record(f"{self.resource}#keys", row, {"handle": handle})
            rows.append(RecordChange(f"{self.resource}#keys", row, there, named))
        return rows

    def _keys(self, record: Record | Absence) -> frozenset[str]:
        """Return the handles of the rows that say of what is unique whose it is."""
        if not isinstance(record, Record):
            return frozenset()
        texts = [(key, text_of(key_value(record.value, key))) for key in self._unique]
        rows = [self._key_row(key, text, scope_of(record)) for key, text in texts if text]
        shared = [(_name(unique), _folded(unique, record.value)) for unique in self._shared_by_none]
        return frozenset([*rows, *(key_row(name, text) for name, text in shared if text)])

    def _key_row(self, key: RecordKey, text: str, scope: Scope) -> str:
        return key_row(key.member, text, [scope.get(name, "") for name in self._identity.parents])


def scope_of(record: Record) -> dict[str, str]:
    """Return the parents of a record, by the names of its scope."""
    scope: JSON = record.hidden.get("scope")
    return cast("dict[str, str]", scope) if isinstance(scope, dict) else {}


def is_below(record: Record, scope: Scope) -> bool:
    """Tell whether a record is below all parents of a scope."""
    own = scope_of(record)
    return all(own.get(name) == text for name, text in scope.items())


def is_unknown(record: Record) -> bool:
    """Tell whether a record has come of the update of a key that nobody had made."""
    return MADE_UP in record.hidden


def _name(unique: UniqueMembers) -> str:
    return " ".join(["unique", *unique.members])


def _folded(unique: UniqueMembers, value: Mapping[str, JSON]) -> str:
    """Return the values that no two records share as one text; empty where one of them is missing."""
    texts = [text_of(value.get(member)) for member in unique.members]
    folded = [text.casefold() for text in texts] if unique.fold == "case" else texts
    return "\x1f".join(folded) if all(texts) else ""


def highest_key(records: Sequence[Record], key: RecordKey) -> int:
    """Return the highest number that is a key of records, at least how many there are.

    Of many records the first and the last are looked at: keys that are numbers grow with them.
    """
    looked_at = [*records[:NUMBERED], *records[-NUMBERED:]]
    values = [key_value(record.value, key) for record in looked_at]
    numbers = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    return max([len(records), *numbers])
