"""The body of one webhook: the record in its place, and around it what says which event it is, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, pointer_parts, value_at, with_value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.names import words_of
from mock_server.openapi.webhooks.event_names import is_type_name
from mock_server.openapi.webhooks.model import MappedWebhook
from mock_server.worlds.state.making.member_draws import Filling, MemberDraws
from mock_server.worlds.state.making.record_shapes import Member, shapes_of
from mock_server.worlds.state.making.time_members import TimeMember, time_member

_IDS = frozenset({("id",), ("event", "id"), ("uuid",), ("webhook", "id"), ("message", "id"), ("delivery", "id")})
"""Names, in words, of members that tell events apart."""


@value_class
class Happening:
    """What the body of an event is made from: the record as it is shown, the time of the world, and an id of its own.

    ``views`` has one value, or none where the event is about no record; ``at`` is in seconds since 1970. ``known`` are
    members that an event about no record takes over, where its schema has them.
    """

    views: tuple[JSON, ...]
    at: float
    id: str
    known: Mapping[str, JSON] = field(default_factory=dict)


class EventBody:
    """Makes the bodies of one webhook. What the schema says of the members around the record is worked out once."""

    def __init__(self, mapped: MappedWebhook, document: SchemaDocument, seed: int) -> None:
        self._name = mapped.webhook.name
        self._place = mapped.place
        self._document = document
        self._seed = seed
        self._schema: JSON = True if mapped.webhook.schema is None else mapped.webhook.schema
        self._root = document.root(self._schema)
        self._times: dict[str, TimeMember] = {}
        self._ids: dict[str, Member] = {}
        self._fixed: dict[str, JSON] = {}
        """What is the same in each body: the name of the event, and members that the schema requires."""
        self._members: Mapping[str, Member] = {}
        """The members that a body may have, where its schema has no alternatives."""
        self._is_plain = False
        """Whether members and record make up a body, without anything to choose."""
        self._read()

    def body(self, happening: Happening) -> JSON:
        """Return a valid body. Raises :class:`GenerationError` where there is none."""
        if not self._place and happening.views:
            return self._judged(happening.views[0])
        if self._is_plain and happening.views:
            value = self._assembled(happening)
            if self._root.accepts(value):
                return value
        first = pointer_parts(self._place)[:1]
        pins = {pointer_of(name): value for name, value in self._fills(happening).items() if [name] != first}
        if happening.views:
            pins[self._place] = happening.views[0]
        else:
            pins = {**self._taken_over(happening.known), **pins}
        draw = SeedKey(self._seed, f"event {self._name}", happening.id)
        value = generate(self._schema, draw, self._document, pins=pins, complete=True, exemplary=True)
        return self._judged(value)

    def faults(self, body: JSON) -> list[Diagnostic]:
        """Return what the schema of the webhook has against a body."""
        if self._root.accepts(body):
            return []
        return [
            Diagnostic("event-body", "body", actual, expected, pointer)
            for pointer, actual, expected in self._root.reasons(body)
        ] or [Diagnostic("event-body", "body", "what the schema refuses", f"a body of {self._name}")]

    def _judged(self, value: JSON) -> JSON:
        faults = self.faults(value)
        if faults:
            raise GenerationError("; ".join(map(str, faults)))
        return value

    def _taken_over(self, known: Mapping[str, JSON]) -> dict[str, JSON]:
        """Return those of some members that the schema has too, by JSON Pointer."""
        shared = ((name, self._members[name]) for name in known if name in self._members)
        return {pointer_of(name): known[name] for name, member in shared if member.accepts(known[name])}

    def _read(self) -> None:
        """Read which members say what. Of the others those are fixed that the schema requires."""
        shapes = shapes_of(self._document, (self._root,))
        if len(shapes) != 1:
            return
        self._members = members = shapes[0].members
        if not self._place:
            return
        first = pointer_parts(self._place)[0]
        template = self._template()
        for name, member in members.items():
            if name == first:
                continue
            time, words = time_member(member), words_of(name)
            if is_type_name(name) and member.accepts(self._name):
                self._fixed[name] = self._name
            elif words in _IDS:
                self._ids[name] = member
            elif time is not None:
                self._times[name] = time
            elif member.is_required and name in template:
                self._fixed[name] = template[name]
        if first in members and self._place.count("/") > 1:
            self._fixed[first] = self._around(template.get(first))
        self._is_plain = first in members

    def _template(self) -> Mapping[str, JSON]:
        """Return a body of the schema without a record, with what it requires alone; none where it cannot be made."""
        draw = SeedKey(self._seed, f"event {self._name}", "")
        try:
            value = generate(self._schema, draw, self._document, fill=1, exemplary=True)
        except GenerationError:
            return {}
        return value if isinstance(value, dict) else {}

    def _around(self, template: JSON) -> JSON:
        """Return what stands around the record in its member (``{"object": null}``): only what has to."""
        inside = "/" + "/".join(self._place.split("/")[2:])
        try:
            value_at(template, inside)
        except (KeyError, TypeError):
            return with_value_at({}, pointer_parts(inside), None)
        return template

    def _fills(self, happening: Happening) -> dict[str, JSON]:
        """Return the members that say which event it is, and when."""
        fills = {**self._fixed, **{name: time.value(happening.at) for name, time in self._times.items()}}
        for name, member in self._ids.items():
            if member.accepts(happening.id):
                fills[name] = happening.id
            else:
                draw = SeedKey(self._seed, f"event {self._name}", happening.id)
                draws = MemberDraws(self._document, self._root, draw, Filling())
                fills[name] = draws.value(member.goal, draws.place(name))
        return fills

    def _assembled(self, happening: Happening) -> JSON:
        fills = self._fills(happening)
        first, *further = pointer_parts(self._place)
        record = happening.views[0]
        fills[first] = with_value_at(fills[first], further, record) if further else record
        return {name: fills[name] for name in self._members if name in fills}
