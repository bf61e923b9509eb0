"""From what is known of a record to all that its views show: the rest is generated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.fake.field_providers import field_providers
from mock_server.generation.generator import generate, persona_of
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL, GenerationContext
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.record_schema import ViewSchema

Pins = Mapping[str, JSON]
"""Values by JSON Pointer."""
_PERSONAL = ("name", "email", "billing_name")
"""Members that no two people share, whatever example the contract has of them."""


class SeedMaker:
    """Makes the values of the records of one resource; each the same for the same draw and pins.

    ``home`` is the schema that a value is valid by, ``views`` are others that may show more of it.
    """

    def __init__(
        self,
        home: ViewSchema,
        views: Sequence[ViewSchema],
        document: SchemaDocument,
        *,
        fill_properties: bool = True,
        fill: int = FULL,
        exemplary: bool = True,
    ) -> None:
        self._home = home
        self._document = document
        self._fill_properties = fill_properties
        self._fill = fill
        self._exemplary = exemplary
        distinct = {view.shape.name or f"#{id(view.shape)}": view for view in views if view.shape is not home.shape}
        self._others = [*distinct.values()]
        self._members = {name for view in (home, *self._others) for name in view.shape.members}
        self._is_personal = "email" in home.shape.members

    def made(self, draw: SeedKey, pins: Sequence[Pins]) -> dict[str, JSON]:
        """Return a record with these values, the most important first: where no valid record has all, the last go.

        Raises :class:`GenerationError` for a schema that nothing satisfies.
        """
        value = self._generated(self._home, draw, pins)
        return self._completed(value, draw, _together(pins))

    def of_example(self, example: Mapping[str, JSON], draw: SeedKey, pins: Sequence[Pins]) -> dict[str, JSON]:
        """Return an example as it is, with what other views require. Members that the home refuses are made again."""
        value = dict(example)
        node = self._document.root(self._home.schema)
        if not node.accepts(self._shown(value, self._home)):
            for pointer, _ in node.faults(self._shown(value, self._home)):
                value.pop((pointer_parts(pointer) or [""])[0], None)
            pinned = {pointer_of(name): member for name, member in value.items()}
            beside = [{name: pin for name, pin in part.items() if _member(name) not in value} for part in pins]
            made = self._generated(self._home, draw, [pinned, *beside])
            value = {**made, **value} if node.accepts(self._shown({**made, **value}, self._home)) else {**value, **made}
        return self._completed(value, draw, _together(pins))

    def personal(self, draw: SeedKey, pins: Pins) -> dict[str, JSON]:
        """Return the names and addresses of the person that a record is of, by JSON Pointer; empty where it is none."""
        if not self._is_personal or not self._exemplary:
            return {}
        walk = GenerationContext(draw, self._document, dict(pins))
        persona = persona_of(walk, self._document.root(self._home.schema))
        values: dict[str, JSON] = {}
        for name in _PERSONAL:
            schema, make = self._home.shape.members.get(name), field_providers().get(name)
            if isinstance(schema, dict) and make is not None:
                value = make(persona, pointer_of(name))
                if value is not None and self._document.root(schema).accepts(value):
                    values[pointer_of(name)] = value
        return values

    def _completed(self, value: dict[str, JSON], draw: SeedKey, pins: Pins) -> dict[str, JSON]:
        """Return a record with the members that views besides the home have to show."""
        for view in self._others:
            missing = view.shape.members.keys() - value.keys()
            if not missing or self._document.root(view.schema).accepts(self._shown(value, view)):
                continue
            pinned = {pointer_of(name): member for name, member in value.items() if name in view.shape.members}
            beside = {pointer: pin for pointer, pin in pins.items() if _member(pointer) in missing}
            try:
                more = self._generated(view, draw, [beside, pinned])
            except GenerationError:
                continue  # what shows the record says so, when it is asked to
            value = {**value, **{name: member for name, member in more.items() if name in missing}}
        return value

    def _shown(self, value: Mapping[str, JSON], view: ViewSchema) -> JSON:
        """Return a record without the members that only other views name."""
        others = self._members - view.shape.members.keys()
        return {name: member for name, member in value.items() if name not in others}

    def _generated(self, view: ViewSchema, draw: SeedKey, pins: Sequence[Pins]) -> dict[str, JSON]:
        failure: GenerationError | None = None
        for count in range(len(pins), -1, -1):
            try:
                value = generate(
                    view.schema,
                    draw,
                    self._document,
                    pins=_together(pins[:count]),
                    fill_properties=self._fill_properties,
                    complete=True,
                    fill=self._fill,
                    exemplary=self._exemplary,
                    strict=True,
                )
            except GenerationError as error:
                failure = error
                continue
            if isinstance(value, dict):
                return value
        raise failure or GenerationError("/: found a record that is no object; expected one with members.")


def _together(pins: Sequence[Pins]) -> dict[str, JSON]:
    return {pointer: value for part in pins for pointer, value in part.items()}


def _member(pointer: str) -> str:
    return pointer_parts(pointer)[0]
