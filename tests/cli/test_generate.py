"""``mock-server generate``: records of any resource of a contract, as a file from which a server takes them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.core.errors import FixtureError
from mock_server.openapi.loading.loader import load_contract
from mock_server.storage.fixtures.loader import load_fixtures
from tests.support.command_line import assert_one_message, called
from tests.support.contracts import Document, document, written
from tests.support.seeds import TEXT, UUID, record, resource

CUSTOMER = record("Customer", id=UUID, name=TEXT)
ORDER = record("Order", id=UUID, customer_id=UUID, customer={"$ref": "#/components/schemas/Customer"})
NOTE = record("Note", id={"type": "integer", "minimum": 1}, text=TEXT)
SCHEMAS = {schema["title"]: schema for schema in (CUSTOMER, ORDER, NOTE)}


@pytest.fixture
def shop(tmp_path: Path) -> str:
    paths: Document = {
        **resource("/customers", CUSTOMER),
        **resource("/orders", ORDER),
        **resource("/orders/{order_id}/notes", NOTE, parents=("order_id",)),
    }
    return written(tmp_path, "shop", document(paths, components={"schemas": SCHEMAS}))


def generated(capsys: pytest.CaptureFixture[str], shop: str, *arguments: str) -> Any:
    done = called(capsys, "generate", *arguments, "--contract", shop, "--format", "json")
    assert (done.code, done.errors) == (0, "")
    return json.loads(done.output)


def test_records_of_any_resource_are_written(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    orders = generated(capsys, shop, "orders", "--count", "5")
    assert len({order["id"] for order in orders}) == 5
    assert [[*order] for order in orders] == [["id", "customer_id", "customer"]] * 5


def test_there_are_as_many_as_a_server_begins_with(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    assert len(generated(capsys, shop, "orders")) == 3


def test_orders_name_the_customers_of_the_same_seed(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    customers = {customer["id"]: customer for customer in generated(capsys, shop, "customers", "--seed", "7")}
    for order in generated(capsys, shop, "orders", "--seed", "7", "--count", "9"):
        assert order["customer"] == customers[order["customer_id"]]
    assert not customers.keys() & {customer["id"] for customer in generated(capsys, shop, "customers", "--seed", "8")}


def test_records_below_a_parent_say_so(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    notes = generated(capsys, shop, "notes", "--below", "orders=mine")
    assert [note["id"] for note in notes] == [1, 2, 3]
    assert all(note["x-mock-parents"] == {"orders": "mine"} for note in notes)


def test_a_parent_that_is_not_named_is_the_first(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    first = generated(capsys, shop, "orders", "--count", "1")[0]["id"]
    assert {note["x-mock-parents"]["orders"] for note in generated(capsys, shop, "notes")} == {first}


def test_csv_has_a_column_for_each_member(capsys: pytest.CaptureFixture[str], shop: str) -> None:
    done = called(capsys, "generate", "notes", "--contract", shop, "--format", "csv", "--count", "2")
    rows = [*csv.DictReader(io.StringIO(done.output))]
    assert [[*row] for row in rows] == [["id", "text", "x-mock-parents"]] * 2
    assert [row["id"] for row in rows] == ["1", "2"]


@pytest.mark.parametrize("form", ["yaml", "json", "ndjson", "csv"])
@pytest.mark.parametrize("name", ["customers", "orders", "notes"])
def test_file_is_a_fixture_file(
    capsys: pytest.CaptureFixture[str], shop: str, tmp_path: Path, name: str, form: str
) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    done = called(capsys, "generate", name, "--contract", shop, "-o", str(fixtures / f"{name}.{form}"))
    assert (done.code, done.errors) == (0, "")
    records = load_fixtures(fixtures, load_contract(shop), no_cache=True)
    assert [record.value for record in records] == [
        {member: value for member, value in row.items() if member != "x-mock-parents"}
        for row in generated(capsys, shop, name)
    ]
    assert [bool(record.hidden["scope"]) for record in records] == [name == "notes"] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ordrs"], "RESOURCE: found 'ordrs'; did you mean orders?; expected one of customers, orders, notes"),
        (["orders", "--country", "SE"], "--country: found 'SE'; expected none: orders have no country"),
        (["orders", "--below", "shop=1"], "--below: found 'shop=1'; expected none"),
        (
            ["notes", "--below", "order=1"],
            "--below: found 'order=1'; did you mean orders?; expected NAME=KEY with one of",
        ),
        (["notes", "--below", "orders"], "--below: found 'orders'; expected NAME=KEY with one of orders"),
        (["orders", "--count", "none"], "--count: found 'none'"),
        (["orders", "--format", "xml"], "--format: found 'xml'"),
    ],
)
def test_wrong_use_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str], shop: str
) -> None:
    done = called(capsys, "generate", *arguments, "--contract", shop)
    assert_one_message(done)
    assert message in done.errors


def test_more_records_than_there_are_keys_are_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = record("Plan", id={"enum": ["free", "paid"]}, name=TEXT)
    place = written(tmp_path, "plans", document(resource("/plans", plan), components={"schemas": {"Plan": plan}}))
    done = called(capsys, "generate", "plans", "--contract", place, "--count", "3")
    assert_one_message(done)
    assert "--count: found 3; expected at most 2: plans have no more different keys" in done.errors
    assert {row["id"] for row in generated(capsys, place, "plans")} == {"free", "paid"}


def test_member_that_no_view_has_is_refused_in_a_file(shop: str, tmp_path: Path) -> None:
    fixtures = tmp_path / "fixtures"
    fixtures.mkdir()
    (fixtures / "customers.json").write_text(
        json.dumps([{"id": "9b5fe75d-63d6-452a-8a5e-c691ae6d8526", "nmae": "Tom"}])
    )
    with pytest.raises(FixtureError) as refused:
        load_fixtures(fixtures, load_contract(shop), no_cache=True)
    findings = [str(finding) for finding in refused.value.findings]
    assert any("the unknown key 'nmae'; did you mean name?" in finding for finding in findings)
    assert any("'name' is a required property" in finding for finding in findings)
