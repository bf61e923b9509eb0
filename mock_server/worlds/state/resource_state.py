"""What is worked out once of a contract for its state: its operations, and how records of each resource are made."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import mapping_at
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_document import SchemaDocument
from mock_server.http.media_types import essence_of
from mock_server.openapi.effects.record_values import OneRecord
from mock_server.openapi.model import Contract, MediaType, Operation
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import InferredResource, ItemPath, Parent, RecordKey, ResourceModel
from mock_server.openapi.resources.names import words_of
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.settings import Settings
from mock_server.storage import Record, Store
from mock_server.worlds.state.computed_records import ComputedRecords
from mock_server.worlds.state.fixture_records import FixtureKeys, FixtureRecords
from mock_server.worlds.state.identity import ResourceIdentity, Scope, scope_names
from mock_server.worlds.state.listing.list_reader import names_by_noun
from mock_server.worlds.state.making.draft import ViewError
from mock_server.worlds.state.making.record_maker import RecordMaker
from mock_server.worlds.state.making.record_shapes import Member
from mock_server.worlds.state.making.record_view import Embedded, RecordView
from mock_server.worlds.state.merged_records import BaseRecords
from mock_server.worlds.state.operations import StatefulOperation, records_on_paths, stateful_operations
from mock_server.worlds.state.seeds.seed_book import SeedBook
from mock_server.worlds.state.seeds.seeds import Seeds

MOST_SELECTED = 200_000
"""Records in remembered selections; each takes 8 bytes there."""


@value_class
class Selection:
    """The records that a query has selected, and the versions of the resources that it read for that."""

    records: Sequence[Record]
    versions: Mapping[str, int]


class StateModel:
    """The state of one contract, without any world's changes. What an operation or a resource needs is made lazily."""

    def __init__(self, contract: Contract, store: Store, schemas: SchemaDocument, settings: Settings) -> None:
        self.contract = contract
        self.store = store
        self.schemas = schemas
        self.settings = settings
        self.reader = ShapeReader(contract.document)
        self.sent_before: SizedCache[tuple[str, str, str], int] = SizedCache(100_000)
        """How often the same was sent to create a record: a hint, by world, resource and digest of what was sent."""
        self.selections: SizedCache[Hashable, Selection] = SizedCache(MOST_SELECTED)
        """What queries selected in worlds with changes, by all that they asked for."""
        self.computed: Mapping[str, ComputedRecords] = {}
        """By resource, the records that worlds have by other rows, in place of those that they begin with."""
        self._resources: dict[str, ResourceState] = {}
        self._bodies: dict[str, Mapping[str, JSON]] = {}
        """By key of an operation: the schemas of what is sent to it, by media type without parameters."""
        self._children: dict[str, tuple[str, ...]] = {}

    @cached_property
    def operations(self) -> Mapping[str, StatefulOperation]:
        """The operations that keep state, by their keys."""
        return stateful_operations(self.contract)

    @cached_property
    def records_on_paths(self) -> Mapping[str, tuple[Parent, ...]]:
        """The records that the paths of operations without state lead through, by the operations' keys."""
        every = self.contract.operations.items()
        return records_on_paths(self.inferred, [operation for key, operation in every if key not in self.operations])

    @cached_property
    def inferred(self) -> ResourceModel:
        """The resources of the contract, and what its operations do."""
        return model_of(self.contract)

    @cached_property
    def names_by_noun(self) -> Mapping[str, str]:
        """The names of resources by their nouns, which parameters of lists may name."""
        return names_by_noun(self.inferred)

    @property
    def _inferred(self) -> Mapping[str, InferredResource]:
        return self.inferred.resources

    @cached_property
    def seeds(self) -> SeedBook:
        """The records with which every world begins."""
        settings = self.settings
        told = {name: resource.records for name, resource in self._inferred.items() if resource.records is not None}
        return SeedBook(
            self.contract,
            self.inferred,
            self.schemas,
            seed=settings.seed,
            records=int(settings.records) if settings.records else None,
            counts=told,
            fill_properties=not settings.no_fill_properties,
            fill=settings.fill,
            exemplary=not settings.dynamic,
            reader=self.reader,
            fixtures=FixtureKeys(self.store).of,
        )

    def has(self, resource: str) -> bool:
        """Tell whether the contract has a resource."""
        return resource in self._inferred

    def resource(self, name: str) -> ResourceState:
        """Return what is known of a resource; raises :class:`KeyError` where the contract does not have it."""
        state = self._resources.get(name)
        if state is None:
            state = self._resources[name] = ResourceState(self, self._inferred[name])
        return state

    def request_schema(self, operation: Operation, media: str) -> JSON:
        """Return the schema of a body that is sent to an operation; None where it has none.

        For a media type that the contract does not have it is that of the first one.
        """
        schemas = self._bodies.get(operation.key)
        if schemas is None:
            schemas = self._bodies[operation.key] = self._request_schemas(operation)
        return schemas[media] if media in schemas else next(iter(schemas.values()), None)

    def _request_schemas(self, operation: Operation) -> dict[str, JSON]:
        """Return the schemas of bodies by their media types, of equal ones the first."""
        item = self.reader.resolved(mapping_at(self.contract.document, "paths").get(operation.path))
        node = mapping_at(item, operation.method.lower())
        content = mapping_at(self.reader.resolved(node.get("requestBody")), "content")
        schemas: dict[str, JSON] = {}
        for name in content:
            schemas.setdefault(essence_of(name), mapping_at(content, name).get("schema"))
        return schemas

    def children(self, resource: str) -> tuple[str, ...]:
        """Return the resources whose every path is below one of a resource: they go where that goes."""
        children = self._children.get(resource)
        if children is None:
            children = self._children[resource] = tuple(
                name
                for name, child in self._inferred.items()
                if name != resource and resource in ResourceIdentity.of(child).parents
            )
        return children

    def is_creatable(self, resource: str) -> bool:
        """Tell whether some operation creates records of a resource."""
        return resource in self._creatable

    @cached_property
    def _creatable(self) -> frozenset[str]:
        return frozenset(
            operation.resource.name for operation in self.operations.values() if operation.verb == "create"
        )


class ResourceState:
    """What is known of one resource of a contract."""

    def __init__(self, model: StateModel, resource: InferredResource) -> None:
        self.model = model
        self.resource = resource
        self.identity = ResourceIdentity.of(resource)
        self.parent_names = frozenset(
            name for collection in resource.collections for name in scope_names(collection.parents)
        )
        """The names of the parents below which records are listed."""
        self._references: dict[str, JSON] = {}
        self._base_revision = -1
        """The revision of the store for which ``_has_fixtures`` stands."""
        self._has_fixtures = False

    @cached_property
    def maker(self) -> RecordMaker:
        """The maker of its records."""
        settings, model = self.model.settings, self.model
        return RecordMaker(
            model.contract,
            self.resource,
            model.schemas,
            model.reader,
            settings.seed,
            not settings.no_fill_properties,
            settings.fill,
        )

    @property
    def base(self) -> BaseRecords:
        """The records with which every world begins: fixtures where there are any, else seeds."""
        store = self.model.store
        revision = store.revision
        if revision != self._base_revision or revision < 0:  # negative where nobody knows
            self._has_fixtures = store.count(self.resource.name) > 0
            self._base_revision = revision
        return self._fixtures if self._has_fixtures else self.seeds

    @cached_property
    def _fixtures(self) -> FixtureRecords:
        return FixtureRecords(self.resource.name, self.model.store)

    @cached_property
    def seeds(self) -> Seeds:
        """The records with which worlds begin where there are no fixtures."""
        seeds = self.model.seeds.seeds(self.resource.name)
        assert seeds is not None, self.resource.name
        return seeds

    @cached_property
    def required_relations(self) -> frozenset[str]:
        """The names of the members that name one other record, in every record."""
        members = {relation.member: self._member(relation.member) for relation in self.resource.relations}
        return frozenset(
            relation.member
            for relation in self.resource.relations
            if not relation.is_list
            and (member := members[relation.member]) is not None
            and member.is_required
            and not member.accepts(None)
        )

    @cached_property
    def items(self) -> tuple[ItemPath, ...]:
        """The paths of its records, those below the fewest parents first."""
        return tuple(sorted(self.resource.items, key=lambda item: len(item.parents)))

    @cached_property
    def key_parameter(self) -> str:
        """The name that paths have for the key by which records are kept; empty where it is the key's own.

        ``POST /stores/{store_id}/files`` with ``file_id`` makes what ``/stores/{store_id}/files/{file_id}`` reads by
        its ``id``.
        """
        key = self.identity.primary
        names = (item.parameter for item in self.resource.items if item.key == key and item.parameter is not None)
        others = (name for name in names if key is not None and name != key.member)
        return next((name for name in others if key is not None and words_of(name)[-1:] == words_of(key.member)), "")

    def has_key(self, member: str) -> bool:
        """Tell whether paths find records by a member."""
        return any(key.member == member for key in self.resource.keys)

    def key(self, member: str) -> RecordKey | None:
        """Return the key of that name; None where paths find records by none of it."""
        return next((key for key in self.resource.keys if key.member == member), None)

    def derived(self, record: Record) -> Record:
        """Return a record with the members that data says are computed of others."""
        if not self.resource.derived:
            return record
        readings = OneRecord(record.value)
        computed = {member: readings.computed(told.value) for member, told in self.resource.derived.items()}
        return replace(record, value={**record.value, **computed})

    def typed(self, member: str, text: str) -> JSON:
        """Return a text as the value of a member whose schema takes it: as it is, or as a number."""
        described = self._member(member)
        return text if described is None else described.typed(text)

    def takes(self, member: str, text: str) -> bool:
        """Tell whether a member takes a text, as :meth:`typed` has it."""
        described = self._member(member)
        return described is None or described.accepts(self.typed(member, text))

    def _member(self, name: str) -> Member | None:
        return next((shape.members[name] for shape in self.maker.form.shapes if name in shape.members), None)

    def made_up(self, key: RecordKey | None, text: str, scope: Scope) -> Record:
        """Return the record of a key that nobody made: always the same one, with that key in it.

        Raises :class:`GenerationError` where no record can be made.
        """
        primary = self.identity.primary
        if primary is None or key is None or key.member == primary.member:
            return self.seeds.generated(text, scope)
        own = self.maker.keys().drawn({key.member: text}, 0)
        record = self.seeds.generated(own, scope)
        return replace(record, value={**record.value, key.member: self.typed(key.member, text)})

    def title(self, record: Record) -> str:
        """Return which record one is, in words for the journal: its resource and its key."""
        return f"{record.resource} {self.identity.key_text(record.value, record.hidden) or ''}".strip()

    def judge(self, record: Record, embedded: Embedded) -> None:
        """Have all views of a record made; ``embedded`` finds the records that are shown inside.

        Raises :class:`GenerationError` where one cannot be made.
        """
        for view in self.views:
            try:
                view.shown(self.derived(record), embedded)
            except ViewError as error:
                reason = f"{self.title(record)} {error.pointer or '/'}: found what {error.keyword} of a view refuses"
                raise GenerationError(f"{reason}; expected a record that every view can show.") from None

    def view(self, media: MediaType, pointer: str, *, is_list: bool) -> RecordView:
        """Return the view of records by the schema at a JSON Pointer into answers of a media type."""
        schema = self.model.reader.at(media.schema, pointer)
        return self.view_by(self.model.reader.shape(schema).items if is_list else schema)

    def view_by(self, schema: JSON) -> RecordView:
        """Return the view of records by a schema of the contract."""
        return self.maker.view(self._canonical(schema))

    def _canonical(self, schema: JSON) -> JSON:
        """Return the first of all equal references, so that each view is worked out and judged once."""
        if isinstance(schema, dict) and schema.keys() == {"$ref"}:
            return self._references.setdefault(str(schema["$ref"]), schema)
        return schema

    @cached_property
    def views(self) -> tuple[RecordView, ...]:
        """The views of its records, each schema once."""
        views: dict[int, RecordView] = {}
        for view in self.resource.views:
            operation = self.model.contract.operations.get(view.operation)
            response = None if operation is None else operation.responses.get(view.status)
            for media in response.content if response is not None else ():
                if media.name == view.media:
                    own = self.view(media, view.pointer, is_list=view.is_list)
                    views.setdefault(id(own), own)
        return tuple(views.values())
