"""What the seeds of a resource name and show: other seeds, and the parents that they are below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.model import Embed, InferredResource, Parent, ResourceModel
from mock_server.openapi.resources.names import noun_words, snake, vocabulary
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.identity import Scope, scope_names, text_of

_TENANTS = vocabulary("organization organisation org account tenant workspace company merchant")
"""Nouns of what all records of one caller are below."""


class KeySequence(Protocol):
    """Keys of seeds by number; None for one that there is not."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> JSON: ...


class NamedSeeds(Protocol):
    """The seeds of all resources, as far as others name them."""

    def key_member(self, resource: str) -> str | None:
        """Return the member that relations to a resource name; None where none is known."""

    def keys(self, resource: str, scope: Scope) -> KeySequence | None:
        """Return the keys of the seeds of a resource that a record in a scope may name; None where none are known."""


@value_class
class Names:
    """What one seed names: members by JSON Pointer, and the parents that it is below."""

    pins: Mapping[str, JSON]
    scope: Mapping[str, str]


@value_class
class _Place:
    """A member that has the key of another record, or a list of such keys."""

    pointer: str
    node: SchemaNode
    is_list: bool = False

    def value(self, key: JSON) -> JSON:
        """Return a key in the form of the member; None where it does not take it."""
        text = text_of(key)
        keys = [key, text, *([int(text)] if text.isascii() and text.isdigit() and len(text) < 19 else [])]
        values: list[JSON] = [[key] for key in keys] if self.is_list else [*keys]
        return next((value for value in values if self.node.accepts(value)), None)


@value_class
class _Naming:
    """The members that name one record of a resource; ``is_either``: one of them, as the first has the others in it."""

    resource: str
    places: tuple[_Place, ...]
    is_either: bool = False

    def values(self, key: JSON) -> dict[str, JSON]:
        """Return the values of the members for a key by JSON Pointer; empty where they do not take it."""
        values: dict[str, JSON] = {}
        for place in self.places:
            value = place.value(key)
            if value is not None and not (self.is_either and values):
                values[place.pointer] = value
        return values if self.is_either or self.places[0].pointer in values else {}


def lone_resources(model: ResourceModel) -> frozenset[str]:
    """Return the resources of which one is named by all: those that nobody creates, and tenants."""
    created = {verdict.resource for verdict in model.verdicts.values() if verdict.verb == "create"}
    tenants = {name for name in model.resources if {*noun_words(name)[-1:]} & _TENANTS}
    return frozenset((model.resources.keys() - created) | tenants)


class SeedRelations:
    """Chooses what the seeds of one resource name. The same record, told by its draw, always names the same.

    ``lone`` are the resources of which one is named by all.
    """

    def __init__(
        self,
        lone: frozenset[str],
        resource: InferredResource,
        shape: SchemaShape,
        reader: ShapeReader,
        document: SchemaDocument,
        others: NamedSeeds,
    ) -> None:
        self._resource = resource
        self._shape = shape
        self._reader = reader
        self._document = document
        self._others = others
        self._lone = lone
        self._parents = dict(_parents(resource))
        self._namings = [*self._relations(), *self._embeds()]
        self._own = [*self._parameters()]
        self._nothings = [*self._unnamed()]

    def of(self, draw: SeedKey, scope: Scope) -> Names:
        """Return what the record of a draw names: the parents of the scope, and any of the seeds of others."""
        pins: dict[str, JSON] = {}
        above = {**scope}
        for naming in self._namings:
            key = self._key(naming, draw, scope)
            values = {} if key is None else naming.values(key)
            if not values:
                continue
            pins |= values
            if naming.resource in self._parents:
                above.setdefault(naming.resource, text_of(key))
        for place in self._nothings:
            pins[place.pointer] = None
        for parent, place in self._own:
            value = place.value(scope[parent]) if parent in scope else None
            if value is not None:
                pins.setdefault(place.pointer, value)
        for parent in self._parents:
            if parent not in above:
                key = self._any(parent, draw, scope)
                above |= {} if key is None else {parent: text_of(key)}
        return Names(pins, above)

    def of_example(self, example: Mapping[str, JSON], draw: SeedKey, scope: Scope) -> Names:
        """Return what the record of an example names: what it says itself, and else as any other record."""
        names = self.of(draw, scope)
        told = {
            naming.resource: text_of(example.get(pointer_parts(naming.places[0].pointer)[0]))
            for naming in self._namings
            if naming.resource in self._parents and naming.resource not in scope
        }
        return Names(names.pins, {**names.scope, **{parent: text for parent, text in told.items() if text}})

    def keys_of(self, member: str, scope: Scope) -> KeySequence | None:
        """Return the keys of others that a member names which tells records apart; None where it names none.

        What is there once for each of another resource, such as a group of a project, has the keys of that.
        """
        for naming in self._namings:
            if naming.places[0].pointer == pointer_of(member) and naming.resource != self._resource.name:
                keys = self._others.keys(naming.resource, scope) if naming.resource not in scope else None
                if keys is not None and len(keys) and naming.places[0].value(keys[0]) is not None:
                    return keys
        return None

    def _key(self, naming: _Naming, draw: SeedKey, scope: Scope) -> JSON:
        if naming.resource in scope and naming.resource != self._resource.name:
            return scope[naming.resource]
        return self._any(naming.resource, draw, scope, naming.places[0].pointer)

    def _any(self, resource: str, draw: SeedKey, scope: Scope, pointer: str = "") -> JSON:
        keys = self._others.keys(resource, scope)
        count = len(keys) if keys is not None else 0
        if keys is None or not count:
            return None
        return keys[0 if resource in self._lone else draw.number(f"#{resource}{pointer}") % count]

    def _unnamed(self) -> Iterator[_Place]:
        """Yield the members that may name another record of this resource, or show it: a seed has no parent there."""
        name = self._resource.name
        named = [part.member for part in self._resource.relations if part.resource == name and not part.is_list]
        shown_key = [part.member for part in self._resource.embeds if part.resource == name and not part.is_list]
        for member in dict.fromkeys([*named, *shown_key]):
            place = self._place(member)
            if place is not None and place.node.accepts(None):
                yield place

    def _relations(self) -> Iterator[_Naming]:
        beside: dict[str, Embed] = {embed.relation: embed for embed in self._resource.embeds if embed.relation}
        for relation in self._resource.relations:
            place = self._place(relation.member, is_list=relation.is_list)
            is_own = relation.resource == self._resource.name
            if place is None or (is_own and (relation.is_list or place.node.accepts(None))):
                continue
            embed = beside.get(relation.member)
            inside = self._inside(embed) if embed is not None else None
            is_either = embed is not None and embed.member == relation.member
            yield _Naming(relation.resource, (place,) if inside is None else (place, inside), is_either)

    def _embeds(self) -> Iterator[_Naming]:
        for embed in self._resource.embeds:
            inside = self._inside(embed) if embed.relation is None else None
            if inside is not None and embed.resource != self._resource.name:
                yield _Naming(embed.resource, (inside,))

    def _place(self, member: str, *, is_list: bool = False) -> _Place | None:
        schema = self._shape.members.get(member)
        return _Place(pointer_of(member), self._document.root(schema), is_list) if isinstance(schema, dict) else None

    def _inside(self, embed: Embed) -> _Place | None:
        """Return where the key is in what a member shows; None where it shows a list, or no key."""
        key = self._others.key_member(embed.resource)
        schema = self._reader.shape(self._shape.members.get(embed.member)).members.get(key or "")
        if embed.is_list or key is None or not isinstance(schema, dict):
            return None
        return _Place(pointer_of(embed.member, key), self._document.root(schema))

    def _parameters(self) -> Iterator[tuple[str, _Place]]:
        """Yield the parents that a member of the name of their path parameter names, and the member."""
        by_name = {snake(member): member for member in self._shape.members}
        for parent, parameter in self._parents.items():
            # A parameter of one word, such as id or name, is the own one of the record.
            place = self._place(by_name.get(snake(parameter), "")) if len(noun_words(parameter)) > 1 else None
            if place is not None:
                yield parent, place


def _parents(resource: InferredResource) -> Iterator[tuple[str, str]]:
    """Yield the parents of all paths of a resource, by the names of scopes, and their path parameters."""
    paths: list[tuple[Parent, ...]] = [
        *(collection.parents for collection in resource.collections),
        *(item.parents for item in resource.items),
    ]
    for parents in paths:
        yield from zip(scope_names(parents), (parent.parameter for parent in parents), strict=True)
