"""Who sees what: tokens of records that clients create, and records that belong to the caller."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mock_server.core.errors import ContractError
from mock_server.hub.model import ClockState
from mock_server.worlds.clock import moment_of
from tests.support.state_api import StateAPI

CONTRACT = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /customers:
    get: &list
      operationId: listCustomers
      security: [{shop: []}]
      responses:
        '200':
          description: All.
          content: {application/json: {schema: {type: array, items: &customer {$ref: '#/components/schemas/Customer'}}}}
    post:
      operationId: createCustomer
      security: [{shop: []}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'201': &shown {description: One., content: {application/json: {schema: *customer}}}}
  /customers/{id}:
    parameters: &id [{name: id, in: path, required: true, schema: {type: string}}]
    delete: {operationId: deleteCustomer, security: [{shop: []}], responses: {'204': {description: Gone.}}}
  /portal/me:
    get:
      operationId: getMe
      security: [{caller: []}]
      responses: {'200': *shown}
      x-mock-resource: customers
      x-mock-does: read
    patch:
      operationId: updateMe
      security: [{caller: []}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string}}}}}}
      responses: {'200': *shown}
      x-mock-resource: customers
      x-mock-does: update
  /sessions:
    post:
      operationId: createSession
      security: [{shop: []}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties: {customer_id: {type: string}, token: {type: string}, expires_at: {type: string}}
      responses:
        '201':
          description: One.
          content: {application/json: {schema: {$ref: '#/components/schemas/Session'}}}
  /portal/orders:
    get:
      operationId: listOrders
      security: [{caller: []}]
      responses:
        '200':
          description: All.
          content:
            application/json: {schema: {type: array, items: &one {$ref: '#/components/schemas/Order'}}}
    post:
      operationId: createOrder
      security: [{caller: []}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {note: {type: string}}}}}}
      responses: {'201': &order {description: One., content: {application/json: {schema: *one}}}}
  /portal/orders/{id}:
    parameters: *id
    get: {operationId: getOrder, security: [{caller: []}], responses: {'200': *order, '404': {description: None.}}}
    delete:
      operationId: deleteOrder
      security: [{caller: []}]
      responses: {'204': {description: Gone.}, '404': {description: None.}}
components:
  securitySchemes: {shop: {type: http, scheme: bearer}, caller: {type: http, scheme: bearer}}
  schemas:
    Customer: {type: object, required: [id, name], properties: {id: {type: string, format: uuid}, name: {type: string}}}
    Session:
      type: object
      required: [id, token, customer_id]
      properties:
        id: {type: string, format: uuid}
        token: {type: string}
        customer_id: {type: string}
        expires_at: {type: string, format: date-time}
    Order:
      type: object
      required: [id, customer_id, note]
      properties: {id: {type: string, format: uuid}, customer_id: {type: string}, note: {type: string}}
x-mock-resources:
  customers: {schema: '#/components/schemas/Customer', owner: customers}
  sessions: {keys: [id, token], records: 0}
  orders: {owner: customers, records: 3}
x-mock-tokens:
  - prefix: call_
    schemes: [caller]
    selects: customers
    through: {resource: sessions, member: token, relation: customer_id, expires: expires_at}
  - {prefix: shop_, schemes: [shop]}
"""
SHOP = "shop_1"


@pytest.fixture(params=["auto", "strict"])
def api(tmp_path: Path, request: pytest.FixtureRequest) -> StateAPI:
    (tmp_path / "shop.yaml").write_text(CONTRACT, encoding="utf-8")
    return StateAPI(tmp_path / "shop.yaml", state=request.param)


def session(api: StateAPI, name: str) -> tuple[str, str]:
    """The id of a new customer, and a token that is that customer until 2030."""
    _, customer = api("POST", "/customers", {"name": name}, token=SHOP)
    token = f"call_{name}"
    sent = {"customer_id": customer["id"], "token": token, "expires_at": "2030-01-01T00:00:00Z"}
    assert api("POST", "/sessions", sent, token=SHOP)[0] == 201
    return customer["id"], token


def test_token_of_a_session_is_its_customer_until_it_ends(api: StateAPI) -> None:
    ada, token = session(api, "ada")
    assert api("GET", "/portal/me", token=token) == (200, {"id": ada, "name": "ada"})
    assert api("PATCH", "/portal/me", {"name": "Ada"}, token=token) == (200, {"id": ada, "name": "Ada"})
    assert {"id": ada, "name": "Ada"} in api("GET", "/customers", token=SHOP)[1]
    hub, name = api.world.hub, api.world.name
    hub.set_clock(name, ClockState(moment_of("2030-01-01T00:00:00Z")))
    assert api("GET", "/portal/me", token=token)[0] == 401


def test_token_ends_with_its_customer(api: StateAPI) -> None:
    ada, token = session(api, "ada")
    assert api("DELETE", f"/customers/{ada}", token=SHOP)[0] == 204
    assert api("GET", "/portal/me", token=token)[0] == 401


def test_callers_see_and_make_what_is_their_own(api: StateAPI) -> None:
    (ada, first), (_, second) = session(api, "ada"), session(api, "eve")
    assert api("GET", "/portal/orders", token=first) == (200, [])
    status, order = api("POST", "/portal/orders", {"note": "mine"}, token=first)
    assert (status, order["customer_id"]) == (201, ada)
    assert api("GET", "/portal/orders", token=first) == (200, [order])
    assert api("GET", f"/portal/orders/{order['id']}", token=first) == (200, order)
    assert api("GET", "/portal/orders", token=second) == (200, [])
    assert api("GET", f"/portal/orders/{order['id']}", token=second)[0] == 404
    assert api("DELETE", f"/portal/orders/{order['id']}", token=second)[0] == 404
    assert api("GET", "/portal/orders", token=first) == (200, [order])


def test_key_of_a_customer_is_a_token_too(api: StateAPI) -> None:
    ada, _ = session(api, "ada")
    assert api("GET", "/portal/me", token=f"call_{ada}") == (200, {"id": ada, "name": "ada"})


def test_token_that_nothing_has_is_a_caller_only_where_keys_may_be_made_up(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(CONTRACT, encoding="utf-8")
    assert StateAPI(tmp_path / "shop.yaml", state="strict")("GET", "/portal/me", token="call_x")[0] == 401
    auto = StateAPI(tmp_path / "shop.yaml", state="auto")
    status, customer = auto("GET", "/portal/me", token="call_x")
    assert (status, auto("GET", "/portal/me", token="call_x")[1]) == (200, customer)
    assert auto("GET", "/portal/me", token="call_y")[1] != customer


def test_records_of_tokens_have_to_be_of_a_resource(tmp_path: Path) -> None:
    contract = yaml.safe_load(CONTRACT)
    contract["x-mock-tokens"][0]["through"]["resource"] = "session"
    (tmp_path / "shop.yaml").write_text(yaml.safe_dump(contract), encoding="utf-8")
    with pytest.raises(ContractError, match="found the resource 'session'; did you mean sessions"):
        StateAPI(tmp_path / "shop.yaml")
