"""What a contract tells of its resources holds from the creation of a record to its end, in every mode of state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.contracts import PETSTORE
from tests.support.small_apis import loaded
from tests.support.state_cycles import StateCycles, summary

MODES = ["auto", "strict"]
LINES = """
    GET /customers listCustomers > 200 {items: [Customer], pagination: {total_count: integer, max_page: integer}}
    POST /customers createCustomer < {email, name, vip: boolean} > 201 Customer
    GET /customers/{id} getCustomer > 200 Customer
    PATCH /customers/{id} updateCustomer < {email, name, vip: boolean} > 200 Customer
    DELETE /customers/{id} deleteCustomer > 204
    GET /customers/{customer_id}/notes listNotes > 200 {data: [Note], has_more: boolean}
    POST /customers/{customer_id}/notes createNote < {subject, customer_id} > 201 Note
    GET /customers/{customer_id}/notes/{id} getNote > 200 Note
    DELETE /customers/{customer_id}/notes/{id} deleteNote > 204
    GET /orders listOrders > 200 [Order]
    POST /orders createOrder < {customer_id, amount: integer, status} > 201 Order
    GET /orders/{order_number} getOrder > 200 Order
    PUT /orders/{order_number} replaceOrder < {customer_id, amount: integer, status} > 200 Order
    DELETE /orders/{order_number} deleteOrder > 200 {number: integer, deleted: boolean}
"""
SCHEMAS = {
    "Customer": "{id, email, name, vip: boolean, created_at, modified_at}",
    "Note": "{id, subject, customer_id, created_at}",
    "Order": "{number: integer, customer_id, amount: integer, status, created: integer}",
}


def query(*names: str, **schemas: Any) -> list[dict[str, Any]]:
    """Query parameters: integers by name, others by their schemas."""
    described = {name: {"type": "integer", "minimum": 1} for name in names} | schemas
    return [{"name": name, "in": "query", "schema": schema} for name, schema in described.items()]


SORTING = {"type": "string", "enum": ["name", "-name", "created_at", "-created_at"]}
TEXT = {"type": "string"}
PARAMETERS = {
    "GET /customers": query("page", "limit", sorting=SORTING, email=TEXT, vip={"type": "boolean"}),
    "GET /customers/{customer_id}/notes": query("limit", starting_after=TEXT, subject=TEXT),
    "GET /orders": query("limit", offset={"type": "integer", "minimum": 0}, customer_id=TEXT, status=TEXT),
}


@pytest.mark.parametrize("mode", MODES)
def test_cycles_of_pages_cursors_and_offsets_are_whole(mode: str, tmp_path: Path) -> None:
    contract = loaded(tmp_path, LINES, SCHEMAS, None, PARAMETERS)
    taken: set[tuple[str, str]] = set()
    for seed in range(3):  # each sends other members
        report = StateCycles(Path(contract.name), mode=mode, seed=seed).run()
        assert not report.failures, summary(report)
        taken |= {(outcome.cycle.partition(" ")[0], outcome.step) for outcome in report.outcomes}
    everywhere = {"create", "read", "list", "filter", "delete"}
    assert taken == {
        *(("customers", step) for step in everywhere | {"sort", "update"}),
        *(("notes", step) for step in everywhere),
        *(("orders", step) for step in everywhere | {"update"}),
    }


@pytest.mark.parametrize("mode", MODES)
def test_cycle_of_petstore_is_whole(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "petstore.yaml"
    file.write_text(PETSTORE, encoding="utf-8")
    report = StateCycles(file, mode=mode).run()
    assert report.outcomes
    assert not report.failures, summary(report)


def test_cycles_fail_where_nothing_is_remembered(tmp_path: Path) -> None:
    contract = loaded(tmp_path, LINES, SCHEMAS, None, PARAMETERS)
    report = StateCycles(Path(contract.name), mode="off").run()
    assert report.whole == 0
    assert {"create", "read", "list", "delete"} & {outcome.step for outcome in report.failures}
