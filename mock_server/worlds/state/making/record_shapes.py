"""The shapes of an object: what members it has, in each branch of a union."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.branches import BranchPoint, expand
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.constraints.values import Goal, ValueConstraints
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey

MOST_SHAPES = 64
"""Most shapes of one schema that are told apart: Polar's meters have 12, OpenAI's tools 15."""
MOST_REMEMBERED = 256
"""Most kinds of records of one view whose shape is remembered."""
_MOST_STEPS = 512
"""Most choices that are looked into for the shapes of one schema."""
_MARK = 1000
"""How much a constant that agrees or disagrees weighs, in members that are merely known."""
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?")
"""A number as JSON writes it, without an exponent: Python reads more forms (``1_000``), and longer ones refuses."""

_SHAPES: CacheKey[Goal, tuple[RecordShape, ...]] = CacheKey()


def accepts(goal: Goal, value: JSON) -> bool:
    """Tell whether a value is valid by all schemas of a goal."""
    return goal[0].accepts(value) if len(goal) == 1 else all(node.accepts(value) for node in goal)


@value_class(eq=False)
class Member:
    """A member that a shape names: its schemas, and whether the shape requires it."""

    name: str
    goal: Goal
    is_required: bool

    def accepts(self, value: JSON) -> bool:
        """Tell whether the schemas of the member accept a value."""
        return accepts(self.goal, value)

    def typed(self, text: str) -> JSON:
        """Return a text of a path as a value of the member: the number that it writes where no text is accepted."""
        if self.accepts(text) or not _NUMBER.fullmatch(text):
            return text
        value: JSON = json.loads(text)
        return value if self.accepts(value) else text

    def nodes(self) -> Iterator[SchemaNode]:
        """Yield the schemas of the member, and what they refer to or are merged from; branches of unions last."""
        seen: dict[SchemaNode, None] = {}
        waiting = list(self.goal)
        while waiting:
            node = waiting.pop(0)
            if node in seen or len(seen) > MOST_SHAPES:
                continue
            seen[node] = None
            yield node
            if isinstance(node.keywords.get("$ref"), str):
                waiting.append(node.reference("$ref"))
            for keyword in ("allOf", "anyOf", "oneOf"):
                waiting += node.children(keyword)


@dataclass(slots=True, eq=False)
class RecordShape:
    """One form of an object: a schema without alternatives has one, a union one for each branch.

    ``marks`` are the members of which only listed values are valid, with these values: they tell branches apart.
    """

    members: dict[str, Member]
    is_closed: bool
    marks: dict[str, tuple[JSON, ...]] = field(default_factory=dict)

    @property
    def required(self) -> list[str]:
        """The names of the members that it requires."""
        return [name for name, member in self.members.items() if member.is_required]

    def agreement(self, known: Mapping[str, JSON]) -> int:
        """Return how well known members fit: constants first, then names; absent required members count against."""
        score = 0
        for name, values in self.marks.items():
            if name in known:
                score += _MARK if known[name] in values else -_MARK
        for name in known:
            score += 2 if name in self.members else -1 if self.is_closed else 0
        return score

    def completeness(self, known: Mapping[str, JSON]) -> int:
        """Return how many known members are valid here, less those that are refused or missing."""
        score = -sum(name not in known for name, member in self.members.items() if member.is_required)
        for name, value in known.items():
            member = self.members.get(name)
            if member is not None:
                score += 1 if member.accepts(value) else -2
        return score


def shapes_of(document: SchemaDocument, goal: Goal) -> tuple[RecordShape, ...]:
    """Return the shapes of the objects among the values of a goal; empty where no object is valid."""
    shapes = document.caches[_SHAPES]
    known = shapes.get(goal)
    if known is None:
        known = shapes[goal] = tuple(_shape(objects_found) for objects_found in _objects(document, goal))
    return known


def chosen(shapes: Sequence[RecordShape], known: Mapping[str, JSON], draw: SeedKey | None = None) -> RecordShape:
    """Return the shape that known members fit best. Of equal ones the draw chooses; without one, the first is taken."""
    if len(shapes) == 1:
        return shapes[0]
    scores = [shape.agreement(known) for shape in shapes]
    highest = max(scores)
    best = [shape for shape, score in zip(shapes, scores, strict=True) if score == highest]
    if len(best) > 1 and known:
        scores = [shape.completeness(known) for shape in best]
        highest = max(scores)
        best = [shape for shape, score in zip(best, scores, strict=True) if score == highest]
    return draw.at("#shape").choice(best) if draw is not None else best[0]


class ShapeMemory:
    """Remembers which shape records with the same members and the same constants were of: most are of one of a few."""

    def __init__(self, shapes: Sequence[RecordShape]) -> None:
        self._shapes = shapes
        self._marks = tuple(dict.fromkeys(name for shape in shapes for name in shape.marks))
        self._known: dict[tuple[object, ...], RecordShape] = {}

    def shape(self, value: Mapping[str, JSON]) -> RecordShape:
        """Return the shape that a record is likely of; whether it is, the judgement of what is shown tells."""
        if len(self._shapes) == 1:
            return self._shapes[0]
        constants = [value.get(name) for name in self._marks]
        if any(isinstance(constant, (dict, list)) for constant in constants):
            return chosen(self._shapes, value)
        key = (*value, *constants)
        shape = self._known.get(key)
        if shape is None:
            shape = chosen(self._shapes, value)
            if len(self._known) < MOST_REMEMBERED:
                self._known[key] = shape
        return shape


def _objects(document: SchemaDocument, goal: Goal) -> list[ObjectConstraints]:
    """Return the constraints of each kind of object that a goal allows, in the order of the schema."""
    objects: list[ObjectConstraints] = []
    paths: list[tuple[int, ...]] = [()]
    for _ in range(_MOST_STEPS):
        if not paths or len(objects) == MOST_SHAPES:
            break
        path = paths.pop(0)
        outcome = expand(document, goal, path)
        if isinstance(outcome, ObjectConstraints):
            objects.append(outcome)
        elif isinstance(outcome, BranchPoint):
            least = min(option.rank for option in outcome.options)
            options = [index for index, option in enumerate(outcome.options) if option.rank == least]
            paths[:0] = [(*path, index) for index in options]
    return objects


def _shape(constraints: ObjectConstraints) -> RecordShape:
    names = [
        name
        for name in {**constraints.names, **constraints.required}
        if name not in constraints.hidden and name not in constraints.forbidden
    ]
    members = {name: Member(name, constraints.member(name), name in constraints.required) for name in names}
    members = {
        name: member for name, member in members.items() if not any(node.schema is False for node in member.goal)
    }
    is_closed = any(
        atom.keywords.get(keyword) is False
        for atom in constraints.atoms
        for keyword in ("additionalProperties", "unevaluatedProperties")
    )
    shape = RecordShape(members, is_closed)
    for name, member in members.items():
        values = _listed(member)
        if values is not None:
            shape.marks[name] = values
    return shape


def _listed(member: Member) -> tuple[JSON, ...] | None:
    """Return the only values that are valid for a member, where its schemas list them."""
    if not member.goal:
        return None
    outcome = expand(member.goal[0].document, member.goal, ())
    return tuple(outcome.values) if isinstance(outcome, ValueConstraints) else None
