"""Filters of lists: each selects what a client of the real API would expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.storage import Record
from tests.support.hypothesis_settings import repeatable
from tests.support.lists import ContractList, small_list

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
TIME = {"type": "string", "format": "date-time"}
MEMBERS: dict[str, Any] = {
    "status": {"type": "string", "enum": ["open", "closed", "all set"]},
    "weight": INTEGER,
    "price": {"type": "number"},
    "archived": {"type": "boolean"},
    "email": {"type": "string", "format": "email"},
    "tags": {"type": "array", "items": TEXT},
    "labels": {"type": "array", "items": {"type": "object", "properties": {"id": INTEGER, "name": TEXT}}},
    "owner": {"type": ["object", "null"], "properties": {"id": TEXT, "login": TEXT}},
    "created_at": TIME,
    "born_on": {"type": "string", "format": "date"},
    "updated": INTEGER,
    "metadata": {"type": "object", "additionalProperties": True},
    "name": TEXT,
    "anything": {},
}
RECORDS = [
    Record(
        "pets",
        "a",
        {
            "id": "a",
            "status": "open",
            "weight": 1,
            "price": 1.5,
            "archived": True,
            "email": "Ada@Example.com",
            "tags": ["x", "y"],
            "labels": [{"id": 1, "name": "bug"}, {"id": 2, "name": "ui"}],
            "owner": {"id": "o1", "login": "ada"},
            "created_at": "2026-01-01T00:00:00Z",
            "born_on": "2026-01-01",
            "updated": 1_767_225_600,
            "metadata": {"color": "red", "count": 5},
            "name": "Ada Lovelace",
            "anything": 1,
        },
    ),
    Record(
        "pets",
        "b",
        {
            "id": "b",
            "status": "closed",
            "weight": 10,
            "price": 20,
            "archived": False,
            "email": "bob@example.com",
            "tags": ["y"],
            "labels": [{"id": 1, "name": "bug"}],
            "owner": None,
            "created_at": "2026-01-02T12:00:00.500+01:00",
            "born_on": "2026-01-02",
            "updated": 1_767_312_000,
            "metadata": {"color": "blue"},
            "name": "Bob",
            "anything": True,
        },
    ),
    Record("pets", "c", {"id": "c", "status": "all set", "created_at": None, "owner": {"id": "o2"}, "anything": "1"}),
]
PARAMETERS: list[dict[str, Any]] = [
    {"name": "status", "schema": {"type": "string", "enum": ["open", "closed", "all"]}},
    {"name": "weight", "schema": INTEGER},
    {"name": "price", "schema": {"type": "number"}},
    {"name": "archived", "schema": {"type": "boolean"}},
    {"name": "email", "schema": TEXT},
    {"name": "tags", "schema": {"type": "array", "items": TEXT}},
    {"name": "names", "explode": False, "schema": {"type": "array", "items": TEXT}},
    {"name": "labels", "schema": TEXT, "description": "A list of comma separated names."},
    {"name": "owner", "schema": TEXT},
    {"name": "owner_id", "schema": TEXT},
    {"name": "created_at", "schema": TIME},
    {"name": "created_after", "schema": TIME},
    {"name": "created_before", "schema": TIME},
    {"name": "min_price", "schema": {"type": "number"}},
    {"name": "price_max", "schema": {"type": "number"}},
    {"name": "born_on[gte]", "schema": {"type": "string", "format": "date"}},
    {
        "name": "updated",
        "style": "deepObject",
        "schema": {"anyOf": [{"type": "object", "properties": {"gt": INTEGER, "lte": INTEGER}}, INTEGER]},
    },
    {"name": "metadata", "style": "deepObject", "schema": {"type": "object", "additionalProperties": TEXT}},
    {"name": "query", "schema": TEXT},
    {"name": "filter", "style": "deepObject", "schema": {"type": "object"}},
    {"name": "filter[name]", "schema": TEXT},
    {"name": "anything", "schema": TEXT},
    {"name": "color", "schema": TEXT},
]


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> ContractList:
    return small_list(tmp_path_factory.mktemp("contract"), PARAMETERS, members=MEMBERS)


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        ("status=open", "a"),
        ("status=open&status=closed", "ab"),
        ("status=all", "abc"),
        ("status=", "abc"),
        ("status=open&weight=10", ""),
        ("status=closed&weight=10", "b"),
        ("weight=1", "a"),
        ("weight=1.0", "a"),
        ("price=1.50", "a"),
        ("price=20", "b"),
        ("archived=true", "a"),
        ("archived=false", "b"),
        ("email=ADA@example.com", "a"),
        ("email=ada", ""),
        ("tags=x", "a"),
        ("tags=x&tags=y", "ab"),
        ("tags[]=x", "a"),
        ("tags%5B%5D=x", "a"),
        ("tags[0]=x&tags[1]=q", "a"),
        ("names=Bob,Ada+Lovelace", "ab"),
        ("names=Bob%2CAda", ""),
        ("labels=bug", "ab"),
        ("labels=bug,ui", "a"),
        ("labels=1", "ab"),
        ("owner=o1", "a"),
        ("owner=ada", "a"),
        ("owner_id=o2", "c"),
        ("owner=none", "b"),
        ("owner=*", "ac"),
        ("created_at=2026-01-01T01:00:00%2B01:00", "a"),
        ("created_at=2026-01-01", "a"),
        ("created_after=2026-01-01T00:00:00Z", "b"),
        ("created_after=2025-12-31T23:59:59.999Z", "ab"),
        ("created_before=2026-01-02T11:00:00.500Z", "a"),
        ("created_before=2026-01-02T11:00:00.501Z", "ab"),
        ("created_before=2026-01-02T12:00:00.501+01:00", "ab"),
        ("created_before=2026-01-03", "ab"),
        ("created_after=2026-01-01", "b"),
        ("created_after=2025-12-31T00:00:00&created_before=2026-01-02", "a"),
        ("min_price=2", "b"),
        ("price_max=2", "a"),
        ("min_price=1.5&price_max=20", "ab"),
        ("born_on[gte]=2026-01-02", "b"),
        ("updated[gt]=1767225600", "b"),
        ("updated[lte]=1767225600", "a"),
        ("updated[gt]=1&updated[lte]=1767225600", "a"),
        ("updated=1767312000", "b"),
        ("metadata[color]=red", "a"),
        ("metadata[color]=red&metadata[color]=blue", "ab"),
        ("metadata[color]=red&metadata[count]=5", "a"),
        ("metadata[color]=blue&metadata[count]=5", ""),
        ("query=LOVE", "a"),
        ("query=bug", "ab"),
        ("query=red", "a"),
        ("query=c", "abc"),
        ("query=email:'ada@example.com'", "a"),
        ('query=email:"ADA@example.com"+OR+name:"Bob"', "ab"),
        ("query=name~'love'", "a"),
        ("query=price>1.5", "b"),
        ("query=price>=1.5+AND+price<20", "a"),
        ("query=price:>2", "b"),
        ("query=created>2026-01-01T00:00:00Z", "b"),
        ("query=metadata['color']:'blue'", "b"),
        ("query=-status:open+-status:closed", "c"),
        ("query=status!=open", "bc"),
        ("query=NOT+status:open", "bc"),
        ("query=owner:null", "b"),
        ("query=repo:x/y+status:open+ada", "a"),
        ("query=status:open+bob", ""),
        ("query=status:open+OR+bob", "ab"),
        ("query=nothing:here", ""),
        ("query='", ""),
        ("filter[status]=open", "a"),
        ("filter[price][gte]=2", "b"),
        ("filter[status][in][]=open&filter[status][in][]=closed", "ab"),
        ("filter[name]=Bob", "b"),
        ("anything=1", "ac"),
        ("anything=true", "b"),
        ("color=red", "abc"),
        ("nothing=x", "abc"),
    ],
)
def test_filter_selects(query: str, keys: str, pets: ContractList) -> None:
    page = pets.page(query, RECORDS)
    assert ("".join(record.handle for record in page.records), page.findings) == (keys, ())


def test_time_that_cannot_be_read_is_a_finding_and_selects_nothing(pets: ContractList) -> None:
    page = pets.page("created_after=yesterday", RECORDS)
    assert ([finding.rule for finding in page.findings], page.total) == (["unreadable-range"], 3)


def test_total_counts_what_is_selected(tmp_path: Path) -> None:
    contract = small_list(
        tmp_path,
        [{"name": "status", "schema": TEXT}, {"name": "page", "schema": INTEGER}, {"name": "limit", "schema": INTEGER}],
        members={"status": TEXT},
    )
    records = contract.records(30, status=lambda number: "open" if number % 3 else "closed")
    page = contract.page("status=closed&limit=4&page=3", records)
    assert (page.total, page.pages, len(page.records)) == (10, 3, 2)


def test_default_of_a_filter_hides_nothing(tmp_path: Path) -> None:
    parameters = [{"name": "status", "schema": {"type": "string", "enum": ["open", "closed"], "default": "open"}}]
    contract = small_list(tmp_path, parameters, members={"status": TEXT})
    assert contract.page("", contract.records(3, status="closed")).total == 3


@pytest.mark.parametrize(("query", "keys"), [("owner=true", ["r1"]), ("owner=false", ["r2"])])
def test_boolean_filter_of_another_member_asks_whether_it_is_there(query: str, keys: list[str], tmp_path: Path) -> None:
    contract = small_list(
        tmp_path, [{"name": "owner", "schema": {"type": "boolean"}}], members={"owner": {"type": ["string", "null"]}}
    )
    records = [Record("pets", "r1", {"id": "r1", "owner": "x"}), Record("pets", "r2", {"id": "r2", "owner": None})]
    assert contract.keys(query, records) == keys


OWNERS = [
    Record("owners", "o1", {"id": "o1", "external_id": "e1"}),
    Record("owners", "o2", {"id": "o2", "external_id": "e2"}),
]


@pytest.mark.parametrize("members", [{"owner_id": TEXT}, {"owner": {"type": "object", "properties": {"id": TEXT}}}, {}])
@pytest.mark.parametrize(
    ("query", "handles"),
    [
        ("external_owner_id=e1", ["p1"]),
        ("external_owner_id=e1&external_owner_id=e2", ["p1", "p2"]),
        ("external_owner_id=e3", []),
    ],
)
def test_filter_finds_related_records_by_another_key(
    members: dict[str, Any], query: str, handles: list[str], tmp_path: Path
) -> None:
    parameters = [{"name": name, "schema": TEXT} for name in ("external_owner_id",)]
    contract = small_list(tmp_path, parameters, members=members, resources=["owners"])
    records = [_owned(f"p{number}", f"o{number}", members) for number in (1, 2)]
    page = contract.page(query, records, OWNERS)
    assert [record.handle for record in page.records] == handles


def _owned(handle: str, owner: str, members: dict[str, Any]) -> Record:
    """Return a record that names its owner in a member, in an embedded object, or in its scope alone."""
    if "owner_id" in members:
        return Record("pets", handle, {"id": handle, "owner_id": owner})
    if "owner" in members:
        return Record("pets", handle, {"id": handle, "owner": {"id": owner}})
    return Record("pets", handle, {"id": handle}, hidden={"scope": {"owners": owner}})


def test_relation_through_an_embedded_record(tmp_path: Path) -> None:
    contract = small_list(
        tmp_path,
        [{"name": "organization_id", "schema": TEXT}],
        members={"product": {"type": "object", "properties": {"id": TEXT, "organization_id": TEXT}}},
        resources=["organizations"],
    )
    records = [
        Record("pets", f"p{number}", {"id": f"p{number}", "product": {"id": "x", "organization_id": f"o{number}"}})
        for number in (1, 2)
    ]
    assert contract.keys("organization_id=o2", records) == ["p2"]


def test_records_that_name_no_relation_are_not_judged_by_it(tmp_path: Path) -> None:
    contract = small_list(tmp_path, [{"name": "organization_id", "schema": TEXT}], resources=["organizations"])
    assert contract.page("organization_id=o1", contract.records(2)).total == 2


NAMES = st.sampled_from([str(parameter["name"]) for parameter in PARAMETERS])
VALUES = st.one_of(st.text(max_size=8), st.sampled_from(["open", "1", "-1", "1e999", "2026-13-01", "0001-01-01", "[]"]))
STEPS = st.sampled_from(["", "[]", "[0]", "[gt]", "[gte][x]", "[", "[[", "[a[b]", "[$lt]"])


@repeatable
@given(pairs=st.lists(st.tuples(NAMES, STEPS, VALUES), max_size=4), rest=st.text(max_size=20))
def test_any_query_is_read(pairs: list[tuple[str, str, str]], rest: str, pets: ContractList) -> None:
    query = "&".join([*(f"{name}{steps}={quote(value)}" for name, steps, value in pairs), rest])
    page = pets.page(query, RECORDS)
    assert page.total <= len(RECORDS)
    assert [record for record in RECORDS if record in page.records] == list(page.records)
