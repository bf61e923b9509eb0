"""Which resource a webhook is about, and what happens by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.openapi.webhooks.callbacks import callback_findings, callbacks_of
from mock_server.openapi.webhooks.event_names import EventName
from mock_server.openapi.webhooks.mapping import webhooks_of
from mock_server.openapi.webhooks.model import MappedWebhook
from tests.support.contracts import load
from tests.support.small_apis import loaded

OPERATIONS = """
    GET /orders listOrders > 200 [Order]
    POST /orders createOrder < NewOrder > 201 Order
    GET /orders/{id} getOrder > 200 Order
    GET /gift-cards listCards > 200 [Card]
    GET /gift-cards/{id} getCard > 200 Card
"""
SCHEMAS = {
    "Order": "{id: string, total: integer}",
    "NewOrder": "{total: integer}",
    "Card": "{id: string, code: string}",
    "OrderSent": "{type: string, data: Order}",
    "Inside": "{type: string, data: {object: Order}}",
    "Untyped": "{type: string, data: {object: object}}",
    "Summary": "{type: string, data: {id: string, state: string}}",
    "Beside": "{action: string, order: Order, by: Card}",
    "Plain": "{minutes: integer}",
    "Starred": "{action: string, by: Card}",
    "Loose": "{order: {id: string, payload: object}}",
}


def mapped(directory: Path, name: str, schema: str, section: str = "webhooks", **others: str) -> MappedWebhook:
    entries = {each: {"post": _request(of)} for each, of in {name: schema, **others}.items()}
    contract = loaded(directory, OPERATIONS, SCHEMAS, extensions={section: entries})
    return webhooks_of(contract).webhooks[name]


def _request(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"content": content}, "responses": {"200": {"description": "Taken."}}}


@pytest.mark.parametrize(
    ("name", "schema", "resource", "place", "automatic"),
    [
        ("order.created", "OrderSent", "orders", "/data", "created"),
        ("order.paid", "OrderSent", "orders", "/data", ""),
        ("orders.deleted", "Inside", "orders", "/data/object", "deleted"),
        ("order.updated", "Untyped", "orders", "/data/object", "updated"),
        ("v1.gift_card.created", "Summary", "gift_cards", "/data", "created"),
        ("orderUpdated", "Order", "orders", "", "updated"),
        ("newOrder", "Order", "orders", "", "created"),
        ("onOrderDeleted", "Order", "orders", "", "deleted"),
        ("order-created", "Beside", "orders", "/order", "created"),
        ("card.used", "Beside", "gift_cards", "/by", ""),
        ("purchase.created", "OrderSent", "orders", "/data", "created"),
        ("order-status-changed", "OrderSent", "orders", "/data", ""),
        ("star.created", "Beside", "", "", ""),
        ("star.created", "Starred", "gift_cards", "/by", ""),
        ("order.created", "Loose", "orders", "/order", "created"),
        ("maintenance", "Plain", "", "", ""),
        ("shop.closed", "Summary", "", "", ""),
    ],
)
def test_webhook_belongs_to_a_resource(
    tmp_path: Path, name: str, schema: str, resource: str, place: str, automatic: str
) -> None:
    webhook = mapped(tmp_path, name, schema)
    assert (webhook.resource, webhook.place) == (resource, place)
    assert (webhook.ending if webhook.is_automatic else "") == automatic
    assert webhook.reason


def test_name_that_says_the_resource_goes_before_one_that_does_not(tmp_path: Path) -> None:
    others = {"order.created": "OrderSent"}
    assert not mapped(tmp_path, "purchase.created", "OrderSent", **others).is_automatic


def test_webhooks_of_contracts_before_3_1_are_read_from_their_extension(tmp_path: Path) -> None:
    assert mapped(tmp_path, "order.created", "OrderSent", "x-webhooks").resource == "orders"


def test_webhook_has_the_name_that_its_bodies_have_for_it(tmp_path: Path) -> None:
    schemas = {
        **SCHEMAS,
        "Placed": "{type: {const: order.created}, data: Order}",
        "Sent": "{type: {const: order.sent}, data: Order}",
        "SentToo": "{type: {const: order.sent}, data: Order}",
        "Short": "{type: {const: gone}, data: Order}",
    }
    entries = {
        name: {"post": _request(of)}
        for name, of in {"placed": "Placed", "a": "Sent", "b": "SentToo", "c": "Short"}.items()
    }
    model = webhooks_of(loaded(tmp_path, OPERATIONS, schemas, extensions={"webhooks": entries}))
    assert [*model.webhooks] == ["order.created", "a", "b", "c"]
    webhook = model.find("placed")
    assert webhook is not None
    assert webhook is model.find("order.created")
    assert (webhook.resource, webhook.is_automatic) == ("orders", True)
    assert model.find("order.sent") is None


@pytest.mark.parametrize(
    ("name", "noun", "ending"),
    [
        ("order.created", ("order",), "created"),
        ("customer.subscription.updated", ("subscription",), "updated"),
        ("issues/opened", ("issue",), ""),
        ("customer.state_changed", ("customer",), ""),
        ("", (), ""),
        ("...", (), ""),
        ("new", (), "created"),
    ],
)
def test_name_is_taken_apart(name: str, noun: tuple[str, ...], ending: str) -> None:
    parts = EventName.of(name)
    assert (parts.noun, parts.ending) == (noun, ending)


def test_callbacks_are_read_through_references_and_wrong_addresses_are_told(tmp_path: Path) -> None:
    callback = {"{$request.body#/url}": {"post": _request("Order")}, "{$request.cookie.x}": {"put": _request("Order")}}
    paths = {
        "/orders": {
            "post": {
                "responses": {"202": {"description": "Later."}},
                "callbacks": {"done": {"$ref": "#/components/callbacks/done"}},
            }
        }
    }
    schemas = {"Order": {"type": "object"}}
    contract = load(
        tmp_path,
        {
            "openapi": "3.1.0",
            "info": {"title": "Orders", "version": "1"},
            "paths": paths,
            "components": {"callbacks": {"done": callback}, "schemas": schemas},
        },
    )
    (first, second) = callbacks_of(contract)["POST /orders"]
    assert (first.url, first.webhook.name, first.webhook.method) == ("{$request.body#/url}", "done", "POST")
    assert second.webhook.method == "PUT"
    (finding,) = callback_findings(contract)
    assert "$request.cookie.x" in finding.found
