"""Pages of lists: every client that goes on until the end has each record once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.storage import Record
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.listing.page_links import PageLinks
from tests.support.hypothesis_settings import repeatable
from tests.support.lists import ContractList, small_list

few = settings(repeatable, max_examples=30)
"""For tests that run for each way to page."""
INTEGER = {"type": "integer"}
TEXT = {"type": "string"}
STYLES: dict[str, list[dict[str, Any]]] = {
    "page": [{"name": "page", "schema": INTEGER}, {"name": "per_page", "schema": INTEGER}],
    "page from zero": [{"name": "page", "schema": {**INTEGER, "minimum": 0}}, {"name": "size", "schema": INTEGER}],
    "page of texts": [{"name": "page", "schema": TEXT}, {"name": "limit", "schema": INTEGER}],
    "page in brackets": [{"name": "page[number]", "schema": INTEGER}, {"name": "page[size]", "schema": INTEGER}],
    "page as an object": [
        {
            "name": "page",
            "style": "deepObject",
            "schema": {"type": "object", "properties": {"number": INTEGER, "size": INTEGER}},
        }
    ],
    "offset": [{"name": "offset", "schema": INTEGER}, {"name": "limit", "schema": INTEGER}],
    "cursor": [{"name": "cursor", "schema": TEXT}, {"name": "limit", "schema": INTEGER}],
    "token": [{"name": "page_token", "schema": TEXT}, {"name": "page_size", "schema": INTEGER}],
    "after": [{"name": "after", "schema": TEXT}, {"name": "limit", "schema": INTEGER}],
    "starting_after": [
        {"name": "starting_after", "schema": TEXT},
        {"name": "ending_before", "schema": TEXT},
        {"name": "limit", "schema": INTEGER},
    ],
    "marker that is a number": [{"name": "marker", "schema": INTEGER}, {"name": "limit", "schema": INTEGER}],
}
"""Ways to page, by the parameters of the list."""
SIZES = {
    "page": "per_page",
    "page from zero": "size",
    "page in brackets": "page[size]",
    "page as an object": "page[size]",
    "token": "page_size",
}
"""The parameters of the size that are not called ``limit``."""


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ContractList]:
    known: dict[str, ContractList] = {}

    def of_style(style: str) -> ContractList:
        if style not in known:
            known[style] = small_list(tmp_path_factory.mktemp("contract"), STYLES[style])
        return known[style]

    return of_style


def following(contract: ContractList, page: Page, query: str) -> str | None:
    """The query of the next page."""
    url = PageLinks(page, contract.url(query)).next()
    return url.partition("?")[2] if url else None


def preceding(contract: ContractList, page: Page, query: str) -> str | None:
    """The query of the page before."""
    url = PageLinks(page, contract.url(query)).previous()
    return url.partition("?")[2] if url else None


Step: TypeAlias = Callable[[ContractList, Page, str], str | None]


def iterated(contract: ContractList, query: str, records: list[Record], step: Step = following) -> list[list[str]]:
    """The handles of all pages from a query on. Fails where they do not end."""
    pages: list[list[str]] = []
    asked: str | None = query
    while asked is not None:
        page = contract.page(asked, records)
        assert page.findings == ()
        pages.append([record.handle for record in page.records])
        assert len(pages) <= len(records) + 1
        asked = step(contract, page, asked)
    return pages


@pytest.mark.parametrize("style", STYLES)
@few
@given(count=st.integers(0, 40), size=st.integers(1, 12))
def test_pages_have_each_record_once_and_end(
    style: str, count: int, size: int, lists: Callable[[str], ContractList]
) -> None:
    contract = lists(style)
    records = contract.records(count)
    pages = iterated(contract, f"{SIZES.get(style, 'limit')}={size}", records)
    assert [handle for page in pages for handle in page] == [record.handle for record in records]
    assert all(len(page) == size for page in pages[:-1])
    assert len(pages) == max(1, -(-count // size))


@pytest.mark.parametrize("style", STYLES)
@few
@given(count=st.integers(0, 25), size=st.integers(1, 7), added=st.lists(st.integers(0, 3), min_size=20, max_size=20))
def test_pages_have_each_record_once_while_others_are_added(
    style: str, count: int, size: int, added: list[int], lists: Callable[[str], ContractList]
) -> None:
    contract = lists(style)
    records = contract.records(count)
    first = [record.handle for record in records]
    handles: list[str] = []
    query: str | None = f"{SIZES.get(style, 'limit')}={size}"
    for more in [*added, *[0] * 100]:
        assert query is not None
        page = contract.page(query, records)
        handles += [record.handle for record in page.records]
        query = following(contract, page, query)
        if query is None:
            break
        records += [contract.record(len(records) + number) for number in range(more)]
    assert query is None
    assert handles[:count] == first
    assert len(handles) == len({*handles})


@pytest.mark.parametrize("style", ["cursor", "token", "after", "page of texts"])
@few
@given(count=st.integers(1, 30), size=st.integers(1, 7), deleted=st.sets(st.integers(0, 29)))
def test_cursor_leads_on_while_records_are_deleted(
    style: str, count: int, size: int, deleted: set[int], lists: Callable[[str], ContractList]
) -> None:
    contract = lists(style)
    records = contract.records(count)
    limit = SIZES.get(style, "limit")
    page = contract.page(f"{limit}={size}", records)
    query = following(contract, page, f"{limit}={size}")
    seen = {record.handle for record in page.records}
    # All that was seen may go, as when a client deletes what it lists; of the rest, the next one stays.
    gone = {f"r{number:05}" for number in deleted if number != size}
    rest = [record for record in records if record.handle not in gone]
    pages = iterated(contract, query, rest) if query is not None else []
    assert [handle for own in pages for handle in own] == [
        record.handle for record in rest if record.handle not in seen
    ]


@pytest.mark.parametrize("style", ["page", "offset", "cursor", "starting_after"])
@few
@given(count=st.integers(1, 30), size=st.integers(1, 7))
def test_pages_lead_back_to_the_first(style: str, count: int, size: int, lists: Callable[[str], ContractList]) -> None:
    contract = lists(style)
    records = contract.records(count)
    query = f"{SIZES.get(style, 'limit')}={size}"
    asked: str | None = query
    last = query
    while asked is not None:
        last, asked = asked, following(contract, contract.page(asked, records), asked)
    pages = iterated(contract, last, records, preceding)
    assert sorted(handle for page in pages for handle in page) == [record.handle for record in records]


def test_page_beyond_the_last_is_empty(lists: Callable[[str], ContractList]) -> None:
    contract = lists("page")
    page = contract.page("page=9&per_page=10", contract.records(25))
    assert (list(page.records), page.total, page.pages, page.has_next, page.has_previous) == ([], 25, 3, False, True)


@pytest.mark.parametrize(
    ("style", "query", "rule"),
    [
        ("page", "page=x", "unreadable-page"),
        ("page", "page=0", "unreadable-page"),
        ("page", "per_page=-1", "unreadable-page"),
        ("page", "per_page=0", "unreadable-page"),
        ("offset", "offset=-1", "unreadable-page"),
        ("offset", "limit=1e3", "unreadable-page"),
        ("offset", f"limit={'9' * 5000}", "unreadable-page"),
        ("cursor", "cursor=nobody", "unknown-cursor"),
        ("cursor", "cursor=PjEwfmg5fm", "unknown-cursor"),
        ("starting_after", "starting_after=nobody", "unknown-cursor"),
    ],
)
def test_unreadable_page_is_a_finding_and_the_first_page_answers(
    style: str, query: str, rule: str, lists: Callable[[str], ContractList]
) -> None:
    contract = lists(style)
    page = contract.page(query, contract.records(25))
    assert [finding.rule for finding in page.findings] == [rule]
    assert [record.handle for record in page.records] == [f"r{number:05}" for number in range(10)]


def test_empty_values_are_not_sent(lists: Callable[[str], ContractList]) -> None:
    contract = lists("page")
    assert contract.page("page=&per_page=", contract.records(25)).findings == ()


@pytest.mark.parametrize(
    ("schema", "query", "size"),
    [
        ({"type": "integer"}, "", 10),
        ({"type": "integer", "default": 20}, "", 20),
        ({"type": "integer", "default": 20, "maximum": 15}, "", 15),
        ({"type": "integer", "maximum": 5}, "limit=100", 5),
        ({"type": "integer", "minimum": 0}, "limit=0", 0),
        ({"anyOf": [{"type": "integer", "default": 7}, {"type": "null"}]}, "", 7),
    ],
)
def test_size_of_a_page(schema: dict[str, Any], query: str, size: int, tmp_path: Path) -> None:
    contract = small_list(tmp_path, [{"name": "limit", "schema": schema}])
    assert len(contract.page(query, contract.records(200)).records) == size


@pytest.mark.parametrize(
    ("words", "default", "largest"),
    [
        ("Limit can range between 1 and 100, and the default is 10.", 10, 100),
        ("The number of results per page (max 100). Defaults to 30.", 30, 100),
        ("Size of a page, defaults to 25. Maximum is 100.", 25, 100),
        ("How many. The default is 1,000, and the maximum is 5,000.", 1_000, 5_000),
    ],
)
def test_size_is_read_from_words(words: str, default: int, largest: int, tmp_path: Path) -> None:
    contract = small_list(tmp_path, [{"name": "limit", "schema": INTEGER, "description": words}])
    paging = contract.reader.read("").paging
    assert (paging.default, paging.largest) == (default, largest)


def test_list_that_is_not_paged_has_all_records(tmp_path: Path) -> None:
    contract = small_list(tmp_path)
    assert len(contract.page("", contract.records(900)).records) == 900
    assert len(contract.page("", contract.records(1_200)).records) == 1_000


@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ("ending_before=r00005&limit=3", ["r00002", "r00003", "r00004"]),
        ("ending_before=r00001&limit=3", ["r00000"]),
        ("starting_after=r00005&ending_before=r00009&limit=10", ["r00006", "r00007", "r00008"]),
        ("starting_after=r00018&limit=3", ["r00019"]),
        ("starting_after=r00019", []),
    ],
)
def test_cursors_are_keys_of_records(query: str, handles: list[str], lists: Callable[[str], ContractList]) -> None:
    contract = lists("starting_after")
    assert contract.keys(query, contract.records(20)) == handles


@pytest.mark.parametrize(("query", "more"), [("ending_before=r00005&limit=3", True), ("ending_before=r00002", False)])
def test_more_is_in_the_direction_that_was_asked_for(
    query: str, more: bool, lists: Callable[[str], ContractList]
) -> None:
    contract = lists("starting_after")
    assert contract.page(query, contract.records(20)).has_more is more


@pytest.mark.parametrize(
    ("query", "keys"),
    [("after=0", [10, 20]), ("after=15", [20, 30]), ("after=99", []), ("before=25", [10, 20]), ("before=1", [])],
)
def test_any_number_is_a_place_among_numbers(query: str, keys: list[int], tmp_path: Path) -> None:
    contract = small_list(
        tmp_path,
        [{"name": name, "schema": INTEGER} for name in ("after", "before", "limit")],
        members={"id": {"type": "integer"}},
    )
    records = [Record("pets", f"r{number}", {"id": number}) for number in (10, 20, 30, 40)]
    page = contract.page(f"{query}&limit=2", records)
    assert ([record.value["id"] for record in page.records], page.findings) == (keys, ())


def test_since_that_is_a_number_is_the_key_before_the_page(tmp_path: Path) -> None:
    contract = small_list(
        tmp_path,
        [{"name": "since", "schema": INTEGER}, {"name": "per_page", "schema": INTEGER}],
        members={"id": {"type": "integer"}},
    )
    records = [Record("pets", f"r{number}", {"id": number}) for number in range(10, 35)]
    pages = iterated(contract, "per_page=10", records)
    assert [len(page) for page in pages] == [10, 10, 5]
    assert contract.link("per_page=10", records) == {"next": "per_page=10&since=19"}


class Counted(list[Record]):
    """Many records, of which is counted how many were taken."""

    is_oldest_first = True
    taken = 0

    def __getitem__(self, index: Any) -> Any:
        value = super().__getitem__(index)
        self.taken += len(value) if isinstance(index, slice) else 1
        return value

    def __iter__(self) -> Any:
        raise AssertionError("found all records taken; expected those of a page")

    def position_of(self, key: str) -> int | None:
        return int(key[1:])


@pytest.mark.parametrize("query", ["limit=10", "limit=10&cursor=r10000", "limit=10&sort=-created_at"])
def test_page_of_many_takes_a_page(query: str, tmp_path: Path) -> None:
    contract = small_list(
        tmp_path,
        [{"name": "cursor", "schema": TEXT}, {"name": "limit", "schema": INTEGER}, {"name": "sort", "schema": TEXT}],
        members={"created_at": {"type": "string", "format": "date-time"}},
    )
    records = Counted(contract.records(20_000))
    page = contract.page(query, records)
    assert (len(page.records), page.total) == (10, 20_000)
    assert records.taken <= 12


class Virtual(Sequence[Record]):
    """As many records as there are numbers, each made when it is asked for."""

    is_oldest_first = True

    def __init__(self, numbers: range) -> None:
        self.numbers = numbers
        self.made = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self._record(number) for number in self.numbers[index]]
        return self._record(self.numbers[index])

    def _record(self, number: int) -> Record:
        self.made += 1
        return Record("pets", f"h{number}", {"id": f"p{number}", "name": f"Name {number % 10}"})

    def position_of(self, key: str) -> int | None:
        return int(key[1:]) if key.startswith("h") else None


@pytest.mark.parametrize("query", ["q=name+3", "sort=name", "cursor=nobody", "q=name&cursor=5"])
def test_no_query_makes_a_million_records(query: str, tmp_path: Path) -> None:
    names = ("q", "sort", "cursor")
    contract = small_list(tmp_path, [{"name": name, "schema": TEXT} for name in names], members={"name": TEXT})
    records = Virtual(range(1_000_000))
    assert len(contract.page(f"{query}&limit=10", records).records) == 10
    assert records.made <= 10_100


def test_virtual_records_are_found_by_keys_that_are_no_handles(tmp_path: Path) -> None:
    parameters = [{"name": "starting_after", "schema": TEXT}, {"name": "limit", "schema": INTEGER}]
    contract = small_list(tmp_path, parameters)
    assert contract.keys("starting_after=p5&limit=2", Virtual(range(20))) == ["p6", "p7"]
