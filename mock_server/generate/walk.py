"""One generation: what is fixed beforehand, where it stands, and the search for a way that leads to a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.contract.source import above_and_at, find
from mock_server.deadline import check, current
from mock_server.errors import GenerationError
from mock_server.exchange import JSON
from mock_server.generate.arrays import make_array
from mock_server.generate.contradiction import Contradiction
from mock_server.generate.document import Document, Node
from mock_server.generate.documented import documented
from mock_server.generate.expansion import Choice, outcome
from mock_server.generate.fields import FIELDS
from mock_server.generate.objects import make_object
from mock_server.generate.persona import Persona
from mock_server.generate.place import Place
from mock_server.generate.scalars import make_boolean, make_null, make_number, make_value
from mock_server.generate.seeds import Draw
from mock_server.generate.shape import Goal, Shape
from mock_server.generate.size import BOUNDLESS, least_size
from mock_server.generate.texts import make_text

FULL = 12
"""Levels of objects of which all members are made, where nobody asks for fewer."""
BOTTOM = 100
"""Levels at which a way is given up."""
BUDGET = 30_000
"""Values that one search may try. Then another one has to be content with less."""
_MANY = 1000
"""Values after which a search asks how many there must be at least."""
_LOOKS = 15
"""The clock is looked at once for so many values and one."""
NULL_SHARE = 0.2
WAYS = 200
"""Shapes that are tried for one value."""
LEAST_WAYS = 8
"""Shapes of those that each option of a choice is good for."""
TURNS = 3
"""Values that are tried for a shape that does not guarantee what it makes."""

_LATER_ITEM = re.compile(r"/[1-9][0-9]*(/|$)")
"""A pointer to or into an item that is not the first: an example in a list again and again is none."""

Trace = list[tuple[str, Shape | Choice, int]]
"""By JSON Pointer; beside a choice the option that was taken first."""


class TooLargeError(GenerationError):
    """A schema whose values are all larger than what is made."""


class SearchBudgetExceeded(Exception):  # noqa: N818  (not a failure of the program)
    """The search has tried all the values that it may."""


@dataclass
class Walk:
    """What a generation has to go by. ``pins`` and ``wanted`` are by JSON Pointer into the value.

    ``wanted`` holds what a variant asks for: by pointer and name of a choice, the number of the option.
    """

    draw: Draw
    document: Document
    pins: Mapping[str, JSON] = field(default_factory=dict)
    persona: Persona | None = None
    fill_properties: bool = True
    complete: bool = False
    fill: int = FULL
    """Levels of objects that have optional members; those below have what is required."""
    enough: int = BUDGET
    """Values after which there are no more optional members and no longer lists than must be, but for those of the
    outermost object."""
    wanted: Mapping[tuple[str, str], int] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    """How often the value at a pointer was found wanting after all."""
    spent: int = 0
    values: int = 0
    """Those of them in this attempt."""
    worst: tuple[str, Contradiction] | None = None
    """The first contradiction that could not be avoided, the deepest of them."""
    failed: dict[Goal, int] = field(default_factory=dict)
    _ways_to_pins: frozenset[str] = frozenset()
    """The pointers of pins and of all that they are within."""
    trusted: frozenset[str] = frozenset()
    """Members of the root whose values the check of the whole will judge."""
    believed: frozenset[str] = frozenset()
    """Those of them in which nothing but the field's name has a say."""
    exemplary: bool = False
    """Whether what the schemas give as examples and defaults goes before what is made."""
    deadline: float = field(default_factory=current)
    trace: Trace | None = None
    """Where a caller wants to know of them: the shapes that values were made from, and the choices on the way."""

    def __post_init__(self) -> None:
        if self.pins:
            self._ways_to_pins = frozenset(above for pin in self.pins for above in above_and_at(pin))

    def value(self, goal: Goal, place: Place) -> JSON:
        """A value that keeps all schemas of the goal. Raises :class:`Contradiction` where none was found."""
        if place.pointer in self.pins:
            return self.pins[place.pointer]
        self.spent += 1
        self.values += 1
        turn = self.turns.get(place.pointer, 0) if self.turns else 0
        if not turn:
            found, value = self._exemplified(goal, place) if self.exemplary else (False, None)
            if not found:
                found, value = self._believable(goal, place)
            if found:
                return value
        place = self._entered(goal, place, turn)
        for shape in self.shapes(goal, place):
            for turn in range(TURNS if shape.is_risky else 1):
                try:
                    made = MAKERS[shape.kind](self, shape, place.turned(turn) if turn else place)
                except Contradiction as nothing:
                    self.note(place, nothing)
                    break
                if not shape.is_risky or self.is_pinned(place.pointer) or _keeps(goal, made):
                    if self.trace is not None:
                        self.trace.append((place.pointer, shape, 0))
                    return made
                if self.worst is None or len(place.pointer) > len(self.worst[0]):
                    self.note(place, Contradiction(*_faulty(goal, made)))
        self.failed[goal] = self.failed.get(goal, 0) + 1
        raise self.reason(place)

    def _entered(self, goal: Goal, place: Place, turn: int) -> Place:
        if self.spent > BUDGET:
            raise SearchBudgetExceeded
        if self.spent == _MANY:
            _refuse_large([*place.above, *goal])
        if not self.spent & _LOOKS:
            check(self.deadline)
        if place.depth > BOTTOM:
            raise Contradiction(*_ENDLESS, pointer=_first_return(goal, place))
        if self.failed and self.failed.get(goal, 0) > 5:
            raise self.reason(place)
        if not (len(goal) == 1 and goal[0].is_scalar):  # nothing stands below a scalar
            place = place.within(goal)
        return place.turned(turn) if turn else place

    def _exemplified(self, goal: Goal, place: Place) -> tuple[bool, JSON]:
        """What the schemas themselves give, where all of them take it."""
        values = [value for node in goal for value in documented(node)]
        if not values or place.salt or self.is_pinned(place.pointer) or _LATER_ITEM.search(place.pointer):
            return False, None
        for value in values:
            if _keeps(goal, value):
                return True, value
        return False, None

    def _believable(self, goal: Goal, place: Place) -> tuple[bool, JSON]:
        """What the field's name suggests, where the schema takes it."""
        make = FIELDS.get(place.name)
        if make is None or self.persona is None or place.salt or (self.wanted and self.wants(place.pointer)):
            return False, None
        value = make(self.persona, place.pointer)
        if place.pointer in self._ways_to_pins and not self._leaves_pins(place.pointer, value):
            return False, None
        if self.trace is not None or (value is None and ("", "plain") in self.wanted):
            return False, None
        if goal and ((place.depth == 1 and place.name in self.trusted) or _keeps(goal, value)):
            return True, value
        # A pair or a map of another make than the schema's says that nothing fitting is known.
        return isinstance(value, (dict, list)) and bool(goal) and _keeps(goal, None), None

    def believe(self, trusted: frozenset[str]) -> None:
        """Leave the members of the root of these names to the check of the whole."""
        self.trusted = trusted
        free = self.persona is not None and not self.exemplary
        self.believed = frozenset(
            name for name in trusted if free and name in FIELDS and f"/{name}" not in self._ways_to_pins
        )  # fmt: skip

    def believable(self, name: str) -> JSON:
        """The value of a member of the root that is believed."""
        assert self.persona is not None
        return FIELDS[name](self.persona, f"/{name}")

    def _leaves_pins(self, pointer: str, value: JSON) -> bool:
        """Whether a value has what is fixed beforehand below its place."""
        for pin, wanted in self.pins.items():
            if pin.startswith(pointer + "/"):
                try:
                    if find(value, pin.removeprefix(pointer)) != wanted:
                        return False
                except KeyError:
                    return False
        return True

    def wants(self, pointer: str) -> bool:
        """Whether a variant asks for something of the value itself."""
        return any(where == pointer and what != "present" for where, what in self.wanted if where or what != "plain")

    def shapes(self, goal: Goal, place: Place) -> Iterator[Shape]:
        """The shapes of a goal, those that the draw prefers first."""
        tried = [0]

        def down(taken: tuple[int, ...], until: int) -> Iterator[Shape]:
            found = outcome(self.document, goal, taken)
            if isinstance(found, Shape):
                tried[0] += 1
                yield found
            elif isinstance(found, Contradiction):
                tried[0] += 1
                self.note(place, found)
            else:
                ordered = self.order(found, place)
                if self.trace is not None:
                    self.trace.append((place.pointer, found, ordered[0]))
                for left, index in zip(range(len(ordered), 0, -1), ordered, strict=True):
                    # An option that leads nowhere in a hundred ways must not use up those of the others.
                    share = max(LEAST_WAYS, (until - tried[0]) // left)
                    if tried[0] < until:
                        yield from down((*taken, index), min(until, tried[0] + share))

        # Most goals have one shape and no choice.
        only = outcome(self.document, goal, ())
        return iter((only,)) if isinstance(only, Shape) else down((), WAYS)

    def order(self, choice: Choice, place: Place) -> Sequence[int]:
        """The options of a choice, in the order to try them in."""
        wanted = self.wanted.get((place.pointer, choice.name)) if self.wanted else None
        if wanted is not None and wanted < len(choice.options):
            return [wanted, *(i for i in range(len(choice.options)) if i != wanted)]
        options = choice.options
        if ("", "plain") in self.wanted:
            return sorted(range(len(options)), key=lambda i: (options[i].rank, options[i].is_null))
        if place.lean:
            return choice.smallest_first
        number = choice.name.rpartition(".")[2]
        random = self.draw.at(f"{place.key}#{choice.keyword}{'' if number == '0' else number}")
        order: list[int] = []
        for nulls, others in choice.ranks:
            may_be_null = bool(nulls) and not self.is_pinned(place.pointer)
            if others and self.complete and not place.depth:
                may_be_null = False  # an answer that is null shows nothing
            is_null = may_be_null and (not others or random.random() < NULL_SHARE)
            start = others.index(random.choice(others)) if others else 0
            turned = [*others[start:], *others[:start]]
            if place.level >= self.fill:  # of objects that have only what is required, the smallest will do
                turned.sort(key=lambda i: options[i].height)
            order += [*nulls, *turned] if is_null else [*turned, *nulls]
        return order

    def is_pinned(self, pointer: str) -> bool:
        """Whether something at or below a pointer is fixed beforehand."""
        return pointer in self._ways_to_pins

    def note(self, place: Place, nothing: Contradiction) -> None:
        """Remember why a way led nowhere."""
        pointer = place.pointer if nothing.pointer is None else nothing.pointer
        if self.worst is None or len(pointer) > len(self.worst[0]):
            self.worst = (pointer, nothing)

    def reason(self, place: Place) -> Contradiction:
        """The contradiction to tell of: the deepest below a place, or the return of a schema that the place is in."""
        if self.worst is not None:
            pointer, nothing = self.worst
            is_return = nothing.keywords == _ENDLESS and place.pointer.startswith(pointer)
            if is_return or pointer.startswith(place.pointer):
                return Contradiction(*nothing.keywords, pointer=pointer)
        return Contradiction(*_ENDLESS, pointer=place.pointer)


def _refuse_large(above: Iterable[object]) -> None:
    """Raise :class:`TooLargeError` where a value has to have more values than a search may try.

    ``above`` are the schemas of the value that is being made, and of those that it is within.
    """
    least = max((least_size(node) for node in above if isinstance(node, Node)), default=0)
    if least > BUDGET:
        many = f"at least {least:,}" if least < BOUNDLESS else "more than anybody counts"
        raise TooLargeError(
            f"/: found a schema whose smallest value is too large: {many} values, more than the {BUDGET:,} that are "
            "made; expected a smaller one. Lower minItems or required, or give an example."
        )


_ENDLESS = ("required", "$ref")
"""The keywords of a schema that requires itself for ever."""


def _first_return(goal: Goal, place: Place) -> str:
    """The JSON Pointer at which a schema that comes back to itself does so for the first time."""
    levels = [level for level, mark in enumerate(place.above) if mark is goal[0].settled()] if goal else []
    return "/".join(place.pointer.split("/")[: levels[1] + 1]) if len(levels) > 1 else place.pointer


def _keeps(goal: Goal, value: JSON) -> bool:
    return goal[0].accepts(value) if len(goal) == 1 else all(node.accepts(value) for node in goal)


def _faulty(goal: Goal, value: JSON) -> list[str]:
    return list(dict.fromkeys(keyword for node in goal for _, keyword in node.faults(value)))[:3]


MAKERS = {
    "array": make_array,
    "boolean": make_boolean,
    "integer": make_number,
    "null": make_null,
    "number": make_number,
    "object": make_object,
    "string": make_text,
    "value": make_value,
}
