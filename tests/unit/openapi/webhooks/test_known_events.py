"""The names of events: of webhooks, of the keys of their entries, and of callbacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.openapi.model import Contract
from mock_server.openapi.webhooks.known_events import event_named, event_names
from tests.support.small_apis import loaded

OPERATIONS = """
    GET /orders listOrders > 200 [Order]
    POST /orders createOrder < Order > 201 Order
"""
SCHEMAS = {"Order": "{id: string}", "Paid": "{type: {const: order.paid}, data: Order}"}


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": "#/components/schemas/Paid"}}}
    request = {"requestBody": {"content": content}, "responses": {"200": {"description": "Taken."}}}
    return loaded(tmp_path, OPERATIONS, SCHEMAS, extensions={"webhooks": {"order_paid": {"post": request}}})


@pytest.mark.parametrize(
    ("name", "meant"), [("order.paid", "order.paid"), ("order_paid", "order.paid"), ("order.payed", None)]
)
def test_event_is_named_by_its_bodies_or_its_entry(contract: Contract, name: str, meant: str | None) -> None:
    assert event_named([contract], name) == meant


def test_each_event_is_listed_once(contract: Contract) -> None:
    assert event_names([contract, contract]) == ["order.paid"]
