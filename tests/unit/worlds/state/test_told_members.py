"""What data of a contract says of members: initial, derived and unique ones, words to sort by, filters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.case_files import read_cases
from tests.support.state_api import StateAPI

DATA: dict[str, Any] = {
    "x-mock-resources": {
        "customers": {
            "schema": "#/components/schemas/Customer",
            "unique": [{"members": ["email"], "fold": "case", "failure": "email_taken"}],
            "initial": {"external_id": "none yet"},
            "derived": {"name": {"first": ["/name", "/email"]}},
            "sort": {"address": "/email"},
            "filters": {"active": {"related": "orders", "where": {"status": ["open"]}}},
            "records": 1,
        }
    },
    "x-mock-failures": {
        "email_taken": {"status": "422", "response": "#/components/responses/Taken", "example": "taken"}
    },
}


@pytest.fixture
def api(tmp_path: Path) -> StateAPI:
    contract = read_cases("state")["contract"] | DATA
    contract["paths"]["/customers"]["get"]["parameters"] += [
        {"name": "active", "in": "query", "schema": {"type": "boolean"}}
    ]
    sorting = next(p for p in contract["paths"]["/customers"]["get"]["parameters"] if p["name"] == "sorting")
    sorting["schema"]["enum"] += ["address", "-address"]
    order: dict[str, Any] = {
        "type": "object",
        "required": ["id", "customer_id", "status"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "customer_id": {"type": "string", "format": "uuid"},
            "status": {"type": "string", "enum": ["open", "closed"]},
        },
    }
    contract["components"]["schemas"]["Order"] = order
    shown = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}, "description": "One."}
    body = {"type": "object", "properties": {name: order["properties"][name] for name in ("customer_id", "status")}}
    listed = {"type": "array", "items": {"$ref": "#/components/schemas/Order"}}
    contract["paths"]["/orders"] = {
        "get": {
            "operationId": "listOrders",
            "responses": {"200": {"description": "All.", "content": {"application/json": {"schema": listed}}}},
        },
        "post": {
            "operationId": "createOrder",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": {"201": shown},
        },
    }
    contract["paths"]["/orders/{id}"] = {
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "get": {"operationId": "getOrder", "responses": {"200": shown}},
    }
    contract["components"]["responses"] = {
        "Taken": {
            "description": "Taken.",
            "content": {"application/json": {"examples": {"taken": {"value": {"detail": "taken"}}}}},
        }
    }
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(contract), encoding="utf-8")
    return StateAPI(file, state="strict")


def test_initial_value_is_there_where_nobody_sent_one(api: StateAPI) -> None:
    assert api("POST", "/customers", {"email": "a@example.com"})[1]["external_id"] == "none yet"


def test_derived_member_is_the_first_that_has_a_value(api: StateAPI) -> None:
    key = api("POST", "/customers", {"email": "a@example.com"})[1]["id"]
    assert api("GET", f"/customers/{key}")[1]["name"] == "a@example.com"
    api("PATCH", f"/customers/{key}", {"name": "Ada"})
    assert api("GET", f"/customers/{key}")[1]["name"] == "Ada"


def test_unique_member_is_refused_whatever_its_case(api: StateAPI) -> None:
    key = api("POST", "/customers", {"email": "a@example.com", "external_id": "a"})[1]["id"]
    assert api("POST", "/customers", {"email": "A@example.com", "external_id": "b"}) == (422, {"detail": "taken"})
    assert api("PATCH", f"/customers/{key}", {"email": "A@example.com"})[0] == 200
    api("DELETE", f"/customers/{key}")
    assert api("POST", "/customers", {"email": "A@example.com", "external_id": "b"})[0] == 201


def test_word_sorts_by_its_pointer(api: StateAPI) -> None:
    for name in "cab":
        api("POST", "/customers", {"email": f"{name}@a.example", "external_id": name})
    emails = [item["email"] for item in api("GET", "/customers?sorting=-address")[1]["items"]]
    assert emails == sorted(emails, reverse=True)


def test_filter_asks_for_those_with_a_related_record(api: StateAPI) -> None:
    key = api("POST", "/customers", {"email": "a@example.com"})[1]["id"]
    assert api("POST", "/orders", {"customer_id": key, "status": "open"})[0] == 201
    assert key in [item["id"] for item in api("GET", "/customers?active=true")[1]["items"]]
    assert key not in [item["id"] for item in api("GET", "/customers?active=false")[1]["items"]]


def test_relation_that_leads_nowhere_is_refused(api: StateAPI) -> None:
    nobody = "9bb6c0e0-2b8f-4c8c-9d5a-0d6d2a3b1c11"
    assert api("POST", "/orders", {"customer_id": nobody, "status": "open"})[0] == 422
