"""The order of lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.storage import Record
from mock_server.worlds.state.listing.ordering import SortKey, in_order
from tests.support.hypothesis_settings import repeatable
from tests.support.lists import ContractList, small_list

TEXT = {"type": "string"}
TIME = {"type": "string", "format": "date-time"}
MEMBERS: dict[str, Any] = {
    "name": TEXT,
    "size": {"type": ["integer", "null"]},
    "created_at": TIME,
    "comments_count": {"type": "integer"},
    "customer": {"type": "object", "properties": {"id": TEXT, "name": TEXT}},
}
ROWS: list[tuple[str, str, int | None, str, int, str]] = [
    ("a", "Bob", 2, "2026-01-01T10:00:00Z", 5, "Zed"),
    ("b", "Ada", None, "2026-01-01T12:00:00+03:00", 1, "Ann"),
    ("c", "Cid", 10, "2026-01-02T00:00:00Z", 3, "Meg"),
    ("d", "Ada", 2, "2026-01-01T10:00:00Z", 4, "Bea"),
]
RECORDS = [
    Record(
        "pets",
        handle,
        {
            "id": handle,
            "name": name,
            "size": size,
            "created_at": time,
            "comments_count": comments,
            "customer": {"id": handle, "name": customer},
        },
    )
    for handle, name, size, time, comments, customer in ROWS
]


def sorted_by(directory: Path, query: str, *parameters: dict[str, Any], description: str = "") -> str:
    contract = small_list(directory, parameters, members=MEMBERS, description=description)
    page = contract.page(query, RECORDS)
    assert page.findings == ()
    return "".join(record.handle for record in page.records)


@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ("", "abcd"),
        ("sort=name", "bdac"),
        ("sort=%2Bname", "bdac"),
        ("sort=+name", "bdac"),
        ("sort=-name", "cabd"),
        ("sort=name:desc", "cabd"),
        ("sort=name+desc", "cabd"),
        ("sort=name_desc", "cabd"),
        ("sort=nameDesc", "cabd"),
        ("sort=name.asc", "bdac"),
        ("sort=name,-id", "dbac"),
        ("sort=name&sort=-id", "dbac"),
        ("sort[]=name&sort[]=-id", "dbac"),
        ("sort=size", "adcb"),
        ("sort=-size", "cadb"),
        ("sort=created_at", "badc"),
        ("sort=created", "badc"),
        ("sort=-created_at", "cdab"),
        ("sort=newest", "cdab"),
        ("sort=comments", "bcda"),
        ("sort=customer", "bdca"),
        ("sort=customer_name", "bdca"),
        ("sort=customer.name", "bdca"),
        ("sort=-customer.name", "acdb"),
        ("sort=", "abcd"),
    ],
)
def test_sort(query: str, handles: str, tmp_path: Path) -> None:
    assert sorted_by(tmp_path, query, {"name": "sort", "schema": TEXT}) == handles


@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ("sort=name&direction=desc", "cabd"),
        ("sort=name&direction=asc", "bdac"),
        ("sort=name", "bdac"),
        ("direction=desc", "cdab"),
        ("direction=asc", "badc"),
    ],
)
def test_direction_beside(query: str, handles: str, tmp_path: Path) -> None:
    parameters = [
        {"name": "sort", "schema": TEXT},
        {"name": "direction", "schema": {"type": "string", "enum": ["asc", "desc"]}},
    ]
    assert sorted_by(tmp_path, query, *parameters) == handles


@pytest.mark.parametrize(
    ("parameters", "handles"),
    [
        ([{"name": "sort", "schema": {"type": "array", "items": TEXT, "default": ["-created_at"]}}], "cdab"),
        ([{"name": "sort", "schema": {"type": "string", "default": "name"}}], "bdac"),
        (
            [
                {"name": "sort", "schema": {"type": "string", "enum": ["created", "name"], "default": "created"}},
                {"name": "direction", "schema": {"type": "string", "enum": ["asc", "desc"], "default": "desc"}},
            ],
            "cdab",
        ),
        ([{"name": "order", "schema": {"type": "string", "enum": ["asc", "desc"], "default": "desc"}}], "cdab"),
        (
            [
                {"name": "sort", "schema": {"type": "string", "enum": ["created", "name"]}},
                {"name": "order", "schema": {"type": "string", "enum": ["asc", "desc"], "default": "desc"}},
            ],
            "abcd",
        ),
    ],
)
def test_default_order_is_that_of_the_contract(parameters: list[dict[str, Any]], handles: str, tmp_path: Path) -> None:
    assert sorted_by(tmp_path, "", *parameters) == handles


@pytest.mark.parametrize(
    ("words", "handles"),
    [
        ("The charges are returned in sorted order, with the most recent charges appearing first.", "cdab"),
        ("Returns pets in reverse chronological order.", "cdab"),
        ("Returns pets. The first page has ten of them.", "abcd"),
        ("Pets can be sorted by date in ascending or descending order.", "abcd"),
    ],
)
def test_default_order_is_read_from_words(words: str, handles: str, tmp_path: Path) -> None:
    assert sorted_by(tmp_path, "", description=words) == handles


def test_word_that_the_contract_lists_and_records_do_not_have_changes_nothing(tmp_path: Path) -> None:
    parameter = {"name": "sort", "schema": {"type": "string", "enum": ["created", "popularity"]}}
    assert sorted_by(tmp_path, "sort=popularity", parameter) == "abcd"


def test_unknown_word_is_a_finding_and_changes_nothing(tmp_path: Path) -> None:
    contract = small_list(tmp_path, [{"name": "sort", "schema": TEXT}], members=MEMBERS)
    page = contract.page("sort=-colour", RECORDS)
    assert [finding.rule for finding in page.findings] == ["unknown-sort"]
    assert [record.handle for record in page.records] == [*"abcd"]


def by_number(contract: ContractList, sizes: list[int | None]) -> list[Record]:
    return contract.records(len(sizes), size=lambda number: sizes[number])


@repeatable
@given(sizes=st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=20), descends=st.booleans())
def test_ties_stay_as_they_came_and_null_is_last(sizes: list[int | None], descends: bool) -> None:
    records = [Record("pets", f"r{number:02}", {"size": size}) for number, size in enumerate(sizes)]
    ordered = in_order(records, (SortKey(("size",), descends),))
    ranks = {
        f"r{number:02}": (size is None, (size or 0) * (-1 if descends else 1)) for number, size in enumerate(sizes)
    }
    expected = sorted(records, key=lambda record: (ranks[record.handle], record.handle))
    assert ordered == expected


def test_pages_of_a_sorted_list_do_not_overlap(tmp_path: Path) -> None:
    parameters: list[dict[str, Any]] = [
        {"name": "sort", "schema": TEXT},
        {"name": "page", "schema": {"type": "integer"}},
        {"name": "limit", "schema": {"type": "integer"}},
    ]
    contract = small_list(tmp_path, parameters, members=MEMBERS)
    records = by_number(contract, [number % 3 for number in range(25)])
    keys = [key for page in range(1, 6) for key in contract.keys(f"sort=-size&limit=5&page={page}", records)]
    assert sorted(keys) == [record.handle for record in records]
