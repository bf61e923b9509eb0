"""The compiler of plans: from a schema and a place to a maker, with all that does not depend on the draw worked out.

A maker does what the search (:mod:`mock_server.generation.search`) does where its first way leads to a value, to the
byte and to the count of values. Where another way would be tried it raises, and the search makes the whole value. What
the compiler has no maker for is a part that the search makes within the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mock_server.core.deadline import check, current
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.branches import BranchPoint, expand
from mock_server.generation.choices import Choice
from mock_server.generation.constraints.arrays import ArrayConstraints
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.constraints.values import Constraints, Goal
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.fake.field_providers import Field, field_providers
from mock_server.generation.location import ValueLocation
from mock_server.generation.plans.run import Make, PlanRun, PlanSettings, Unplanned
from mock_server.generation.plans.scalars import scalar_maker
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.schema_examples import schema_examples
from mock_server.generation.search import (
    LATER_ITEM,
    LEAST_WAYS,
    MAKERS,
    NULL_SHARE,
    drawn_order,
    keeps,
    leaves_pins,
    ways_to,
)
from mock_server.generation.seeding import multiplier
from mock_server.generation.values.arrays import MOST_ITEMS, TURNS, item_key, least_contained, preferred_length
from mock_server.generation.values.objects import (
    MOST_MEMBERS,
    OPTIONAL_SHARE,
    add_unnamed,
    needed_with,
)

DEEPEST = 40
"""Levels of values that a plan has makers for."""
MOST_STEPS = 2000
"""Makers of one plan: about as many values as the largest answers have. The search makes what is beyond them."""
MOST_VALUES = 5000
"""Values of one run; a value of more is made by the search, which looks whether it can be made at all."""
_PRESENCE = f"#{Choice.PRESENT}"


class _Deferred:
    """A maker that is compiled at its first use: many ways of a schema are never gone."""

    __slots__ = ("_compile", "_make")

    def __init__(self, compile_maker: Callable[[], Make]) -> None:
        self._compile = compile_maker
        self._make: Make | None = None

    def __call__(self, run: PlanRun) -> JSON:
        make = self._make
        if make is None:
            make = self._make = self._compile()
        return make(run)


@value_class
class _Member:
    """A member of a planned object: what makes it, the values that it counts for, and the source of its presence.

    ``presence`` is None for one that is always there.
    """

    name: str
    make: Make
    count: int
    presence: int | None = None


class PlanCompiler:
    """Compiles the makers of one plan."""

    def __init__(self, document: SchemaDocument, settings: PlanSettings) -> None:
        self._document = document
        self._settings = settings
        self._pins = settings.pins
        self._ways_to_pins = ways_to(settings.pins) if settings.pins else frozenset()
        fields = field_providers().keys()
        free = frozenset() if settings.exemplary else settings.trusted & fields
        self._believed = frozenset(name for name in free if f"/{name}" not in self._ways_to_pins)
        self.steps = 0
        """The makers that were compiled so far."""

    def value(self, goal: Goal, place: ValueLocation) -> Make:
        """Return the maker of a value that satisfies all schemas of a goal.

        The caller counts the value, unless it is pinned.
        """
        pointer = place.pointer
        if pointer in self._pins:
            return lambda run: run.pins[pointer]
        self.steps += 1
        if self.steps > MOST_STEPS or place.depth > DEEPEST:
            return self._search(goal, place)
        examples = self._examples(goal, place)
        if examples:
            example = examples[0]
            return lambda run: example
        field = field_providers().get(place.name)
        if field is None:
            return self._shaped(goal, place)
        return self._believable(field, goal, place, _Deferred(lambda: self._shaped(goal, place)))

    def _search(self, goal: Goal, place: ValueLocation) -> Make:
        """Return what lets the search make a value."""

        def make(run: PlanRun) -> JSON:
            run.values -= 1  # the search counts it itself
            value = run.search().value(goal, place)
            run.resume()
            return value

        return make

    def _examples(self, goal: Goal, place: ValueLocation) -> list[JSON]:
        """Return the first valid example of the schemas, if examples are used here."""
        if not self._settings.exemplary or self.is_pinned(place.pointer) or LATER_ITEM.search(place.pointer):
            return []
        valid = (value for node in goal for value in schema_examples(node) if keeps(goal, value))
        return [value for value, _ in zip(valid, range(1), strict=False)]

    def _believable(self, field: Field, goal: Goal, place: ValueLocation, otherwise: Make) -> Make:
        pointer = place.pointer
        has_pins = pointer in self._ways_to_pins
        is_trusted = place.depth == 1 and place.name in self._settings.trusted

        def make(run: PlanRun) -> JSON:
            value = field(run.persona, pointer)
            if has_pins and not leaves_pins(run.pins, pointer, value):
                return otherwise(run)
            if goal and (is_trusted or keeps(goal, value)):
                return value
            if isinstance(value, (dict, list)) and goal and keeps(goal, None):
                return None
            return otherwise(run)

        return make

    def _shaped(self, goal: Goal, place: ValueLocation) -> Make:
        """Return the maker of a value by its shape, without examples and names."""
        if not (len(goal) == 1 and goal[0].is_scalar):
            place = place.within(goal)
        make = self._outcome(goal, place, ())
        return self._nothing if make is None else make

    @staticmethod
    def _nothing(run: PlanRun) -> JSON:
        raise Unplanned

    def _outcome(self, goal: Goal, place: ValueLocation, path: tuple[int, ...]) -> Make | None:
        """Return the maker of what the options taken lead to; None for a contradiction."""
        outcome = expand(self._document, goal, path)
        if isinstance(outcome, Unsatisfiable):
            return None
        if isinstance(outcome, BranchPoint):
            return self._choice(outcome, goal, place, path)
        make = self._of_shape(outcome, place)
        if not outcome.is_risky or self.is_pinned(place.pointer):
            return make

        def make_valid(run: PlanRun) -> JSON:
            value = make(run)
            if not keeps(goal, value):
                raise Unplanned
            return value

        return make_valid

    def _choice(self, choice: BranchPoint, goal: Goal, place: ValueLocation, path: tuple[int, ...]) -> Make:
        options: dict[int, Make | None] = {}

        def option(index: int) -> Make | None:
            if index not in options:
                options[index] = self._outcome(goal, place, (*path, index))
            return options[index]

        def first_of(order: Sequence[int], run: PlanRun) -> JSON:
            for index in order[:LEAST_WAYS]:
                make = option(index)
                if make is not None:
                    return make(run)
            raise Unplanned

        if place.lean:
            return lambda run: first_of(choice.smallest_first, run)
        number = choice.name.rpartition(".")[2]
        factor = multiplier(f"{place.key}#{choice.keyword}{'' if number == '0' else number}")
        may_be_null = not self.is_pinned(place.pointer)
        is_value = self._settings.complete and not place.depth
        is_small = place.level >= self._settings.fill
        nulls, others = choice.ranks[0]
        can_be_null = bool(nulls) and may_be_null and not is_value

        def make(run: PlanRun) -> JSON:
            # The first of the first rank, for which the others need not be put in order.
            if others and not is_small:
                random = run.draw.by(factor)
                is_null = can_be_null and random.random() < NULL_SHARE
                drawn = random.choice(others)
                chosen = option(nulls[0] if is_null else drawn)
                if chosen is not None:
                    return chosen(run)
            order = drawn_order(
                choice, run.draw.by(factor), may_be_null=may_be_null, is_value=is_value, is_small=is_small
            )
            return first_of(order, run)

        return make

    def _of_shape(self, shape: Constraints, place: ValueLocation) -> Make:
        make: Make | None
        if isinstance(shape, ObjectConstraints):
            make = self._object(shape, place)
        elif isinstance(shape, ArrayConstraints):
            make = self._array(shape, place)
        else:
            make = scalar_maker(shape, place)
        return self._search_shape(shape, place) if make is None else make

    def _search_shape(self, shape: Constraints, place: ValueLocation) -> Make:
        """Return what lets the search make a value of a shape."""
        make_value = MAKERS[shape.kind]

        def make(run: PlanRun) -> JSON:
            value = make_value(run.search(), shape, place)
            run.resume()
            return value

        return make

    def is_pinned(self, pointer: str) -> bool:
        """Tell whether something at or below a pointer is pinned."""
        return pointer in self._ways_to_pins

    def _object(self, shape: ObjectConstraints, place: ValueLocation) -> Make | None:
        if shape.least > MOST_MEMBERS or len(shape.required) > MOST_MEMBERS:
            return None
        if shape.name_goal or shape.not_values or shape.wants_stranger:
            return None
        settings = self._settings
        if not place.lean and place.level >= settings.fill:
            place = replace(place, lean=True)
        full = self._members(shape, place)
        if full is None or place.lean or not place.level or settings.enough > MOST_VALUES:
            return full
        enough, lean_place = settings.enough, replace(place, lean=True)
        whole, lean = full, _Deferred(lambda: self._members(shape, lean_place) or self._search_shape(shape, lean_place))
        return lambda run: lean(run) if run.values > enough else whole(run)

    def _members(self, shape: ObjectConstraints, place: ValueLocation) -> Make | None:
        """Return the maker of an object; None where the search has to choose the members."""
        chosen = self._chosen(shape, place)
        if chosen is None:
            return None
        members = tuple(
            self._member(shape, place, name, presence=chosen[name])
            for name in {**shape.names, **shape.required}
            if name in chosen
        )
        certain = sum(member.presence is None for member in members)
        usual = int(shape.is_map and self._settings.fill_properties and not place.lean)
        least = max(shape.least, usual)
        if shape.most is not None:
            least = min(least, shape.most)
        make = _always(members) if certain == len(members) else _sometimes(members)
        if certain >= max(least, shape.least):
            return make
        has_others = any(name not in chosen and name not in shape.hidden for name in shape.names)

        def make_filled(run: PlanRun) -> JSON:
            value = make(run)
            assert isinstance(value, dict)
            if len(value) < shape.least and (has_others or len(value) < len(members)):
                raise Unplanned
            if len(value) < least:
                add_unnamed(run.search(), shape, place, value)
                run.resume()
            return value

        return make_filled

    def _chosen(self, shape: ObjectConstraints, place: ValueLocation) -> dict[str, int | None] | None:
        """Return the members that may be there, with the source of their presence; None where that is not so simple."""
        chosen: dict[str, int | None] = dict.fromkeys(shape.required)
        if shape.most is not None and len(chosen) > shape.most:
            return None
        if place.lean and not self.is_pinned(place.pointer):
            return chosen
        for name in shape.names:
            if name in chosen or name in shape.hidden:
                continue
            where = place.below(name)
            is_certain = (self._settings.complete and not place.lean) or self.is_pinned(where.pointer)
            if not is_certain and place.lean:
                continue
            needed = needed_with(shape, name)
            if needed is None:
                continue
            if shape.most is not None or len(needed) > 1:
                return None
            chosen[name] = None if is_certain else multiplier(where.key + _PRESENCE)
        return chosen

    def _member(self, shape: ObjectConstraints, place: ValueLocation, name: str, *, presence: int | None) -> _Member:
        if not place.depth and name in self._believed:
            field, pointer = field_providers()[name], f"/{name}"
            return _Member(name, lambda run: field(run.persona, pointer), 0, presence)
        where = place.below(name)
        make = self.value(shape.member(name), where)
        return _Member(name, make, int(where.pointer not in self._pins), presence)

    def _array(self, shape: ArrayConstraints, place: ValueLocation) -> Make | None:
        if shape.contains or shape.is_repeated or shape.not_values or shape.least > MOST_ITEMS:
            return None
        least, most, prefix = max(shape.least, least_contained(shape)), shape.most, shape.prefix()
        enough = self._settings.enough
        factor, (low, high) = multiplier(place.key), preferred_length(shape)
        is_tuple = bool(prefix) and not shape.has_items()
        makers: list[tuple[Make, int, ValueLocation]] = []

        def maker_of(index: int) -> tuple[Make, int, ValueLocation]:
            where = place.below(index)
            return self.value(shape.item(index), where), int(where.pointer not in self._pins), where

        def count_of(run: PlanRun) -> int:
            if place.lean or (place.level and run.values > enough):
                count = least
            elif is_tuple:
                count = max(least, prefix)
            else:
                count = max(least, run.draw.by(factor).randrange(low, high + 1), prefix)
            return count if most is None else min(count, most)

        def make(run: PlanRun) -> JSON:
            check(current())
            items: list[JSON] = []
            keys: set[str] = set()
            for index in range(count_of(run)):
                if index == len(makers):
                    makers.append(maker_of(index))
                make_item, values, where = makers[index]
                run.values += values
                item = make_item(run)
                if shape.is_unique:
                    item = self._different(run, item, keys, shape.item(index), where)
                items.append(item)
            if run.values > MOST_VALUES:
                raise Unplanned
            return items

        return make

    @staticmethod
    def _different(run: PlanRun, item: JSON, keys: set[str], goal: Goal, place: ValueLocation) -> JSON:
        """Return the item, or another one where its like is there already."""
        key = item_key(item)
        if key in keys:
            walk = run.search()
            for turn in range(1, TURNS):
                item = walk.value(goal, place.turned(turn))
                key = item_key(item)
                if key not in keys:
                    break
            else:
                raise Unplanned
            run.resume()
        keys.add(key)
        return item


def _always(members: Sequence[_Member]) -> Make:
    """Return the maker of an object whose members are always there."""
    steps = [(member.name, member.make, member.count) for member in members]

    def make(run: PlanRun) -> JSON:
        value: dict[str, JSON] = {}
        for name, make_member, count in steps:
            run.values += count
            value[name] = make_member(run)
        return value

    return make


def _sometimes(members: Sequence[_Member]) -> Make:
    """Return the maker of an object of which a draw leaves members out."""
    steps = [(member.name, member.make, member.count, member.presence) for member in members]

    def make(run: PlanRun) -> JSON:
        value: dict[str, JSON] = {}
        for name, make_member, count, presence in steps:
            if presence is None or run.draw.by(presence).random() < OPTIONAL_SHARE:
                run.values += count
                value[name] = make_member(run)
        return value

    return make
