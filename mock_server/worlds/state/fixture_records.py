"""Fixtures as the records with which every world begins: found by their members, whatever their handles are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import RecordKey
from mock_server.storage import Record, Store
from mock_server.worlds.state.identity import Scope, agree, key_value, text_of
from mock_server.worlds.state.merged_records import is_below, scope_of


class FixtureRecords:
    """The fixtures of one resource. Tables of keys are made once for each state of the store."""

    def __init__(self, resource: str, store: Store) -> None:
        self._resource = resource
        self._store = store
        self._revision = -1
        self._tables: dict[str, Mapping[str, list[Record]]] = {}

    is_global = True
    """Each fixture says itself which parents it has."""

    def of(self, scope: Scope) -> Sequence[Record]:
        """Return the fixtures below the parents of a scope, in the order of their file."""
        records = self._store.records(self._resource)
        return [record for record in records if is_below(record, scope)] if scope else records

    def find(self, scope: Scope, member: str, text: str) -> Record | None:
        """Return the first fixture whose member has a text, below the parents of a scope as far as it says; or None."""
        revision = self._store.revision
        if revision != self._revision or revision < 0:
            self._tables, self._revision = {}, revision
        if member not in self._tables:
            table: defaultdict[str, list[Record]] = defaultdict(list)
            for record in self._store.records(self._resource):
                table[text_of(record.value.get(member, scope_of(record).get(member)))].append(record)
            self._tables[member] = dict(table)
        records = self._tables[member].get(text, [])
        return next((record for record in records if agree(scope_of(record), scope)), None)


class FixtureKeys:
    """The keys of the fixtures of all resources, listed once for each state of the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._revision = -1
        self._listed: dict[str, list[JSON]] = {}

    def of(self, resource: str, key: RecordKey) -> Sequence[JSON]:
        """Return the keys of the fixtures of a resource; empty where it has none."""
        revision = self._store.revision
        if revision != self._revision or revision < 0:
            self._listed, self._revision = {}, revision
        keys = self._listed.get(resource)
        if keys is None:
            values = (key_value(record.value, key) for record in self._store.records(resource))
            keys = self._listed[resource] = [value for value in values if value is not None]
        return keys
