"""What the seeds of one resource are made with, worked out once, when the first is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property

from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.resources.item_keys import OWN_KEYS
from mock_server.openapi.resources.model import InferredResource, RecordKey
from mock_server.openapi.resources.record_schema import RecordSchemas, ShownView, ViewSchema
from mock_server.openapi.resources.schema_shapes import SchemaShape
from mock_server.worlds.state.identity import ResourceIdentity, key_value, text_of
from mock_server.worlds.state.making.member_draws import Filling
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.seeds.example_records import example_records
from mock_server.worlds.state.seeds.seed_keys import KeyShape
from mock_server.worlds.state.seeds.seed_maker import SeedMaker
from mock_server.worlds.state.seeds.seed_relations import NamedSeeds, SeedRelations
from mock_server.worlds.state.seeds.seed_source import SeedSource
from mock_server.worlds.state.seeds.seed_times import SeedTimes


class SeedParts:
    """What the contract says of the records of one resource."""

    def __init__(
        self, resource: InferredResource, identity: ResourceIdentity, source: SeedSource, others: NamedSeeds
    ) -> None:
        self._resource = resource
        self._primary = identity.primary
        self._source = source
        self._others = others

    @cached_property
    def views(self) -> list[ShownView]:
        """The views that show a record."""
        return self._schemas.views(self._resource)

    @cached_property
    def home(self) -> ViewSchema | None:
        """The schema that records are valid by; None where the contract shows none."""
        return self._schemas.home(self._resource, self.views)

    @property
    def _schemas(self) -> RecordSchemas:
        return RecordSchemas(self._source.contract, self._source.model, self._source.reader)

    @cached_property
    def shape(self) -> SchemaShape:
        """The members of all views together."""
        shapes = [shown_view.record.shape for shown_view in self.views] + (
            [] if self.home is None else [self.home.shape]
        )
        members = {name: schema for shape in shapes for name, schema in shape.members.items()}
        return SchemaShape("object", members=members)

    @cached_property
    def keys(self) -> tuple[RecordKey, ...]:
        """The keys: the one first by which records are kept, even where no path finds a record by it."""
        if self._resource.is_singleton:
            return ()
        first = self._primary or next((RecordKey(name) for name in OWN_KEYS if name in self.shape.members), None)
        if first is None:
            return ()
        return (first, *(key for key in self._resource.keys if not key.is_hidden and key.member != first.member))

    def key(self, member: str) -> RecordKey:
        """Return the key of a member, which may be none that tells records apart."""
        return next((key for key in self.keys if key.member == member), RecordKey(member))

    @property
    def named_by(self) -> RecordKey | None:
        """The key that relations have; None where records have none that they show."""
        return self.keys[0] if self.keys and not self.keys[0].is_hidden else None

    @cached_property
    def key_shapes(self) -> Mapping[str, KeyShape]:
        """What draws each key, by its member."""
        return {key.member: self._key_shape(key) for key in self.keys}

    def _key_shape(self, key: RecordKey) -> KeyShape:
        schema: JSON = None
        shape = self.shape
        for name in pointer_parts(key.place):
            schema = shape.members.get(name)
            shape = self._source.reader.shape(schema)
        if schema is None:
            schema = {"type": "integer" if key.is_integer else "string"}
        keys = self._form.keys(key.member)
        return KeyShape(key.member, schema, self._source.document, lambda draw: keys.within(draw, {}))

    @cached_property
    def _form(self) -> RecordForm:
        """What the keys of new records are like."""
        source = self._source
        filling = Filling(source.fill, source.fill_properties)
        return RecordForm.of(source.contract, self._resource, source.document, source.reader, source.seed, filling)

    @cached_property
    def examples(self) -> tuple[dict[str, JSON], ...]:
        """The records in the contract's examples, each once: what a later one has and the first has not is added."""
        if self.home is None:
            return ()
        source = self._source
        records = example_records(self.views, self.home, source.model.verdicts, source.examples, source.document)
        if self._resource.is_singleton:
            return tuple([*records][:1])
        key = self.named_by
        return tuple(_once(records) if key is None else _by_key(records, key))

    @cached_property
    def maker(self) -> SeedMaker | None:
        """What makes their values; None where the contract shows no record."""
        if self.home is None:
            return None
        source = self._source
        return SeedMaker(
            self.home,
            [shown_view.record for shown_view in self.views],
            source.document,
            fill_properties=source.fill_properties,
            fill=source.fill,
            exemplary=source.exemplary,
        )

    @cached_property
    def times(self) -> SeedTimes:
        """The members that are times."""
        return SeedTimes(self.shape, self._source.document)

    @cached_property
    def relations(self) -> SeedRelations:
        """The members that name other records."""
        source = self._source
        return SeedRelations(source.lone, self._resource, self.shape, source.reader, source.document, self._others)


def _by_key(records: Iterable[dict[str, JSON]], key: RecordKey) -> list[dict[str, JSON]]:
    distinct: dict[str, dict[str, JSON]] = {}
    for record in records:
        text = text_of(key_value(record, key))
        if text:
            distinct[text] = {**record, **distinct.get(text, {})}
    return [*distinct.values()]


def _once(records: Iterable[dict[str, JSON]]) -> list[dict[str, JSON]]:
    distinct: dict[str, dict[str, JSON]] = {}
    for record in records:
        distinct.setdefault(json.dumps(record, sort_keys=True), record)
    return [*distinct.values()]
