"""What was sent, in the form that the answer's schema has: whole, or member by member and item by item."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.branches import BranchPoint, expand
from mock_server.generation.constraints.arrays import ArrayConstraints
from mock_server.generation.constraints.values import Goal
from mock_server.generation.location import ValueLocation
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.worlds.state.making.member_draws import Filling, MemberDraws
from mock_server.worlds.state.making.member_words import is_flag_of_ending, tells_of_removal
from mock_server.worlds.state.making.record_shapes import Member, RecordShape, accepts, chosen, shapes_of

_DEEPEST = 12
"""Most levels of what was sent that are fitted."""
_MOST_BRANCHES = 32
"""Most branches in which an array is searched."""
_NAMING = (
    *("id", "uuid", "sid", "sha", "login", "slug", "key", "name", "ref", "number", "code", "enabled", "value", "text"),
    *("content", "url"),
)
"""Members of an object for which a scalar may stand, the likeliest first."""
_WRAPPED = 3
"""Most levels of objects and arrays that are put around a scalar."""


OtherwiseOf = Callable[[RecordShape, Member], "JSON | Unknown"]
"""Returns what a member of a shape has that was not sent; :data:`UNKNOWN` where it is to be generated."""


@value_class
class Refusal:
    """What was sent and cannot be shown: the JSON Pointer of the part that no form of the schema takes."""

    pointer: str


class Fitting:
    """Fits values of one record into the schemas of its members.

    ``otherwise`` tells what a member has that was not sent, where it is not to be generated. ``losses`` are the JSON
    Pointers of parts that were left out on the way.
    """

    def __init__(self, draws: MemberDraws, otherwise: OtherwiseOf | None = None) -> None:
        self._draws = draws
        self._otherwise = otherwise
        self._document = draws.document
        self.losses: list[str] = []

    def fitted(self, goal: Goal, sent: JSON, place: ValueLocation, base: JSON = None) -> JSON | Refusal:
        """Return a valid value that says what was sent.

        ``base`` is what stood there before: of it stays what the schema requires and was not sent.
        """
        if accepts(goal, sent):
            return sent
        if place.depth > _DEEPEST:
            return Refusal(place.pointer)
        if isinstance(sent, dict):
            return self._object(goal, sent, place, base)
        if isinstance(sent, list):
            return self._array(goal, sent, place, base if isinstance(base, list) else [])
        return self._scalar(goal, sent, place)

    def _object(self, goal: Goal, sent: Mapping[str, JSON], place: ValueLocation, base: JSON) -> JSON | Refusal:
        shapes = shapes_of(self._document, goal)
        if not shapes:
            return Refusal(place.pointer)
        shape = chosen(shapes, sent, self._draws.draw)
        former: Mapping[str, JSON] = base if isinstance(base, dict) else {}
        value: dict[str, JSON] = {}
        losses = [
            place.pointer + pointer_of(name)
            for name, item in sent.items()
            if name not in shape.members and item is not None
        ]
        for name, member in shape.members.items():
            inner = place.below(name)
            if name in sent:
                fitted = self.fitted(member.goal, sent[name], inner, former.get(name))
                if not isinstance(fitted, Refusal):
                    value[name] = fitted
                    continue
                if sent[name] is not None:
                    losses.append(fitted.pointer)
            elif member.is_required and name in former and member.accepts(former[name]):
                value[name] = former[name]
                continue
            self._put(shape, member, inner, value)
        if not shape.is_closed:
            whole = {**value, **{name: item for name, item in sent.items() if name not in shape.members}}
            if len(whole) > len(value) and accepts(goal, whole):
                value = whole
                losses = [loss for loss in losses if loss.rpartition("/")[2] in shape.members]
        if not accepts(goal, value):
            return Refusal(place.pointer)
        self.losses += losses
        return value

    def _put(self, shape: RecordShape, member: Member, place: ValueLocation, value: dict[str, JSON]) -> None:
        """Put in a member that was not sent, where the schema requires it: its only value, nothing, or a generated one.

        A constant that tells branches apart is put in even where nobody requires it.
        """
        listed = shape.marks.get(member.name)
        if listed is not None and len(listed) == 1:
            value[member.name] = listed[0]
        elif member.is_required:
            empty = self._otherwise(shape, member) if self._otherwise is not None else absent_value(member)
            value[member.name] = self._draws.value(member.goal, place) if isinstance(empty, Unknown) else empty

    def _array(self, goal: Goal, sent: list[JSON], place: ValueLocation, base: list[JSON]) -> JSON | Refusal:
        for shape in arrays_of(self._document, goal):
            items: list[JSON] = []
            before = len(self.losses)
            for index, item in enumerate(sent):
                fitted = self.fitted(shape.item(index), item, place.below(index), _former(base, item, index))
                if isinstance(fitted, Refusal):
                    break
                items.append(fitted)
            if len(items) == len(sent) and accepts(goal, items):
                return items
            del self.losses[before:]
        return Refusal(place.pointer)

    def _scalar(self, goal: Goal, sent: JSON, place: ValueLocation, wraps: int = 0) -> JSON | Refusal:
        """Return a scalar in another spelling, or the object that it stands for: by its key, its name, its text.

        ``wraps`` are the levels that stand around it already.
        """
        other = _respelt(sent)
        if other is not None and accepts(goal, other):
            return other
        if sent is None or wraps >= _WRAPPED:
            return Refusal(place.pointer)
        shapes = shapes_of(self._document, goal)
        for name in _NAMING:
            for shape in shapes:
                member = shape.members.get(name)
                inner = self._inner(member, sent, place.below(name), wraps) if member is not None else None
                if inner is not None and not isinstance(inner, Refusal):
                    named = self._named(goal, place, shape, name, inner)
                    if not isinstance(named, Refusal):
                        return named
        for array in arrays_of(self._document, goal) if isinstance(sent, str) and sent else ():
            item = self._scalar(array.item(0), sent, place.below(0), wraps + 1)
            if not isinstance(item, Refusal) and accepts(goal, [item]):
                return [item]
        return Refusal(place.pointer)

    def _inner(self, member: Member, sent: JSON, place: ValueLocation, wraps: int) -> JSON | Refusal:
        """Return a scalar as a member of the object that stands for it; only texts are wrapped further."""
        if not member.goal or member.accepts(sent):
            return sent
        if member.name in ("text", "content", "value"):
            return self._scalar(member.goal, sent, place, wraps + 1)
        return Refusal(place.pointer)

    def _named(self, goal: Goal, place: ValueLocation, shape: RecordShape, name: str, identity: JSON) -> JSON | Refusal:
        """Return a generated object that says what was sent in a member, and is neither deleted nor archived."""
        pins = {place.pointer + pointer_of(other): value for other, value in _present(shape).items()}
        try:
            value = self._draws.value(goal, place, {**pins, place.pointer + pointer_of(name): identity})
        except GenerationError:
            return Refusal(place.pointer)
        if isinstance(value, dict) and value.get(name) == identity and accepts(goal, value):
            return value
        return Refusal(place.pointer)


def arrays_of(document: SchemaDocument, goal: Goal) -> list[ArrayConstraints]:
    """Return the constraints of each kind of array that a goal allows."""
    arrays: list[ArrayConstraints] = []
    paths: list[tuple[int, ...]] = [()]
    for _ in range(_MOST_BRANCHES):
        if not paths:
            break
        path = paths.pop(0)
        outcome = expand(document, goal, path)
        if isinstance(outcome, ArrayConstraints):
            arrays.append(outcome)
        elif isinstance(outcome, BranchPoint):
            paths += [(*path, index) for index in range(len(outcome.options))]
    return arrays


def projected(document: SchemaDocument, goal: Goal, value: JSON) -> JSON:
    """Return the members of a record, or of each of a list of them, that the schemas of a goal name."""
    if isinstance(value, list):
        arrays = arrays_of(document, goal)
        return (
            [projected(document, arrays[0].item(index), item) for index, item in enumerate(value)] if arrays else value
        )
    if not isinstance(value, dict):
        return value
    shapes = shapes_of(document, goal)
    shape = chosen(shapes, value) if shapes else None
    if shape is None or not shape.members:
        return value
    return {name: value[name] for name in shape.members if name in value}


def _present(shape: RecordShape) -> dict[str, JSON]:
    """Return the members that say of an object that it is not gone."""
    values: dict[str, JSON] = {}
    for name, member in shape.members.items():
        if is_flag_of_ending(name) and member.accepts(False):
            values[name] = False
        elif tells_of_removal(name) and member.goal and member.accepts(None):
            values[name] = None
    return values


def _former(base: list[JSON], item: JSON, index: int) -> JSON:
    """Return the item of a former list that a new one is about: the one of the same ``id``, else of the same place."""
    identity = item.get("id") if isinstance(item, dict) else None
    if identity is not None:
        return next((other for other in base if isinstance(other, dict) and other.get("id") == identity), None)
    return base[index] if index < len(base) else None


class Unknown:
    """Stands for a value that nobody knows; null is a value."""


UNKNOWN = Unknown()


def absent_value(member: Member) -> JSON | Unknown:
    """Return what a member has that could have been sent and was not: null, else an empty object or array."""
    empty: tuple[JSON, ...] = (None, {}, [])
    for value in empty:
        if member.goal and member.accepts(value):
            return value
    return UNKNOWN


def fitted(
    document: SchemaDocument, schema: JSON, sent: JSON, draw: SeedKey, filling: Filling | None = None
) -> JSON | Refusal:
    """Return what was sent in the form that a schema has; a :class:`Refusal` where it has none for it.

    Nested objects get the members that the schema requires and nobody sent; arrays are fitted item by item.
    """
    root = document.root(schema)
    draws = MemberDraws(document, root, draw, filling or Filling())
    return Fitting(draws).fitted((root,), sent, ValueLocation())


def _respelt(sent: JSON) -> JSON:
    """Return a number as a text, or a text as the number that it is; None for all else."""
    if isinstance(sent, bool) or sent is None:
        return None
    if isinstance(sent, (int, float)):
        return str(sent)
    if isinstance(sent, str) and sent.lstrip("-").isdigit() and sent.isascii() and len(sent) < 20:
        return int(sent)
    return None
