"""Classes of values are what the standard library makes of them, written out by it member by member."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field, replace
from functools import cached_property
from inspect import signature

import pytest

from mock_server.core.value_class import value_class


@value_class
class Place:
    """A place."""

    city: str
    codes: tuple[str, ...] = ()
    note: str = field(default="", compare=False)
    seen: list[int] = field(default_factory=list, hash=False, repr=False)


@value_class
class Street(Place):
    """A street of a place."""

    name: str = ""


@value_class
class Nothing:
    """A class without members."""


@value_class(eq=False)
class Mark:
    """Equal to itself alone."""

    name: str


@value_class(slots=False)
class Lasting:
    """Something that works out what it is asked for."""

    name: str

    @cached_property
    def length(self) -> int:
        """Return how long the name is."""
        return len(self.name)


@dataclass(frozen=True, slots=True)
class Standard:
    """As :class:`Place`, by the standard library."""

    city: str
    codes: tuple[str, ...] = ()
    note: str = field(default="", compare=False)
    seen: list[int] = field(default_factory=list, hash=False, repr=False)


@pytest.mark.parametrize("other", [Place("Oslo"), Place("Oslo", note="n"), Place("Bergen"), Place("Oslo", seen=[1])])
def test_values_compare_as_in_standard_library(other: Place) -> None:
    place, standard = Place("Oslo"), Standard("Oslo")
    expected = Standard(other.city, other.codes, other.note, other.seen)
    assert (place == other, hash(place) == hash(other)) == (standard == expected, hash(standard) == hash(expected))


def test_text_is_that_of_standard_library() -> None:
    assert repr(Place("Oslo", ("1",))) == repr(Standard("Oslo", ("1",))).replace("Standard", "Place")


def test_classes_differ_though_members_are_equal() -> None:
    assert Place("Oslo") != Street("Oslo")
    assert Street("Oslo", name="a") != Street("Oslo", name="b")
    assert Place("Oslo").__eq__(Standard("Oslo")) is NotImplemented


def test_values_without_members_are_equal() -> None:
    assert Nothing() == Nothing()
    assert {Nothing(), Nothing()} == {Nothing()}


def test_value_can_be_equal_to_itself_alone() -> None:
    mark = Mark("a")
    assert mark == mark
    assert mark != Mark("a")


def test_what_is_worked_out_stays_with_value() -> None:
    lasting = Lasting("abc")
    assert lasting.length == 3
    assert lasting.__dict__["length"] == 3


def test_values_have_no_further_members() -> None:
    assert not hasattr(Place("Oslo"), "__dict__")


def test_values_are_replaced_copied_and_sent() -> None:
    place = Place("Oslo", ("1",), "n", [1])
    assert replace(place, city="Bergen") == Place("Bergen", ("1",), "n", [1])
    assert copy.deepcopy(place) == place == pickle.loads(pickle.dumps(place))


def test_values_match_by_position() -> None:
    match Place("Oslo", ("1",)):
        case Place(city, codes):
            assert (city, codes) == ("Oslo", ("1",))


def test_constructor_is_that_of_the_library() -> None:
    @value_class
    class Town:
        """A town; made by nobody before."""

        name: str
        codes: tuple[str, ...] = ()
        seen: list[int] = field(default_factory=list)
        length: int = field(default=0, init=False)

    with pytest.raises(TypeError, match=r"Town.__init__\(\) missing 1 required positional argument: 'name'"):
        Town()  # type: ignore[call-arg]
    town = Town("Ystad", seen=[1])
    assert (town.name, town.codes, town.seen, town.length) == ("Ystad", (), [1], 0)
    assert Town("Ystad").seen is not Town("Ystad").seen
    assert list(signature(Town).parameters) == ["name", "codes", "seen"]


def test_constructor_of_its_own_stays() -> None:
    @value_class
    class Pair:
        """Two texts."""

        first: str
        second: str

        def __init__(self, both: str) -> None:
            for name, text in zip(("first", "second"), both.split("-"), strict=True):
                object.__setattr__(self, name, text)

    pair = Pair("a-b")
    assert (pair.first, pair.second) == ("a", "b")


def test_what_follows_the_constructor_is_called() -> None:
    @value_class
    class Area:
        """A rectangle."""

        width: int
        size: int = field(default=0, init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "size", self.width**2)

    assert Area(3).size == 9
