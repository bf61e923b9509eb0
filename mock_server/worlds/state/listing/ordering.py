"""The order of a list: by members, ties as the records came, null last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.comparison import moment_of, moment_of_text
from mock_server.worlds.state.listing.conditions import value_in

SHOWN_BY = ("name", "title", "label", "email", "login", "slug", "code", "id")
"""The members by which an object inside a record is sorted."""

Rank: TypeAlias = "tuple[int, float | str] | float | str"


@runtime_checkable
class SeedOrder(Protocol):
    """What a sequence of records may know of itself, so that a page of a long one costs a page."""

    @property
    def is_oldest_first(self) -> bool:
        """Whether each record was created after the one before it, by the member that tells so."""

    def position_of(self, key: str) -> int | None:
        """Return where the record with a handle or primary key stands; None where there is none."""


@value_class
class SortKey:
    """A member to sort by. An empty path is the order in which the records came.

    ``is_time`` says that texts are compared as times; ``is_creation``, that the member tells when a record was created.
    """

    path: tuple[str, ...] = ()
    descends: bool = False
    is_time: bool = False
    is_creation: bool = False


def is_by_age(order: Sequence[SortKey]) -> bool:
    """Tell whether an order is that of creation alone, in either direction."""
    return len(order) == 1 and (order[0].is_creation or not order[0].path)


def in_order(records: Iterable[Record], order: Sequence[SortKey]) -> list[Record]:
    """Return records in an order. Equal ones stay as they came, but for the newest first: the latest of them first.

    A clock of seconds, or one that stands, gives many records one time of creation; which came later is known still.
    """
    ordered = [*records]
    if order and order[-1].descends and (order[-1].is_creation or not order[-1].path):
        ordered.reverse()
    for key in reversed(order):
        if key.path:
            ordered = _sorted(ordered, key)
    return ordered


def _sorted(records: list[Record], key: SortKey) -> list[Record]:
    values = _values(records, key.path)
    rest: list[Record] = []
    if None in values:
        rest = [record for record, value in zip(records, values, strict=True) if value is None]
        records = [record for record, value in zip(records, values, strict=True) if value is not None]
        values = [value for value in values if value is not None]
    ranks = _ranks(values, is_time=key.is_time)
    order = sorted(range(len(records)), key=ranks.__getitem__, reverse=key.descends)
    return [records[index] for index in order] + rest


def _values(records: list[Record], path: tuple[str, ...]) -> list[JSON]:
    """Return what each record is sorted by."""
    if len(path) == 1:
        name = path[0]
        values = [record.value.get(name) for record in records]
    else:
        values = [value_in(record.value, path) for record in records]
    return values if {*map(type, values)}.isdisjoint({dict, list}) else [_sortable(value) for value in values]


def _sortable(value: JSON) -> JSON:
    """Return a value, or what an object or an array is sorted by: a name, how many items it has."""
    if isinstance(value, dict):
        return next((value[name] for name in SHOWN_BY if isinstance(value.get(name), (str, int, float))), None)
    return len(value) if isinstance(value, list) else value


def _ranks(values: list[JSON], *, is_time: bool) -> Sequence[Rank]:
    """Return what values are sorted by. Where all are of one kind, that is the values themselves."""
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values):
        if not is_time:
            return texts
        moments = [moment for moment in map(moment_of_text, texts) if moment is not None]
        if len(moments) == len(texts):
            return moments
    return [_rank(value, is_time=is_time) for value in values]


def _rank(value: JSON, *, is_time: bool) -> Rank:
    """Return what a value is sorted by: numbers, and times as such, before texts."""
    if isinstance(value, (bool, int, float)):
        return (0, value)
    if is_time:
        moment = moment_of(value)
        if moment is not None:
            return (0, moment)
    return (1, text_of(value))
