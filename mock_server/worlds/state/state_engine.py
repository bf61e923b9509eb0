"""The state of one contract: answers a request to an operation that keeps state, with the changes that it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.openapi.model import Operation
from mock_server.openapi.resources.model import READING, Collection, InferredResource, Verb
from mock_server.openapi.resources.schema_shapes import SchemaShape
from mock_server.openapi.state_extensions import RecordFilter
from mock_server.storage import Record, RecordReader
from mock_server.worlds.state.effects.effects import looked_at, with_effects
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.conditions import RelatedPresence
from mock_server.worlds.state.listing.list_reader import ListReader
from mock_server.worlds.state.listing.told_filters import ToldFilter
from mock_server.worlds.state.operations import StatefulOperation
from mock_server.worlds.state.outcome import Outcome, StateRequest
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.verbs.creating import create
from mock_server.worlds.state.verbs.deleting import delete
from mock_server.worlds.state.verbs.handling import Handling
from mock_server.worlds.state.verbs.links import link, unlink
from mock_server.worlds.state.verbs.reading import listed, read, transition
from mock_server.worlds.state.verbs.updating import update
from mock_server.worlds.state.world_records import WorldRecords

_VERBS: Mapping[Verb, Callable[[Handling], Outcome]] = {
    "create": create,
    "read": read,
    "view": read,
    "update": update,
    "delete": delete,
    "link": link,
    "unlink": unlink,
    "singleton-read": read,
    "singleton-write": update,
    "transition": transition,
}


class StateEngine:
    """Answers requests from records. It changes nothing: what is to change is in the outcome."""

    def __init__(self, model: StateModel) -> None:
        self.model = model
        self._lists: dict[str, ListReader] = {}

    def operation(self, key: str) -> StatefulOperation | None:
        """Return the operation of a key if it keeps state, else None."""
        return self.model.operations.get(key)

    def outcome(self, request: StateRequest, reader: RecordReader) -> Outcome:
        """Return what comes of a request in the world whose records ``reader`` has.

        Raises :class:`RefusedError`, :class:`GenerationError` where a record cannot be made, and :class:`StoreError`.
        """
        handling = Handling(self.model, request, reader)
        verb = request.operation.verb
        try:
            if verb in ("list", "export"):
                outcome = listed(handling, self._list(request.operation))
            else:
                outcome = _VERBS[verb](handling)
            if request.operation.operation.effects and not outcome.is_existing:
                take = looked_at if verb in READING else with_effects
                outcome = take(handling, outcome, reader)
            return replace(outcome, findings=(*handling.findings,)) if handling.findings else outcome
        except RefusedError as error:
            error.reads = (*handling.world.reads,)
            _tell_absence(error, request.operation.operation)
            raise

    def passed(self, key: str, path: Mapping[str, str], reader: RecordReader, *, is_strict: bool) -> tuple[str, ...]:
        """Return the resources of the records that a path leads through, for an operation that keeps no state itself.

        ``key`` is that of the operation. Raises :class:`RefusedError` where one was deleted, and where ``is_strict``
        for an unknown one; :class:`StoreError`.
        """
        parents = self.model.records_on_paths.get(key, ())
        if not parents:
            return ()
        world = WorldRecords(self.model, reader)
        resources = tuple(parent.resource for parent in parents if parent.resource is not None)
        if not is_strict and not any(world.rows(resource) for resource in resources):
            return resources  # nothing was deleted
        try:
            world.scope(parents, path, is_strict=is_strict)
        except RefusedError as error:
            error.reads = resources
            _tell_absence(error, self.model.contract.operations[key])
            raise
        return resources

    def names_record(self, key: str) -> bool:
        """Tell whether the path of an operation names a record, or means the caller's own (see :meth:`record`)."""
        operation = self.operation(key)
        if operation is not None and operation.collection is None:
            return True
        parents = self.model.records_on_paths.get(key, ()) if operation is None else operation.parents
        return bool(parents)

    def record(self, key: str, path: Mapping[str, str], caller: str, reader: RecordReader) -> Mapping[str, JSON] | None:
        """Return the last record that the path of an operation names, or the caller's own, as a world has it.

        ``key`` is that of the operation; None where there is no such record, also where it could be made up. Raises
        :class:`StoreError`.
        """
        operation = self.operation(key)
        try:
            if operation is not None and operation.collection is None:
                handling = Handling(self.model, StateRequest(operation, path, caller=caller), reader)
                record = handling.named()
                return handling.state.derived(record).value if isinstance(record, Record) else None
            parents = self.model.records_on_paths.get(key, ()) if operation is None else operation.parents
            return WorldRecords(self.model, reader).on_path(parents, path)
        except RefusedError:  # a parent was deleted
            return None

    def _list(self, operation: StatefulOperation) -> ListReader:
        key = operation.operation.key
        reader = self._lists.get(key)
        if reader is None:
            reader = self._lists[key] = self._made(operation)
        return reader

    def _shown(self, operation: StatefulOperation) -> SchemaShape | None:
        """Return the shape of the records that a list shows, by whose members it is sorted and filtered; or None."""
        reader = self.model.reader
        shapes = (reader.shape(reader.shape(schema).items) for schema in self._lists_of(operation))
        return next((shape for shape in shapes if shape.members), None)

    def _most(self, operation: StatefulOperation) -> int | None:
        """Return how many records the schema of a list lets it have (``maxItems``); None where it does not say."""
        limits = [self.model.reader.resolved(schema).get("maxItems") for schema in self._lists_of(operation)]
        return min((int(limit) for limit in limits if isinstance(limit, (int, float))), default=None)

    def _lists_of(self, operation: StatefulOperation) -> Iterator[JSON]:
        """Yield the schemas of the array of records that an operation shows; none where it shows no list."""
        view = operation.view
        if view is None or not view.is_list or view.status not in operation.operation.responses:
            return
        for media in operation.operation.responses[view.status].content:
            if media.name == view.media:
                yield self.model.reader.at(media.schema, view.pointer)

    def _made(self, operation: StatefulOperation) -> ListReader:
        collection = operation.collection or Collection(operation.operation.path)
        state = self.model.resource(operation.resource.name)
        primary = state.identity.primary
        shape = self._shown(operation) or self.model.reader.shape(state.maker.form.schema)
        return ListReader.of(
            self.model.contract,
            self.model.reader,
            operation.operation,
            collection,
            shape,
            key="id" if primary is None else primary.member,
            resources=self.model.names_by_noun,
            sorts=state.resource.sort,
            filters=self._filters(state.resource),
            order=state.resource.order,
            most=self._most(operation),
        )

    def _filters(self, resource: InferredResource) -> dict[str, RelatedPresence | ToldFilter]:
        """Return the conditions that data says parameters ask for."""
        conditions: dict[str, RelatedPresence | ToldFilter] = {}
        relations = tuple((relation.member, relation.resource) for relation in resource.relations)
        for parameter, related_filter in resource.filters.items():
            if isinstance(related_filter, RecordFilter):
                conditions[parameter] = ToldFilter(related_filter, relations)
                continue
            other = self.model.resource(related_filter.related).resource
            members = tuple(relation.member for relation in other.relations if relation.resource == resource.name)
            where = tuple((name, tuple(map(text_of, values))) for name, values in related_filter.where.items())
            conditions[parameter] = RelatedPresence(related_filter.related, members, where, is_there=True)
        return conditions


def _tell_absence(error: RefusedError, operation: Operation) -> None:
    """Have a record that is not there be told as data says that an operation tells it."""
    if error.failure == "no_such_record":
        error.failure = operation.absent.get(error.resource, error.failure)
