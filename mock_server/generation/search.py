"""One generation: its settings, the current place, and the search for options that lead to a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from mock_server.core.deadline import check, current
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import above_and_at, value_at
from mock_server.core.types import JSON
from mock_server.generation.branches import BranchPoint, expand
from mock_server.generation.choices import PLAIN, Choice, Wanted
from mock_server.generation.constraints.values import Constraints, Goal
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.fake.field_providers import field_providers
from mock_server.generation.fake.persona import Persona
from mock_server.generation.location import ValueLocation, Walker
from mock_server.generation.min_size import BOUNDLESS, least_size
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.schema_examples import schema_examples
from mock_server.generation.seeding import RandomStream, SeedKey
from mock_server.generation.values.arrays import make_array
from mock_server.generation.values.objects import make_object
from mock_server.generation.values.scalars import make_boolean, make_null, make_number, make_value
from mock_server.generation.values.strings import make_text

FULL = 12
"""Levels of objects of which all members are made, unless fewer are wanted."""
BOTTOM = 100
"""Levels at which a search is given up."""
BUDGET = 30_000
"""Values that one search may try. Then another one has to be content with less."""
_MANY = 1000
"""Values after which a search asks how many there must be at least."""
_LOOKS = 15
"""The clock is read once for so many values and one."""
NULL_SHARE = 0.2
WAYS = 200
"""Most shapes that are tried for one value."""
LEAST_WAYS = 8
"""Least number of shapes that are tried for each option of a choice."""
TURNS = 3
"""Values that are tried for a shape that does not guarantee a valid one."""

_PRESENT = Choice.PRESENT
LATER_ITEM = re.compile(r"/[1-9][0-9]*(/|$)")
"""A pointer to or into an item that is not the first: examples are not repeated in a list."""

Trace = list[tuple[str, Constraints | BranchPoint, int]]
"""By JSON Pointer, a shape or a choice; with a choice, the option that was tried first."""


class TooLargeError(GenerationError):
    """A schema whose values are all larger than what is made."""


class SearchBudgetExceeded(Exception):  # noqa: N818  (not a failure of the program)
    """Raised when the search has tried all the values that it may."""


@dataclass
class GenerationContext:
    """The settings and the state of a generation. ``pins`` are fixed values by JSON Pointer into the value.

    ``wanted`` has what a variant wants: by pointer and name of a choice, the number of the option.
    """

    draw: SeedKey
    document: SchemaDocument
    pins: Mapping[str, JSON] = field(default_factory=dict)
    persona: Persona | None = None
    fill_properties: bool = True
    complete: bool = False
    fill: int = FULL
    """Levels of objects that have optional members; deeper ones have only what is required."""
    enough: int = BUDGET
    """Number of values after which optional members are left out and lists are as short as allowed.

    This does not apply to the members of the outermost object.
    """
    wanted: Wanted = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    """How often the value at a pointer was found not to be valid."""
    spent: int = 0
    values: int = 0
    """The number of values in this attempt."""
    worst: tuple[str, Unsatisfiable] | None = None
    """The contradiction at the deepest pointer, of equal ones the first."""
    failed: dict[Goal, int] = field(default_factory=dict)
    _ways_to_pins: frozenset[str] = frozenset()
    """The pointers of pins and of all that they are within."""
    pinned: Mapping[str, JSON] = field(default_factory=dict)
    """The pins of members of the root, by name."""
    trusted: frozenset[str] = frozenset()
    """Members of the root whose values are validated with the whole."""
    believed: frozenset[str] = frozenset()
    """Those of them whose values come from the field's name alone."""
    exemplary: bool = False
    """Whether examples and defaults of the schemas go before generated values."""
    deadline: float = field(default_factory=current)
    trace: Trace | None = None
    """For a caller that wants them: the shapes that values were made from, and the choices on the way."""

    def __post_init__(self) -> None:
        if self.pins:
            self._ways_to_pins = ways_to(self.pins)
            plain = ((pin, value) for pin, value in self.pins.items() if pin.count("/") == 1 and "~" not in pin)
            self.pinned = {pin[1:]: value for pin, value in plain}

    def value(self, goal: Goal, place: ValueLocation) -> JSON:
        """Return a value that satisfies all schemas of the goal. Raises :class:`Unsatisfiable` where none was found."""
        if place.pointer in self.pins:
            return self.pins[place.pointer]
        self.spent += 1
        self.values += 1
        turn = self.turns.get(place.pointer, 0) if self.turns else 0
        # A value that validation has refused before is not taken from examples or names a second time.
        if not turn:
            has_value, value = self._exemplified(goal, place) if self.exemplary else (False, None)
            if not has_value:
                has_value, value = self._believable(goal, place)
            if has_value:
                return value
        place = self._entered(goal, place, turn)
        for shape in self.shapes(goal, place):
            # Only a risky shape (oneOf, not, unevaluated ...) may give an invalid value, so others are not validated
            # here.
            for turn in range(TURNS if shape.is_risky else 1):
                try:
                    candidate = MAKERS[shape.kind](self, shape, place.turned(turn) if turn else place)
                except Unsatisfiable as nothing:
                    self.note(place, nothing)
                    break
                if not shape.is_risky or self.is_pinned(place.pointer) or keeps(goal, candidate):
                    if self.trace is not None:
                        self.trace.append((place.pointer, shape, 0))
                    return candidate
                if self.worst is None or len(place.pointer) > len(self.worst[0]):
                    self.note(place, Unsatisfiable(*_faulty(goal, candidate)))
        self.failed[goal] = self.failed.get(goal, 0) + 1
        raise self.reason(place)

    def _entered(self, goal: Goal, place: ValueLocation, turn: int) -> ValueLocation:
        if self.spent > BUDGET:
            raise SearchBudgetExceeded
        if self.spent == _MANY:
            _refuse_large([*place.above, *goal])
        if not self.spent & _LOOKS:
            check(self.deadline)
        if place.depth > BOTTOM:
            raise Unsatisfiable(*_ENDLESS, pointer=_first_return(goal, place))
        if self.failed and self.failed.get(goal, 0) > 5:
            raise self.reason(place)
        if not (len(goal) == 1 and goal[0].is_scalar):  # a scalar has no values below it
            place = place.within(goal)
        return place.turned(turn) if turn else place

    def _exemplified(self, goal: Goal, place: ValueLocation) -> tuple[bool, JSON]:
        """Return whether an example or default of the schemas is valid by all of them, and the value."""
        values = [value for node in goal for value in schema_examples(node)]
        if not values or place.salt or self.is_pinned(place.pointer) or LATER_ITEM.search(place.pointer):
            return False, None
        for value in values:
            if keeps(goal, value):
                return True, value
        return False, None

    def _believable(self, goal: Goal, place: ValueLocation) -> tuple[bool, JSON]:
        """Return whether the field's name gives a value that is valid, and the value."""
        make = field_providers().get(place.name)
        if make is None or self.persona is None or place.salt or (self.wanted and self.wants(place.pointer)):
            return False, None
        value = make(self.persona, place.pointer)
        if place.pointer in self._ways_to_pins and not leaves_pins(self.pins, place.pointer, value):
            return False, None
        # A trace needs the choices within the value, which a ready value skips; the plain variant has no nulls.
        if self.trace is not None or (value is None and PLAIN in self.wanted):
            return False, None
        # Trusted members of the root are validated together with the whole, which is faster.
        if goal and ((place.depth == 1 and place.name in self.trusted) or keeps(goal, value)):
            return True, value
        # A pair or a map in another form than the schema's is of no use: null takes its place, where it is valid.
        return isinstance(value, (dict, list)) and bool(goal) and keeps(goal, None), None

    def believe(self, trusted: frozenset[str]) -> None:
        """Leave the members of the root with these names to the validation of the whole."""
        self.trusted = trusted
        free = self.persona is not None and not self.exemplary
        self.believed = frozenset(
            name for name in trusted if free and name in field_providers() and f"/{name}" not in self._ways_to_pins
        )

    def believable(self, name: str) -> JSON:
        """Return the value of a member of the root that comes from its name alone."""
        assert self.persona is not None
        return field_providers()[name](self.persona, f"/{name}")

    def wants(self, pointer: str) -> bool:
        """Tell whether a variant wants something of the value itself."""
        return any(key[0] == pointer and key[1] != _PRESENT for key in self.wanted if key != PLAIN)

    def shapes(self, goal: Goal, place: ValueLocation) -> Iterator[Constraints]:
        """Return the shapes of a goal, those that the draw prefers first."""
        # Most goals have one shape and no choice.
        only = expand(self.document, goal, ())
        return iter((only,)) if isinstance(only, Constraints) else self._shapes_below(goal, place, (), WAYS, [0])

    def _shapes_below(
        self, goal: Goal, place: ValueLocation, path: tuple[int, ...], until: int, tried: list[int]
    ) -> Iterator[Constraints]:
        """Yield the shapes that the options taken lead to, until so many were tried in all."""
        result = expand(self.document, goal, path)
        if isinstance(result, Constraints):
            tried[0] += 1
            yield result
        elif isinstance(result, Unsatisfiable):
            tried[0] += 1
            self.note(place, result)
        else:
            ordered = self.order(result, place)
            if self.trace is not None:
                self.trace.append((place.pointer, result, ordered[0]))
            for remaining, index in zip(range(len(ordered), 0, -1), ordered, strict=True):
                # An option that leads nowhere in a hundred ways must not use up those of the others.
                share = max(LEAST_WAYS, (until - tried[0]) // remaining)
                if tried[0] < until:
                    yield from self._shapes_below(goal, place, (*path, index), min(until, tried[0] + share), tried)

    def order(self, choice: BranchPoint, place: ValueLocation) -> Sequence[int]:
        """Return the indexes of the options of a choice, in the order in which to try them."""
        index = self.wanted.get((place.pointer, choice.name)) if self.wanted else None
        if index is not None and index < len(choice.options):
            return [index, *(i for i in range(len(choice.options)) if i != index)]
        options = choice.options
        if PLAIN in self.wanted:
            return sorted(range(len(options)), key=lambda i: (options[i].rank, options[i].is_null))
        if place.lean:
            return choice.smallest_first
        # The first choice of a kind draws by its place alone: choices that a schema gets later do not change it.
        number = choice.name.rpartition(".")[2]
        random = self.draw.at(f"{place.key}#{choice.keyword}{'' if number == '0' else number}")
        may_be_null = not self.is_pinned(place.pointer)
        # An answer that is null shows nothing.
        is_value = self.complete and not place.depth
        return drawn_order(
            choice, random, may_be_null=may_be_null, is_value=is_value, is_small=place.level >= self.fill
        )

    def is_pinned(self, pointer: str) -> bool:
        """Tell whether something at or below a pointer is pinned."""
        return pointer in self._ways_to_pins

    def note(self, place: ValueLocation, nothing: Unsatisfiable) -> None:
        """Remember a contradiction, if it is the deepest so far."""
        pointer = place.pointer if nothing.pointer is None else nothing.pointer
        if self.worst is None or len(pointer) > len(self.worst[0]):
            self.worst = (pointer, nothing)

    def reason(self, place: ValueLocation) -> Unsatisfiable:
        """Return the contradiction to report: the deepest below a place, or the return of a schema around the place."""
        if self.worst is not None:
            pointer, nothing = self.worst
            is_return = nothing.keywords == _ENDLESS and place.pointer.startswith(pointer)
            if is_return or pointer.startswith(place.pointer):
                return Unsatisfiable(*nothing.keywords, pointer=pointer)
        return Unsatisfiable(*_ENDLESS, pointer=place.pointer)


def ways_to(pins: Iterable[str]) -> frozenset[str]:
    """Return the pointers of pins and of all that they are within."""
    deeper = (above for pin in pins if pin.count("/") > 1 for above in above_and_at(pin))
    return frozenset(("", *pins, *deeper))


def leaves_pins(pins: Mapping[str, JSON], pointer: str, value: JSON) -> bool:
    """Tell whether a value has the pinned values below its place."""
    for pin, pinned in pins.items():
        if pin.startswith(pointer + "/"):
            try:
                if value_at(value, pin.removeprefix(pointer)) != pinned:
                    return False
            except KeyError:
                return False
    return True


def drawn_order(
    choice: BranchPoint, random: RandomStream, *, may_be_null: bool, is_value: bool, is_small: bool
) -> list[int]:
    """Return the indexes of the options of a choice in the order in which a draw prefers them.

    ``is_value`` rules null out where there is anything else; ``is_small`` puts the smallest first, since objects with
    only what is required should be small.
    """
    order: list[int] = []
    for nulls, others in choice.ranks:
        can_be_null = bool(nulls) and may_be_null and not (others and is_value)
        is_null = can_be_null and (not others or random.random() < NULL_SHARE)
        # Begin with the drawn option, then try all others in turn.
        start = others.index(random.choice(others)) if others else 0
        turned = [*others[start:], *others[:start]]
        if is_small:
            turned.sort(key=lambda i: choice.options[i].height)
        order += [*nulls, *turned] if is_null else [*turned, *nulls]
    return order


def _refuse_large(above: Iterable[object]) -> None:
    """Raise :class:`TooLargeError` where a value has to have more values than a search may try.

    ``above`` are the schemas of the value that is being made, and of those that it is within.
    """
    least = max((least_size(node) for node in above if isinstance(node, SchemaNode)), default=0)
    if least > BUDGET:
        many = f"at least {least:,}" if least < BOUNDLESS else "more than anybody counts"
        raise TooLargeError(
            f"/: found a schema whose smallest value is too large: {many} values, more than the {BUDGET:,} that are "
            "made; expected a smaller one. Lower minItems or required, or give an example."
        )


_ENDLESS = ("required", "$ref")
"""The keywords of a schema that requires itself without end."""


def _first_return(goal: Goal, place: ValueLocation) -> str:
    """Return the JSON Pointer at which a recursive schema comes back to itself for the first time."""
    levels = [level for level, mark in enumerate(place.above) if mark is goal[0].settled()] if goal else []
    return "/".join(place.pointer.split("/")[: levels[1] + 1]) if len(levels) > 1 else place.pointer


def keeps(goal: Goal, value: JSON) -> bool:
    """Tell whether a value is valid by all schemas of a goal."""
    return goal[0].accepts(value) if len(goal) == 1 else all(node.accepts(value) for node in goal)


def _faulty(goal: Goal, value: JSON) -> list[str]:
    return list(dict.fromkeys(keyword for node in goal for _, keyword in node.faults(value)))[:3]


Maker = Callable[[Walker, Constraints, ValueLocation], JSON]
# The kind tells the class of the constraints, which the type of a mapping cannot say.
MAKERS: dict[str, Maker] = {
    "array": cast("Maker", make_array),
    "boolean": make_boolean,
    "integer": cast("Maker", make_number),
    "null": make_null,
    "number": cast("Maker", make_number),
    "object": cast("Maker", make_object),
    "string": cast("Maker", make_text),
    "value": cast("Maker", make_value),
}
