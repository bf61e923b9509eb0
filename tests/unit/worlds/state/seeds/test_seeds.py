"""The records with which a world begins: the contract's own, or made up, always the same, by number and by key."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mock_server.generation.schema_document import SchemaDocument
from tests.support.contracts import Document
from tests.support.paths import ROOT
from tests.support.seeds import CUSTOMER, TEXT, UUID, book_of, contract_of, record, resource, seeds_of, shop


def test_there_are_three_where_contract_has_no_example(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path), "customers").of({})
    assert len(customers) == 3
    assert len({customer.handle for customer in customers}) == 3


@pytest.mark.parametrize("count", [0, 1, 7, 1_000_000])
def test_there_are_as_many_as_wanted(count: int, tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path, records=count), "customers").of({})
    assert len(customers) == count
    assert len(customers[count - 2 :]) == min(count, 2)


def test_number_of_one_resource_goes_before_that_of_all(tmp_path: Path) -> None:
    book = shop(tmp_path, records=2, counts={"orders": 5})
    assert (len(seeds_of(book, "orders").of({})), len(seeds_of(book, "customers").of({}))) == (5, 2)


def test_seed_is_the_same_however_many_there_are(tmp_path: Path) -> None:
    few, many = shop(tmp_path), shop(tmp_path, records=50)
    assert seeds_of(few, "customers").of({})[2] == seeds_of(many, "customers").of({})[2]


def test_other_seeds_give_other_records(tmp_path: Path) -> None:
    one, other = (seeds_of(shop(tmp_path, seed=seed), "customers").of({})[0] for seed in (1, 2))
    assert one.handle != other.handle


def test_records_are_valid_and_have_their_key_as_handle(tmp_path: Path) -> None:
    book = shop(tmp_path)
    contract = contract_of(tmp_path, [CUSTOMER])
    node = SchemaDocument(contract.document, contract.openapi).root({"$ref": "#/components/schemas/Customer"})
    for customer in seeds_of(book, "customers").of({}):
        assert node.accepts(customer.value)
        assert customer.handle == customer.value["id"]


def test_seed_is_found_by_its_key(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path), "customers")
    for customer in customers.of({}):
        assert customers.find({}, "id", customer.handle) == customer
    assert customers.find({}, "id", "nobody") is None


def test_seed_is_found_by_any_member(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path), "customers")
    second = customers.of({})[1]
    assert customers.find({}, "email", str(second.value["email"])) == second


def test_seed_beyond_the_index_is_found_once_it_was_seen(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path, records=1_000_000), "customers")
    last = customers.of({})[-1]
    assert customers.find({}, "id", last.handle) == last


def test_people_do_not_share_an_address(tmp_path: Path) -> None:
    emails = [customer.value["email"] for customer in seeds_of(shop(tmp_path), "customers").of({})]
    assert emails[0] == "ada@example.com"
    assert len({*emails}) == 3


def test_times_of_creation_ascend_before_a_fixed_day(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path, records=1_000_000), "customers").of({})
    times = [str(customers[number].value["created_at"]) for number in (0, 1, 2, 900, 1_000, 5_000, 999_999)]
    assert times == sorted(times)
    assert times[0] >= "2024-01-01"
    assert times[-1] < "2025-01-01"


def test_order_names_a_customer_that_there_is_and_shows_it(tmp_path: Path) -> None:
    book = shop(tmp_path)
    for order in seeds_of(book, "orders").of({}):
        shown: Any = order.value["customer"]
        assert shown["id"] == order.value["customer_id"]
        assert seeds_of(book, "customers").find({}, "id", str(shown["id"])) is not None


def test_every_parent_has_records_of_its_own(tmp_path: Path) -> None:
    notes = seeds_of(shop(tmp_path), "notes")
    mine, others = notes.of({"orders": "mine"}), notes.of({"orders": "other"})
    assert [note.value["id"] for note in mine] == [note.value["id"] for note in others] == [1, 2, 3]
    assert not {note.handle for note in mine} & {note.handle for note in others}
    assert [note.value["text"] for note in mine] != [note.value["text"] for note in others]
    assert mine[0].hidden["scope"] == {"orders": "mine"}
    assert notes.find({"orders": "mine"}, "id", "2") == mine[1]


def test_record_of_a_key_that_nobody_made_is_always_the_same(tmp_path: Path) -> None:
    key = "9b5fe75d-63d6-452a-8a5e-c691ae6d8526"
    made = [seeds_of(shop(tmp_path), "customers").generated(key, {}) for _ in range(2)]
    assert made[0] == made[1]
    assert (made[0].handle, made[0].value["id"]) == (key, key)


def test_record_of_a_key_that_the_schema_refuses_has_another(tmp_path: Path) -> None:
    made = seeds_of(shop(tmp_path), "customers").generated("first", {})
    assert re.fullmatch("[0-9a-f-]{36}", str(made.value["id"]))


def test_slice_makes_only_what_is_in_it(tmp_path: Path) -> None:
    book = shop(tmp_path, records=1_000_000)
    assert [order.value["number"] is not None for order in seeds_of(book, "orders").of({})[500_000:500_002]] == [
        True
    ] * 2


def test_seed_is_made_once(tmp_path: Path) -> None:
    customers = seeds_of(shop(tmp_path), "customers")
    assert customers.of({})[0] is customers.of({})[0]


MEMBER = record("Member", id=UUID, customer_id=UUID)


def test_global_seeds_are_each_below_a_parent(tmp_path: Path) -> None:
    listed = resource("/customers/{customer_id}/members", MEMBER, parents=("customer_id",))
    contract = contract_of(
        tmp_path,
        [CUSTOMER, MEMBER],
        resource("/customers", CUSTOMER),
        resource("/members", MEMBER),
        {path: {"parameters": node["parameters"], "get": node["get"]} for path, node in listed.items()},
    )
    book = book_of(contract, records=8)
    members = seeds_of(book, "members")
    below = {
        customer.handle: members.of({"customers": customer.handle}) for customer in seeds_of(book, "customers").of({})
    }
    assert sum(len(records) for records in below.values()) == 8
    assert all(member.value["customer_id"] == handle for handle, records in below.items() for member in records)
    assert len(members.of({"customers": "nobody"})) == 0


def test_resource_of_which_nothing_is_shown_has_none(tmp_path: Path) -> None:
    link: Document = {
        "/stars/{star_id}": {
            "parameters": [{"name": "star_id", "in": "path", "required": True, "schema": TEXT}],
            "put": {"operationId": "addStar", "responses": {"204": {"description": "Linked."}}},
            "delete": {"operationId": "removeStar", "responses": {"204": {"description": "Unlinked."}}},
        }
    }
    stars = seeds_of(book_of(contract_of(tmp_path, [], link)), "stars")
    assert len(stars.of({})) == 0
    assert stars.find({}, "star_id", "1") is None


PROGRAM = """
import json, sys
from pathlib import Path
from tests.support.seeds import seeds_of, shop
book = shop(Path(sys.argv[1]))
records = [record for name in ("customers", "orders", "notes") for record in seeds_of(book, name).of({"orders": "1"})]
print(json.dumps([[record.handle, record.value, {**record.hidden}] for record in records]))
"""


def test_seeds_are_the_same_in_every_process(tmp_path: Path) -> None:
    printed = []
    for number in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": number}
        command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        printed.append(subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, check=True).stdout)
    assert printed[0] == printed[1]
    assert len(json.loads(printed[0])) > 3
