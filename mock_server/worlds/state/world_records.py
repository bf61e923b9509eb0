"""The records of one world by resource, with what leads from one to another: parents of paths, relations, embeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from weakref import proxy

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.openapi.resources.model import Embed, InferredResource, Parent, RecordKey
from mock_server.storage import Absence, Record, RecordReader
from mock_server.worlds.state.computed_records import ComputedBase
from mock_server.worlds.state.identity import Scope, scope_names, text_of
from mock_server.worlds.state.merged_records import MergedRecords, is_unknown, scope_of
from mock_server.worlds.state.refusal import no_such_record
from mock_server.worlds.state.resource_state import ResourceState, StateModel

PARENTS = 100
"""Parents below which a record is looked for by a key alone."""


class WorldRecords:
    """Reads the records of one world through ``reader``; notes which resources were read."""

    def __init__(self, model: StateModel, reader: RecordReader) -> None:
        self._model = model
        self._reader = reader
        self._by_resource: dict[str, MergedRecords] = {}
        self.reads: dict[str, None] = {}
        """The names of the resources that were read, in order."""
        self.made_up_parents: dict[str, str] = {}
        """Keys of parents that nobody made, by the parameters of the path."""

    def _scopes(self, resource: InferredResource) -> Iterator[Scope]:
        """Yield the scopes of the records below which a resource is listed, of the first :data:`PARENTS` of each."""
        for collection in resource.collections:
            names = scope_names(collection.parents)
            parents = [parent for parent in collection.parents if parent.resource and self._model.has(parent.resource)]
            if len(names) != 1 or len(parents) != 1 or parents[0].resource == resource.name:
                continue  # below several parents there are too many to look at
            state = self._model.resource(str(parents[0].resource))
            for record in self.of(state.resource.name).below({})[:PARENTS]:
                text = state.identity.key_text(record.value, record.hidden)
                if text:
                    yield {names[0]: text}

    @property
    def is_own(self) -> bool:
        """Whether the world has changes of its own in memory, whose versions are known at once."""
        return self._reader is not self._model.store and not self._model.store.is_shared

    def versions(self) -> dict[str, int]:
        """Return the versions of the resources that were read."""
        return {resource: self._reader.version(resource) for resource in self.reads}

    def are(self, versions: Mapping[str, int]) -> bool:
        """Tell whether resources have these versions still."""
        return all(self._reader.version(resource) == version for resource, version in versions.items())

    def of(self, resource: str) -> MergedRecords:
        """Return the records of a resource of the contract; they are there as long as this object is."""
        self.reads[resource] = None
        computed = self._model.computed.get(resource)
        if computed is not None:
            self.reads[computed.rows] = None
        records = self._by_resource.get(resource)
        if records is None:
            state = self._model.resource(resource)
            records = MergedRecords(
                state.identity,
                state.resource.keys,
                state.base if computed is None else ComputedBase(computed, self._reader),
                self._reader,
                state.resource.unique,
                # A circle of the two would stay until Python looks for circles, and each request would leave one.
                partial(WorldRecords._scopes, proxy(self), state.resource),
            )
            self._by_resource[resource] = records
        return records

    def rows(self, resource: str) -> Mapping[str, Record | Absence]:
        """Return this world's own rows of a resource by handle, deleted ones too."""
        self.reads[resource] = None
        return self._reader.own(resource)

    def state(self, resource: str) -> ResourceState:
        """Return what is known of a resource of the contract."""
        return self._model.resource(resource)

    def scope(self, parents: Iterable[Parent], path: Mapping[str, str], *, is_strict: bool) -> dict[str, str]:
        """Return the scope that the parents of a path name, each by its primary key.

        A parent that this world has deleted is refused; where ``is_strict``, an unknown one too. Raises
        :class:`RefusedError`.
        """
        parents = tuple(parents)
        scope: dict[str, str] = {}
        for name, parent in zip(scope_names(parents), parents, strict=True):
            scope[name] = self._parent(parent, path.get(parent.parameter, ""), scope, is_strict=is_strict)
        return scope

    def _parent(self, parent: Parent, text: str, above: Scope, *, is_strict: bool) -> str:
        if parent.resource is None or parent.member is None or not self._model.has(parent.resource):
            return text
        state = self._model.resource(parent.resource)
        key = next((key for key in state.resource.keys if key.member == parent.member), None)
        if key is None:
            return text
        record = self.of(parent.resource).find(key, text, above)
        if record is Absence.DELETED or (record is Absence.UNTOUCHED and is_strict):
            raise no_such_record(parent.resource, missing(parent.parameter, text, parent.resource))
        if not isinstance(record, Record) or is_unknown(record):
            self.made_up_parents[parent.parameter] = text
        if isinstance(record, Record):
            return state.identity.key_text(record.value, record.hidden) or text
        if state.identity.primary is not None and key.member != state.identity.primary.member:
            made_up = state.made_up(key, text, above)
            return state.identity.key_text(made_up.value, made_up.hidden) or text
        return text

    def on_path(self, parents: Sequence[Parent], path: Mapping[str, str]) -> Mapping[str, JSON] | None:
        """Return the record of the last parent that a path names; None where there is none.

        Raises :class:`RefusedError` where a parent above it was deleted.
        """
        last = parents[-1] if parents else None
        if last is None or last.resource is None or last.member is None or not self._model.has(last.resource):
            return None
        state = self._model.resource(last.resource)
        key = state.key(last.member)
        if key is None:
            return None
        above = self.scope(parents[:-1], path, is_strict=False)
        record = self.of(last.resource).find(key, path.get(last.parameter, ""), above)
        return state.derived(record).value if isinstance(record, Record) else None

    def related(self, resource: str, text: str) -> Record | Absence:
        """Return the record that a relation names by its key, below whichever parents."""
        if not text or not self._model.has(resource):
            return Absence.UNTOUCHED
        state = self._model.resource(resource)
        for key in state.resource.keys:
            record = self.of(resource).find(key, text, {})
            if record is not Absence.UNTOUCHED:
                return record
        return Absence.UNTOUCHED

    def find(self, resource: str, member: str, text: str) -> Record | None:
        """Return the record of a resource whose key of that name has a text; None where there is none."""
        if not self._model.has(resource):
            return None
        state = self._model.resource(resource)
        record = self.of(resource).find(RecordKey(member), text, {}) if state.has_key(member) else None
        return record if isinstance(record, Record) else None

    def named(self, resource: str, text: str) -> Record | None:
        """Return the record that a relation names by its key; None where there is none."""
        record = self.related(resource, text)
        return record if isinstance(record, Record) else None

    def all_of(self, resource: str) -> Sequence[Record]:
        """Return all records of a resource; none where there is no such resource."""
        return self.of(resource).below({}) if self._model.has(resource) else ()

    def embedded(self, embed: Embed, key: JSON) -> JSON:
        """Return the record that a member shows inside, as it is now; None where there is no such record."""
        named = key.get("id") if isinstance(key, dict) else key
        record = self.related(embed.resource, text_of(named))
        return dict(self.state(embed.resource).derived(record).value) if isinstance(record, Record) else None


def missing(parameter: str, text: str, resource: str) -> Diagnostic:
    """Return the finding that a path names a record that is not there."""
    return Diagnostic("state", f"path {parameter}", repr(text[:80]), f"the key of a record of {resource}")


def scope_with_relations(state: ResourceState, value: Mapping[str, JSON], scope: Scope) -> dict[str, str]:
    """Return a scope with the parents that relations of the record name, where its lists are below such parents."""
    full = dict(scope)
    names = state.parent_names
    for relation in state.resource.relations:
        if relation.resource in names and not relation.is_list:
            text = text_of(value.get(relation.member))
            if text:
                full[relation.resource] = text
    return full


__all__ = ["WorldRecords", "missing", "scope_of", "scope_with_relations"]
