"""Parameters that data says ask for values of records: equality, bounds and parts of texts, at any place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from mock_server.openapi.effects.values import Place
from mock_server.openapi.state_extensions import COMPARISONS, RecordFilter
from mock_server.storage import Record
from mock_server.worlds.state.listing.conditions import RelatedRecords
from mock_server.worlds.state.listing.told_filters import ToldFilter

VALUES: list[dict[str, Any]] = [
    {"id": "first", "at": "2026-01-01T00:00:00Z", "code": 200, "event": {"id": "A-1", "type": "order.paid"}},
    {"id": "second", "at": "2026-01-02T00:00:00Z", "code": 503, "event": {"id": "B-2", "type": "order.created"}},
    {"id": "third", "at": "2026-01-03T00:00:00Z", "code": None, "event": None},
]


class NoRecords:
    """Knows of no other records."""

    def find(self, resource: str, member: str, text: str) -> Record | None:
        return None

    def all_of(self, resource: str) -> Iterator[Record]:
        return iter(())


@pytest.mark.parametrize(
    ("paths", "test", "texts", "ids"),
    [
        ("event/type", "equal", ["order.paid"], ["first"]),
        ("event/type", "equal", ["order.paid", "order.created"], ["first", "second"]),
        ("code", "equal", ["503"], ["second"]),
        ("at", "at_least", ["2026-01-02T00:00:00Z"], ["second", "third"]),
        ("at", "greater", ["2026-01-02T00:00:00Z"], ["third"]),
        ("at", "at_most", ["2026-01-02T01:00:00+01:00"], ["first", "second"]),
        ("code", "less", ["300"], ["first"]),
        ("id event/id code", "contains", ["b-"], ["second"]),
        ("id event/id code", "contains", ["50"], ["second"]),
        ("id event/id code", "contains", ["ir"], ["first", "third"]),
        ("id", "equal", ["fourth"], []),
    ],
)
def test_records_are_chosen_by_members(paths: str, test: str, texts: list[str], ids: list[str]) -> None:
    records = [Record("deliveries", value["id"], value) for value in VALUES]
    places = tuple(Place(("#record", *path.split("/"))) for path in paths.split())
    rule = {"equal": RecordFilter(equal=places[0]), "contains": RecordFilter(contains=places)}.get(test)
    compared = tuple((word, places[0]) for word in COMPARISONS if word == test)
    condition = ToldFilter(rule or RecordFilter(compared=compared), (), (*texts,))
    chosen = condition.select(records, cast("RelatedRecords", NoRecords()))
    assert [record.handle for record in chosen] == ids
