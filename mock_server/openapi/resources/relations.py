"""Which members of a record name other records, and which show them inside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from mock_server.core.types import JSON
from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.model import Embed, RecordKey, Relation
from mock_server.openapi.resources.names import bare_words, noun_words, snake
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader, is_plain

_NUMBERS = frozenset({"integer", "number"})


class RelationFinder:
    """Finds the relations of the groups of one contract."""

    def __init__(
        self, reader: ShapeReader, groups: Iterable[Group], key_of: Callable[[Group], RecordKey | None]
    ) -> None:
        """Take the groups that may be related, and what tells by which key records of a group are found."""
        self._reader = reader
        self._key_of = key_of
        self._key_types: dict[str, frozenset[str]] = {}
        self._by_noun: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        self._by_schema: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        for group in groups:
            if group.name:
                self._key_types[group.name] = self._types_of_key(group)
                self._by_noun[noun_words(group.name)].append(group)
            for shape in group.shapes:
                if shape.name and group not in self._by_schema[bare_words(shape.name)]:
                    self._by_schema[bare_words(shape.name)].append(group)

    def relations_of(self, group: Group) -> tuple[tuple[Relation, ...], tuple[Embed, ...]]:
        """Return the members that name other records, and those that show them."""
        shape = group.shape
        if shape is None:
            return (), ()
        embeds = [*self._embeds(shape)]
        inside = {embed.member: embed.resource for embed in embeds}
        relations = [*self._relations(shape, inside)]
        named = {relation.member for relation in relations}
        return tuple(relations), tuple(
            embed if embed.relation in named else replace(embed, relation=None) for embed in embeds
        )

    def _embeds(self, shape: SchemaShape) -> Iterator[Embed]:
        for member, schema in shape.members.items():
            if is_plain(schema):
                continue
            own = self._reader.shape(schema)
            is_list = own.kind == "array"
            shown = self._reader.shape(own.items) if is_list else own
            if shown.kind != "object" or not shown.members:
                continue
            relation = self._beside(shape, member, own)
            resource = self._showing(shown)
            name = resource.name if resource is not None else self._named(snake(member)) if relation else None
            if name is not None:
                yield Embed(member, name, relation, is_list)

    def _showing(self, shape: SchemaShape) -> Group | None:
        """Return the group that a shape, or a branch of it, shows; None where that is not sure."""
        names = [shape.name] if shape.name else sorted(shape.branches)
        groups = [
            group
            for name in names
            for group in self._by_schema.get(bare_words(name), ())
            if group.shows(shape) or any(own.name == name for own in group.shapes)
        ]
        distinct = list(dict.fromkeys(groups))
        return distinct[0] if len(distinct) == 1 else None

    def _beside(self, shape: SchemaShape, member: str, own: SchemaShape) -> str | None:
        """Return the member that names what another shows: ``customer_id`` beside ``customer``, or that itself."""
        for name in (f"{member}_id", f"{member}Id", f"{member}_ids"):
            if name in shape.members:
                return name
        return member if own.is_mixed else None

    def _relations(self, shape: SchemaShape, inside: dict[str, str]) -> Iterator[Relation]:
        for member, schema in shape.members.items():
            name = snake(member)
            base = name.removesuffix("_ids").removesuffix("_id")
            if member not in inside and base == name:
                continue
            own = self._reader.shape(schema)
            if member in inside and not own.is_mixed:
                continue
            resource = inside.get(member) or inside.get(base) or self._named(base)
            if resource is not None and self._may_name(schema, resource):
                yield Relation(member, resource, own.kind == "array")

    def _may_name(self, schema: JSON, resource: str) -> bool:
        """Tell whether a member may hold keys of a resource: a number does not name what has a text for a key."""
        own = self._reader.shape(schema)
        types = self._reader.scalar_types(own.items if own.kind == "array" else schema) - {"null"}
        keys = self._key_types.get(resource, frozenset())
        return not types or not keys or bool(types & keys) or types | keys <= _NUMBERS

    def _types_of_key(self, group: Group) -> frozenset[str]:
        key = self._key_of(group)
        shape = group.shape
        if key is None or shape is None or key.member not in shape.members:
            return frozenset()
        return self._reader.scalar_types(shape.members[key.member]) - {"null"}

    def _named(self, base: str) -> str | None:
        """Return the resource whose name is a noun, or ends in it; None where there are several or none."""
        groups = self._by_noun.get(noun_words(base), [])
        return groups[0].name if len(groups) == 1 else None
