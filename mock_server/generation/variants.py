"""Variants: the shapes of an answer that a client must be able to read, numbered, named, and each of them valid.

A value is made as usual and the choices on its way are traced: members that may be absent, branches, nulls, lengths,
enum values. Each choice is a factor; the rows of a covering array over the factors are the variants.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import above_and_at, value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.branches import BranchPoint
from mock_server.generation.choices import PLAIN, Choice, ChoiceKey, Wanted
from mock_server.generation.constraints.arrays import ArrayConstraints
from mock_server.generation.constraints.numbers import NumberConstraints
from mock_server.generation.constraints.objects import ObjectConstraints
from mock_server.generation.constraints.strings import StringConstraints
from mock_server.generation.constraints.values import Constraints, ValueConstraints
from mock_server.generation.generator import SearchExhaustedError, generate_valid, persona_of
from mock_server.generation.pairwise import Assignment, Factor, pairwise_rows
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL, Trace
from mock_server.generation.seeding import SeedKey
from mock_server.generation.subvalue_cache import CachingContext, SubvalueCache

BIG_ENUM = 12
"""Number of values above which each value of an enum is shown once and not paired with everything else."""
MOST_PAIRED = 40
"""Number of factors above which each option is shown once: pairs of so many choices show a client nothing new."""
MOST_FACTORS = 400
"""Number of factors above which the deeper ones keep their plain option."""
ROUNDS = 4
"""Rounds of searching for choices that only exist in the value of another option."""

_DRAWN = frozenset({Choice.VALUE, Choice.FLAG})
"""Choices of which the plain value has any option."""
_CLOSED = frozenset({*_DRAWN, Choice.EDGE})
"""Choices below which there are no others."""
_LAST = frozenset({*_CLOSED, Choice.LENGTH, Choice.ENTRIES})
"""Choices that are made about a value once its branch and its type are chosen."""
_ENTRIES = ((1, "one entry"), (0, "no entries"), (3, "several entries"))


@value_class
class Variant:
    """One variant. ``shows`` lists every option in which it differs from the plain one."""

    number: int
    name: str
    shows: tuple[str, ...]
    value: JSON

    def as_json(self) -> dict[str, JSON]:
        """Return what the admin API lists: all but the value."""
        return {"variant": self.number, "name": self.name, "shows": list(self.shows)}


@value_class
class _Axis:
    """A choice: its place, its name, its options, and the options of others under which it exists.

    The first option is the plain one.
    """

    pointer: str
    what: str
    options: tuple[tuple[int, str], ...]
    needs: Wanted
    pairs: bool

    @property
    def is_drawn(self) -> bool:
        """Whether the plain value has any of the options, and not always the first."""
        return self.what in _DRAWN


def variants(
    schema: JSON,
    draw: SeedKey,
    document: SchemaDocument,
    *,
    pins: Mapping[str, JSON] | None = None,
    fill_properties: bool = True,
) -> list[Variant]:
    """Return the variants of a schema's values. Number 0 is the plain one: all members, no nulls, one item a list.

    A number names the same variant whenever the draw is the same. With another seed the members of maps have other
    names, and a variant that equals another one is left out. The values share their parts: copy one before you change
    it. Raises :class:`GenerationError` for a schema that nothing satisfies.
    """
    # The search for a large schema may fail: variants with fewer levels are better than none.
    for levels in (FULL, 2, 1):
        maker = _Maker(schema, draw, document, dict(pins or {}), fill_properties, levels)
        with contextlib.suppress(SearchExhaustedError):
            return list(maker.variants())
    return list(_Maker(schema, draw, document, dict(pins or {}), fill_properties, 0).variants())


class _Maker:
    def __init__(
        self, schema: JSON, draw: SeedKey, document: SchemaDocument, pins: dict[str, JSON], fill: bool, levels: int
    ) -> None:
        self._levels = levels
        self._schema = schema
        self._draw = draw
        self._document = document
        self._pins = pins
        self._fill = fill
        self._found, self._traced = SubvalueCache(), SubvalueCache()
        self._axes: dict[ChoiceKey, _Axis] = {}

    def variants(self) -> Iterator[Variant]:
        plain = self._value({})
        self._find()
        axes = list(self._axes.values())[:MOST_FACTORS]
        labels = _labels(axes)
        yield Variant(0, Choice.PLAIN.value, (), plain)
        seen = {json.dumps(plain)}
        for row in pairwise_rows(_factors(axes)):
            try:
                value = self._value(_wanted(axes, row.options))
            except GenerationError:
                continue  # these options do not go together
            text = json.dumps(value)
            # Rows may differ in choices that do not exist in this value.
            if text not in seen:
                seen.add(text)
                shows = tuple(labels[i, o] for i, o in sorted(row.options.items()) if o or axes[i].is_drawn)
                yield Variant(len(seen) - 1, _name([labels[option] for option in row.first], shows), shows, value)

    def _value(self, wanted: Wanted, trace: Trace | None = None) -> JSON:
        memory = self._found if trace is None else self._traced
        walk = CachingContext(
            memory,
            self._draw,
            self._document,
            wanted,
            pins=self._pins,
            fill_properties=self._fill,
            fill=self._levels,
            trace=trace,
        )
        node = self._document.root(self._schema)
        value = generate_valid(walk.about(persona_of(walk, node)), node)
        memory.learn(walk.made)
        return value

    def _find(self) -> None:
        """Trace the choices of the plain value, then those that exist only under other options."""
        waiting: list[Wanted] = [{}]
        tried = 0
        # Another branch may have choices that the plain value does not have, and so on.
        for _ in range(ROUNDS):
            following: list[Wanted] = []
            for wanted in waiting:
                tried += 1
                if len(self._axes) > MOST_FACTORS or tried > MOST_FACTORS:
                    return
                trace: Trace = []
                try:
                    value = self._value(wanted, trace)
                except GenerationError:
                    continue
                for axis in _axes(trace, wanted):
                    if axis.what == Choice.ENTRIES and not self._fill:
                        continue
                    key = (axis.pointer, axis.what)
                    if key not in self._axes and not any(_covers(pin, axis.pointer) for pin in self._pins):
                        self._axes[key] = _as_found(axis, value)
                        opens = not isinstance(axis.what, Choice)
                        following += [{**wanted, key: number} for number, _ in axis.options[1:] if opens]
            waiting = following


def _covers(pin: str, pointer: str) -> bool:
    return pin == pointer or pin.startswith(pointer + "/") or pointer.startswith(pin + "/")


def _as_found(axis: _Axis, value: JSON) -> _Axis:
    """Return the axis with the option of the value first: deep in a value, optional parts are absent."""
    try:
        if axis.what == Choice.PRESENT:
            value_at(value, axis.pointer.rpartition("/")[0])
            has = int(_has(value, axis.pointer))
        elif axis.what in (Choice.LENGTH, Choice.ENTRIES):
            child = value_at(value, axis.pointer)
            has = min(len(child), 1) if isinstance(child, (list, dict)) else 1
        else:
            return axis
    except KeyError:
        return axis  # the value was made with other options after all
    return replace(axis, options=tuple(sorted(axis.options, key=lambda option: option[0] != has)))


def _has(value: JSON, pointer: str) -> bool:
    try:
        value_at(value, pointer)
    except KeyError:
        return False
    return True


def _axes(trace: Trace, wanted: Wanted) -> Iterator[_Axis]:
    """Yield the choices of a trace, the outer ones first."""
    for pointer, met, index in sorted(trace, key=lambda step: step[0].count("/")):
        if "#" in pointer:
            continue
        needs = {key: number for key, number in wanted.items() if _covers(key[0], pointer) and key[0] != pointer}
        needs |= {key: number for key, number in wanted.items() if key[0] == pointer and key != PLAIN}
        if isinstance(met, BranchPoint):
            options = _options(met, index)
            if len(options) > 1:
                yield _Axis(pointer, met.name, tuple(options), needs, len(options) <= BIG_ENUM)
        else:
            yield from _of_shape(pointer, met, needs)


def _options(choice: BranchPoint, index: int) -> list[tuple[int, str]]:
    lowest = min(option.rank for option in choice.options)
    usual = [(number, option.label) for number, option in enumerate(choice.options) if option.rank == lowest]
    if choice.keyword == "not":
        return []
    usual.sort(key=lambda option: option[0] != index)
    return usual


def _of_shape(pointer: str, shape: Constraints, needs: Wanted) -> Iterator[_Axis]:
    if isinstance(shape, ObjectConstraints):
        for name in shape.names:
            if name not in shape.required and name not in shape.hidden and name not in shape.forbidden:
                where = pointer + "/" + name.replace("~", "~0").replace("/", "~1")
                yield _Axis(where, Choice.PRESENT, ((1, "present"), (0, "absent")), needs, True)
        if shape.is_map:
            yield _Axis(pointer, Choice.ENTRIES, _ENTRIES, needs, True)
    elif isinstance(shape, ArrayConstraints):
        most = 10**9 if shape.most is None else shape.most
        usual = ((1, "one item"), (0, "no items"), (3, "several items"))
        options = tuple(option for option in usual if shape.least <= option[0] <= most)
        if len(options) > 1 and not (shape.prefix() and not shape.has_items()):
            yield _Axis(pointer, Choice.LENGTH, options, needs, True)
    elif isinstance(shape, ValueConstraints) and len(shape.values) > 1:
        values = tuple((number, _said(value)) for number, value in enumerate(shape.values))
        yield _Axis(pointer, Choice.VALUE, values, needs, len(values) <= BIG_ENUM)
    elif isinstance(shape, StringConstraints) and not shape.formats:
        # Texts of a format hardly differ in length, so they have no edges.
        yield _Axis(pointer, Choice.EDGE, ((-1, "usual"), (0, "shortest"), (1, "longest")), needs, False)
    elif isinstance(shape, NumberConstraints):
        ends = [(0, "least")] * (shape.span.low is not None) + [(1, "greatest")] * (shape.span.high is not None)
        if ends:
            yield _Axis(pointer, Choice.EDGE, ((-1, "usual"), *ends), needs, False)
    elif shape.kind == "boolean":
        yield _Axis(pointer, Choice.FLAG, ((1, "true"), (0, "false")), needs, False)


def _said(value: JSON) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _factors(axes: Sequence[_Axis]) -> list[Factor]:
    numbers = {(axis.pointer, axis.what): index for index, axis in enumerate(axes)}
    at: dict[str, list[int]] = {}
    for index, axis in enumerate(axes):
        at.setdefault(axis.pointer, []).append(index)
    few = sum(axis.pairs for axis in axes) <= MOST_PAIRED
    factors = []
    for index, axis in enumerate(axes):
        needs = {}
        for key, number in axis.needs.items():
            if key in numbers and numbers[key] != index:
                options = [code for code, _ in axes[numbers[key]].options]
                needs[numbers[key]] = options.index(number)
        for pointer in above_and_at(axis.pointer):
            for other in at.get(pointer, ()):
                # Below an absent member, or in another branch than the plain one, this axis does not exist.
                if other != index and other not in needs and _holds_way(axes[other], axis):
                    needs[other] = 0
        factors.append(Factor(len(axis.options), needs, axis.pairs and few, axis.is_drawn))
    return factors


def _holds_way(above: _Axis, axis: _Axis) -> bool:
    """Tell whether an axis exists only with the plain option of another one, at the same pointer or above."""
    if above.what in _CLOSED:
        return False
    if axis.pointer != above.pointer:
        return True
    return (
        axis.what != Choice.PRESENT if above.what == Choice.PRESENT else axis.what in _LAST and above.what not in _LAST
    )


def _wanted(axes: Sequence[_Axis], row: Assignment) -> dict[ChoiceKey, int]:
    """Return what a row wants. Plain options are left out, so that believable values stay."""
    return {
        (axes[i].pointer, axes[i].what): axes[i].options[option][0]
        for i, option in row.items()
        if option or axes[i].is_drawn
    }


def _labels(axes: Sequence[_Axis]) -> dict[tuple[int, int], str]:
    """Return the label of each option; no two are equal."""
    labels: dict[tuple[int, int], str] = {}
    counts: dict[str, int] = {}
    for index, axis in enumerate(axes):
        where = axis.pointer.lstrip("/").replace("/", ".") or "value"
        for option, (_, said) in enumerate(axis.options):
            text = f"{where}: {said}"
            counts[text] = counts.get(text, 0) + 1
            labels[index, option] = text if counts[text] == 1 else f"{text} ({counts[text]})"
    return labels


def _name(first: Sequence[str], shows: Sequence[str]) -> str:
    """Return a name that no other row has: the options that the row is for, and the number of others."""
    said, more = ", ".join(first), len(set(shows) - set(first))
    return f"{said} and {more} more" if more else said
