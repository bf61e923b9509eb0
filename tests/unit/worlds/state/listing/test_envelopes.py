"""Envelopes of lists: totals, URLs and cursors come from the page, whatever the contract calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts import Document
from tests.support.lists import ORIGIN, ContractList, parameters_in, small_list

TEXT: Document = {"type": "string"}
INTEGER: Document = {"type": "integer"}
BOOLEAN: Document = {"type": "boolean"}
URL: Document = {"type": "string", "format": "uri"}
MAYBE_URL: Document = {"type": ["string", "null"], "format": "uri"}
MAYBE_TEXT: Document = {"type": ["string", "null"]}
PAGES = [{"name": "page", "schema": INTEGER}, {"name": "per_page", "schema": INTEGER}]
OFFSETS = [{"name": "offset", "schema": INTEGER}, {"name": "limit", "schema": INTEGER}]
CURSORS = [{"name": "cursor", "schema": TEXT}, {"name": "limit", "schema": INTEGER}]


def nested(**members: Any) -> Document:
    """The schema of an object."""
    return {"type": "object", "properties": members}


HERE = f"{ORIGIN}/pets"
MIDDLE = "page=2&per_page=10"
"""The second of three pages of 25 records."""


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ({"total": INTEGER, "page": INTEGER, "pages": INTEGER}, {"total": 25, "page": 2, "pages": 3}),
        (
            {"totalCount": INTEGER, "perPage": INTEGER, "totalPages": INTEGER},
            {"totalCount": 25, "perPage": 10, "totalPages": 3},
        ),
        ({"count": INTEGER}, {"count": 25}),
        ({"count": INTEGER, "total": INTEGER}, {"count": 10, "total": 25}),
        ({"total": {"type": "number"}, "offset": INTEGER}, {"total": 25, "offset": 10}),
        ({"total": TEXT, "limit": TEXT}, {"total": "25", "limit": "10"}),
        (
            {"has_more": BOOLEAN, "hasPrevious": BOOLEAN, "isLast": BOOLEAN},
            {"has_more": True, "hasPrevious": True, "isLast": False},
        ),
        ({"next": BOOLEAN, "last": BOOLEAN, "first": BOOLEAN}, {"next": True, "last": False, "first": False}),
        (
            {"next": URL, "previous": URL},
            {"next": f"{HERE}?per_page=10&page=3", "previous": f"{HERE}?per_page=10&page=1"},
        ),
        ({"next_page": INTEGER, "prev_page": INTEGER}, {"next_page": 3, "prev_page": 1}),
        ({"next_page": TEXT}, {"next_page": "3"}),
        (
            {"next_page": {**TEXT, "description": "A URL that calls the next page."}},
            {"next_page": f"{HERE}?per_page=10&page=3"},
        ),
        ({"next_page": {**TEXT, "example": "/v1/pets?page=2"}}, {"next_page": "/pets?per_page=10&page=3"}),
        ({"first_id": TEXT, "last_id": TEXT}, {"first_id": "r00010", "last_id": "r00019"}),
        ({"url": {**TEXT, "pattern": "^/pets"}}, {"url": "/pets"}),
        ({"self": URL}, {"self": f"{HERE}?{MIDDLE}"}),
        (
            {"pagination": nested(total_count=INTEGER, max_page=INTEGER)},
            {"pagination": {"total_count": 25, "max_page": 3}},
        ),
        (
            {"meta": nested(total=INTEGER), "links": nested(pages=nested(next=TEXT, prev=TEXT))},
            {
                "meta": {"total": 25},
                "links": {"pages": {"next": f"{HERE}?per_page=10&page=3", "prev": f"{HERE}?per_page=10&page=1"}},
            },
        ),
        (
            {"page": nested(size=INTEGER, totalElements=INTEGER, totalPages=INTEGER, number=INTEGER)},
            {"page": {"size": 10, "totalElements": 25, "totalPages": 3, "number": 2}},
        ),
        (
            {"_links": nested(next=nested(href=URL), self=nested(href=URL))},
            {"_links": {"next": {"href": f"{HERE}?per_page=10&page=3"}, "self": {"href": f"{HERE}?{MIDDLE}"}}},
        ),
        (
            {"@odata.count": INTEGER, "@odata.nextLink": TEXT},
            {"@odata.count": 25, "@odata.nextLink": f"{HERE}?per_page=10&page=3"},
        ),
        (
            {"current_page": INTEGER, "from": INTEGER, "to": INTEGER, "last_page": INTEGER, "next_page_url": MAYBE_URL},
            {"current_page": 2, "from": 11, "to": 20, "last_page": 3, "next_page_url": f"{HERE}?per_page=10&page=3"},
        ),
        (
            {"start": INTEGER, "end": INTEGER, "last_page_uri": URL},
            {"start": 10, "end": 19, "last_page_uri": f"{HERE}?per_page=10&page=3"},
        ),
    ],
)
def test_members_say_where_the_page_stands(envelope: Document, expected: Document, tmp_path: Path) -> None:
    contract = small_list(tmp_path, PAGES, envelope=envelope)
    assert contract.body(MIDDLE, contract.records(25)) == {"items": [], **expected}


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ({"next": MAYBE_URL, "next_page": {"type": ["integer", "null"]}}, {"next": None, "next_page": None}),
        ({"next": URL, "links": nested(next=URL)}, {"links": {}}),
        ({"has_more": BOOLEAN, "isLast": BOOLEAN}, {"has_more": False, "isLast": True}),
    ],
)
def test_end_is_null_where_allowed_else_left_out(envelope: Document, expected: Document, tmp_path: Path) -> None:
    contract = small_list(tmp_path, PAGES, envelope=envelope)
    assert contract.body("page=3&per_page=10", contract.records(25)) == {"items": [], **expected}


def test_end_is_an_empty_text_where_it_has_to_be_there(tmp_path: Path) -> None:
    contract = small_list(
        tmp_path, CURSORS, envelope={"response_metadata": {**nested(next_cursor=TEXT), "required": ["next_cursor"]}}
    )
    assert contract.body("limit=100", contract.records(25)) == {"items": [], "response_metadata": {"next_cursor": ""}}


@pytest.mark.parametrize(
    "name", ["next_cursor", "nextPageToken", "next_marker", "continuation_token", "next", "cursor", "endCursor"]
)
def test_cursor_leads_to_the_next_page(name: str, tmp_path: Path) -> None:
    contract = small_list(tmp_path, CURSORS, envelope={name: MAYBE_TEXT, "total": INTEGER})
    records = contract.records(25)
    cursor = contract.body("limit=10", records)[name]
    assert contract.keys(f"limit=10&cursor={cursor}", records) == [f"r{number:05}" for number in range(10, 20)]


def test_cursors_of_both_directions(tmp_path: Path) -> None:
    cursors = nested(after=MAYBE_TEXT, before=MAYBE_TEXT)
    contract = small_list(tmp_path, CURSORS, envelope={"paging": nested(cursors=cursors)})
    records = contract.records(25)
    first = contract.body("limit=10", records)["paging"]["cursors"]
    assert first["before"] is None
    second = contract.body(f"limit=10&cursor={first['after']}", records)["paging"]["cursors"]
    assert contract.keys(f"limit=10&cursor={second['before']}", records) == [f"r{number:05}" for number in range(10)]


def test_urls_keep_what_else_was_sent(tmp_path: Path) -> None:
    contract = small_list(tmp_path, [*OFFSETS, {"name": "q", "schema": TEXT}], envelope={"next": URL})
    url = contract.body("q=r%C3%A4+1&offset=0&limit=2&tag[]=x", contract.records(9))
    assert url == {"items": []}  # nothing matches
    url = contract.body("q=r&offset=2&limit=2&tag[]=x", contract.records(9))["next"]
    assert url == f"{HERE}?q=r&limit=2&tag%5B%5D=x&offset=4"


def test_other_members_are_generated_and_stay_the_same(tmp_path: Path) -> None:
    envelope = {"object": {"const": "list"}, "request_id": TEXT, "total": INTEGER}
    contract = small_list(tmp_path, PAGES, envelope=envelope)
    bodies = [contract.body(query, contract.records(25)) for query in ("page=1", "page=2")]
    assert bodies[0] == bodies[1]
    assert bodies[0]["object"] == "list"
    assert isinstance(bodies[0]["request_id"], str)


def test_members_of_records_are_no_paging_words(tmp_path: Path) -> None:
    envelope = {
        "total_seats": {"type": "integer", "minimum": 500},
        "owner": nested(total={"type": "integer", "minimum": 500}),
        "count": INTEGER,
    }
    body = small_list(tmp_path, PAGES, envelope=envelope).body("", [])
    assert body["total_seats"] >= 500
    assert body["owner"]["total"] >= 500


@pytest.mark.parametrize(
    "envelope",
    [
        {"total": {"type": "integer", "maximum": 5}, "limit": INTEGER},
        {"page": {"type": "integer", "enum": [7]}, "limit": INTEGER},
        {"next": {"type": "string", "pattern": "^tok_[a-z]{4}$"}, "limit": INTEGER},
        {"next_page": {"type": "string", "maxLength": 3}, "limit": INTEGER, "url": {"type": "string", "maxLength": 4}},
    ],
)
def test_what_the_schema_refuses_stays_generated(envelope: Document, tmp_path: Path) -> None:
    contract = small_list(tmp_path, CURSORS, envelope=envelope)
    body = contract.body("limit=10", contract.records(25))
    assert contract.accepts(body)
    assert body["limit"] == 10


def test_keywords_of_the_whole_envelope_count(tmp_path: Path) -> None:
    envelope: Document = {"total": INTEGER, "has_more": BOOLEAN, "next": MAYBE_TEXT}
    contract = small_list(tmp_path, CURSORS, envelope=envelope)
    schema = contract.envelope
    assert schema is not None
    assert contract.accepts(contract.body("limit=10", contract.records(25)))


def followed(contract: ContractList, query: str, relation: str) -> list[str]:
    """The first keys of the pages that a relation of the Link header leads through."""
    records = contract.records(25)
    keys = [str(contract.keys(query, records)[0])]
    while relation in (links := contract.link(query, records)):
        query = links[relation]
        keys.append(str(contract.keys(query, records)[0]))
        assert len(keys) < 10
    return keys


@pytest.mark.parametrize(
    ("parameters", "query"),
    [
        (PAGES, "per_page=10"),
        (OFFSETS, "limit=10"),
        (CURSORS, "limit=10"),
        ([{"name": "after", "schema": TEXT}, {"name": "before", "schema": TEXT}, PAGES[1]], "per_page=10"),
    ],
)
def test_link_header_leads_through_all_pages(parameters: list[Document], query: str, tmp_path: Path) -> None:
    contract = small_list(tmp_path, parameters)
    assert followed(contract, query, "next") == ["r00000", "r00010", "r00020"]


def test_link_header_names_all_pages_around(tmp_path: Path) -> None:
    contract = small_list(tmp_path, PAGES)
    links = contract.link("page=3&per_page=5&q=x", contract.records(25))
    assert {name: parameters_in(query)["page"] for name, query in links.items()} == {
        "first": "1",
        "prev": "2",
        "next": "4",
        "last": "5",
    }
    assert contract.link("per_page=100", contract.records(25)) == {}


def test_bare_array_is_its_items(tmp_path: Path) -> None:
    contract = small_list(tmp_path, PAGES)
    page = contract.page("", contract.records(3))
    assert contract.envelope.body([{"id": "x"}], page, HERE) == [{"id": "x"}]


def test_nothing_leads_on_where_no_parameter_takes_it(tmp_path: Path) -> None:
    envelope = {"next_cursor": TEXT, "next": MAYBE_URL, "has_more": BOOLEAN, "remaining": INTEGER}
    contract = small_list(tmp_path, [CURSORS[1]], envelope=envelope)
    body = contract.body("limit=10", contract.records(25))
    assert body == {"items": [], "next": None, "has_more": True, "remaining": 15}
    assert contract.link("limit=10", contract.records(25)) == {}
