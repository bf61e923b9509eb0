"""Lists in a view that a record does not have itself: of the records that name it (``active_subscriptions``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import InferredResource
from mock_server.openapi.resources.names import noun_words, words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.making.record_view import RecordView
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.world_records import WorldRecords

MOST = 100
"""Records in one list."""
_LOOKED_AT = 1000
"""Records that are looked at for one list."""


@value_class
class RelatedList:
    """A list of a view: the records whose member names the record that is shown.

    ``resource`` is empty where none is known: the list is empty then. ``words`` are those of the member's name that say
    which of them (``active``), by a flag or a state of that name.
    """

    member: str
    resource: str = ""
    relation: str = ""
    words: tuple[str, ...] = ()
    where: tuple[tuple[str, tuple[JSON, ...]], ...] = ()
    """What data says of them instead: which values members have."""
    view: RecordView | None = None


class RelatedLists:
    """Fills the lists of one view of one resource."""

    def __init__(self, model: StateModel, resource: str, schema: JSON) -> None:
        self._model = model
        self._state = model.resource(resource)
        self._lists = [*self._read(model.reader.shape(schema))]

    def filled(self, record: Record, world: WorldRecords) -> Record:
        """Return a record with the lists that it does not have itself. Raises :class:`GenerationError`."""
        missing = [related for related in self._lists if related.member not in record.value]
        if not missing:
            return record
        key = self._state.identity.key_text(record.value, record.hidden) or ""
        value = {**record.value, **{related.member: [*self._items(related, key, world)] for related in missing}}
        return replace(record, value=value)

    def _items(self, related: RelatedList, key: str, world: WorldRecords) -> Iterator[JSON]:
        if related.view is None or not key:
            return
        state = self._model.resource(related.resource)
        records = islice(world.all_of(related.resource), _LOOKED_AT)
        fitting = (
            record
            for record in records
            if text_of(record.value.get(related.relation)) == key and self._is_meant(related, record)
        )
        for record in islice(fitting, MOST):
            yield related.view.shown(state.derived(record), world.embedded)

    def _is_meant(self, related: RelatedList, record: Record) -> bool:
        """Tell whether a record is what the words of the list say: by a flag of that name, or by its state."""
        if not all(record.value.get(member) in values for member, values in related.where):
            return False
        shapes = self._model.resource(related.resource).maker.form.shapes
        for word in related.words:
            flags = [record.value[name] for name in (word, f"is_{word}") if isinstance(record.value.get(name), bool)]
            states = [
                record.value.get(name) for shape in shapes for name, marks in shape.marks.items() if word in marks
            ]
            if flags and not any(flags):
                return False
            if states and word not in states:
                return False
        return True

    def _read(self, shape: SchemaShape) -> Iterator[RelatedList]:
        """Yield the lists of objects among the members that the resource itself does not show."""
        own = self._state.maker.form.own_names
        for name, member in shape.members.items():
            listed = self._model.reader.shape(member)
            item = self._model.reader.shape(listed.items)
            if name in own or listed.kind != "array" or item.kind != "object":
                continue
            if not self._model.schemas.root(member).accepts([]):
                continue
            yield self._related(name, item, listed.items)

    def _related(self, name: str, item: SchemaShape, schema: JSON) -> RelatedList:
        candidates = [
            (resource, relation.member)
            for resource in self._model.inferred.resources.values()
            for relation in resource.relations
            if relation.resource == self._state.resource.name and not relation.is_list
        ]
        told = self._state.resource.lists.get(name)
        if told is not None:
            relation = next((relation for other, relation in candidates if other.name == told.related), "")
            view = self._model.resource(told.related).view_by(schema)
            return RelatedList(name, told.related, relation, where=(*told.where.items(),), view=view)
        named = _best(candidates, (noun_words(item.name), noun_words(name)))
        if named is None:
            return RelatedList(name)
        resource, relation = named
        nouns = noun_words(resource.name)
        words = tuple(word for word in words_of(name) if not {*noun_words(word)} & {*nouns})
        return RelatedList(
            name, resource.name, relation, words, view=self._model.resource(resource.name).view_by(schema)
        )


def _best(
    candidates: Sequence[tuple[InferredResource, str]], names: Sequence[tuple[str, ...]]
) -> tuple[InferredResource, str] | None:
    """Return the resource whose noun ends one of the names; else one whose last noun does."""
    for is_whole in (True, False):
        for words in names:
            for resource, relation in candidates:
                nouns = noun_words(resource.name)
                noun = nouns if is_whole else nouns[-1:]
                if noun and words[-len(noun) :] == noun:
                    return resource, relation
    return None
