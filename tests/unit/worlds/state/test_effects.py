"""What operations do besides, as ``x-mock-effects`` say: a shop whose orders are paid, refunded, and run out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

OPERATIONS = """
GET /customers listCustomers > 200 {data: [Customer]}
POST /customers createCustomer < {email: string, name: string} > 201 Customer
GET /customers/{id} getCustomer > 200 Customer
PATCH /customers/{id} updateCustomer < {email: string, name: string} > 200 Customer
GET /orders listOrders > 200 {data: [Order]}
POST /orders createOrder < {customer_id: string, amount: integer} > 201 Order
GET /orders/{id} getOrder > 200 Order
POST /orders/{id}/pay payOrder < {method: string} > 200 Order
DELETE /orders/{id} deleteOrder > 204
GET /refunds listRefunds > 200 {data: [Refund]}
GET /refunds/{id} getRefund > 200 Refund
POST /refunds createRefund < {order_id: string, amount: integer} > 201 Refund
GET /grants listGrants > 200 {data: [Grant]}
GET /grants/{id} getGrant > 200 Grant
POST /grants createGrant < {order_id: string, feature: string} > 201 Grant
"""
SCHEMAS = {
    "Customer": "{id: string, email: string, name: string, spent: integer, token: string, modified_at: string}",
    "Order": "{id: string, customer_id: string, amount: integer, refunded: integer, status: Status, paid_at: string}",
    "Refund": "{id: string, order_id: string, customer_id: string, amount: integer}",
    "Grant": "{id: string, order_id: string, feature: string, is_granted: boolean}",
    "Status": "string",
}
EFFECTS = """
POST /customers:
  x-mock-effects:
  - set: {/spent: 0, /token: {make: {token: {prefix: tok_, length: 10, checksum: crc32}}}}
POST /orders:
  x-mock-effects:
  - set: {/status: draft, /refunded: 0, /paid_at: ''}
  - after: {hours: 1, do: [{set: {/status: expired}, when: {/record/status: draft}}]}
POST /orders/{id}/pay:
  x-mock-effects:
  - refuse: {when: {/record/status: {not: draft}}, failure: conflict}
  - set: {/status: paid, /paid_at: {clock: 0}}
  - of: /related/customer_id
    set: {/spent: {sum: [/related/customer_id/spent, /record/amount]}}
  - create: {resource: grants, as: grant, with: {/order_id: /record/id, /feature: support, /is_granted: true}}
POST /refunds:
  x-mock-effects:
  - refuse:
      when:
        /request/body/amount: {greater: {difference: [/related/order_id/amount, /related/order_id/refunded]}}
      failure: conflict
      at: /request/body/amount
      expected: at most what is not refunded yet
  - of: /related/order_id
    set: {/refunded: {sum: [/related/order_id/refunded, /record/amount]}}
  - of: /related/order_id
    set: {/status: refunded}
    when: {/related/order_id/refunded: {at_least: /related/order_id/amount}}
  - each:
      records: grants
      where: {/order_id: /record/order_id}
      as: grant
      do: [{of: /grant, set: {/is_granted: false}, when: {/related/order_id/status: refunded}}]
DELETE /orders/{id}:
  x-mock-effects:
  - each: {records: refunds, where: {/order_id: /record/id}, as: refund, do: [{delete: /refund}]}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shop")
    effects = yaml.safe_load(EFFECTS)
    loaded(directory, OPERATIONS, SCHEMAS, extensions=effects)
    return directory / "contract.json"


@pytest.fixture
def api(shop: Path) -> StateAPI:
    return StateAPI(shop, state="strict", records="0")


@pytest.fixture
def customer(api: StateAPI) -> dict[str, Any]:
    return created(api, "/customers", email="ada@example.com")


@pytest.fixture
def order(api: StateAPI, customer: dict[str, Any]) -> dict[str, Any]:
    return created(api, "/orders", customer_id=customer["id"], amount=500)


def created(api: StateAPI, path: str, **members: Any) -> dict[str, Any]:
    status, body = api("POST", path, members)
    assert status == 201, body
    assert isinstance(body, dict)
    return body


def read(api: StateAPI, path: str) -> dict[str, Any]:
    status, body = api("GET", path)
    assert status == 200, body
    assert isinstance(body, dict)
    return body


def test_members_are_set_before_the_record_is_answered(order: dict[str, Any]) -> None:
    assert (order["status"], order["refunded"]) == ("draft", 0)


def test_token_is_drawn_and_the_same_in_every_world(customer: dict[str, Any], shop: Path) -> None:
    other = created(StateAPI(shop, state="strict", records="0"), "/customers", email="ada@example.com")
    assert customer["token"] == other["token"]
    assert customer["token"].startswith("tok_")
    assert len(customer["token"]) == len("tok_") + 10 + 6


def test_related_record_changes_with_it(api: StateAPI, order: dict[str, Any], customer: dict[str, Any]) -> None:
    api("POST", f"/orders/{order['id']}/pay", {"method": "card"})
    after = read(api, f"/customers/{customer['id']}")
    assert after["spent"] == 500
    assert after["modified_at"] > customer["modified_at"]


def test_refusal_writes_nothing(api: StateAPI, order: dict[str, Any]) -> None:
    assert api("POST", f"/orders/{order['id']}/pay", {"method": "card"})[0] == 200
    before = api("GET", "/grants")
    assert api("POST", f"/orders/{order['id']}/pay", {"method": "card"})[0] == 409
    assert api("GET", "/grants") == before


def test_record_of_another_resource_is_created(api: StateAPI, order: dict[str, Any]) -> None:
    api("POST", f"/orders/{order['id']}/pay", {"method": "card"})
    (grant,) = read(api, "/grants")["data"]
    assert (grant["order_id"], grant["feature"], grant["is_granted"]) == (order["id"], "support", True)
    assert read(api, f"/grants/{grant['id']}") == grant


def test_finding_says_which_part_of_the_request_is_at_fault(api: StateAPI, order: dict[str, Any]) -> None:
    status, body = api("POST", "/refunds", {"order_id": order["id"], "amount": 501})
    (finding,) = body["findings"]
    assert (status, finding["pointer"], finding["found"]) == (409, "/amount", "501")
    assert finding["expected"] == "at most what is not refunded yet"
    assert read(api, "/refunds")["data"] == []


def test_steps_see_what_steps_before_have_done(api: StateAPI, order: dict[str, Any]) -> None:
    api("POST", f"/orders/{order['id']}/pay", {"method": "card"})
    created(api, "/refunds", order_id=order["id"], amount=200)
    assert read(api, f"/orders/{order['id']}")["status"] == "paid"
    created(api, "/refunds", order_id=order["id"], amount=300)
    assert read(api, f"/orders/{order['id']}")["status"] == "refunded"
    assert [grant["is_granted"] for grant in read(api, "/grants")["data"]] == [False]


def test_deletion_takes_what_a_selection_has(api: StateAPI, order: dict[str, Any]) -> None:
    created(api, "/refunds", order_id=order["id"], amount=200)
    assert api("DELETE", f"/orders/{order['id']}") == (204, None)
    assert read(api, "/refunds")["data"] == []


def test_one_request_is_one_change_set(api: StateAPI, order: dict[str, Any]) -> None:
    api("POST", f"/orders/{order['id']}/pay", {"method": "card"})
    layer = api.world.layer(api.mount.store)
    assert [change.resource for change in layer.history()[-1].records] == ["orders", "customers", "grants"]
    layer.undo(1)
    assert read(api, f"/orders/{order['id']}") == order
    assert read(api, "/grants")["data"] == []


@pytest.mark.parametrize(("seconds", "status"), [(3599, "draft"), (3601, "expired")])
def test_later_steps_are_taken_by_the_clock(seconds: int, status: str, api: StateAPI, order: dict[str, Any]) -> None:
    api.world.hub.advance_clock(api.world.name, seconds)
    assert read(api, f"/orders/{order['id']}")["status"] == status


def test_later_steps_test_the_record_as_it_is_then(api: StateAPI, order: dict[str, Any]) -> None:
    api("POST", f"/orders/{order['id']}/pay", {"method": "card"})
    api.world.hub.advance_clock(api.world.name, 3601)
    assert read(api, f"/orders/{order['id']}")["status"] == "paid"


def test_later_steps_of_a_deleted_record_do_nothing(api: StateAPI, order: dict[str, Any]) -> None:
    api("DELETE", f"/orders/{order['id']}")
    api.world.hub.advance_clock(api.world.name, 3601)
    assert api("GET", f"/orders/{order['id']}")[0] == 404
    assert api.mount.engine.run_due(api.world) is None


def test_engine_tells_when_the_next_steps_are_due(api: StateAPI, order: dict[str, Any]) -> None:
    due = api.mount.engine.run_due(api.world)
    assert due is not None
    assert due - api.world.now() == pytest.approx(3600, abs=60)


def test_what_nobody_made_is_kept_once_a_step_sets_something(shop: Path) -> None:
    api = StateAPI(shop, records="0")
    status, order = api("POST", "/orders/made-up/pay", {"method": "card"})
    assert (status, order["status"]) == (200, "paid")
    assert read(api, "/orders/made-up")["status"] == "paid"


def test_steps_that_are_taken_later_have_the_request_as_their_cause(api: StateAPI, order: dict[str, Any]) -> None:
    api.world.hub.advance_clock(api.world.name, 3601)
    read(api, f"/orders/{order['id']}")
    planned, taken = api.world.layer(api.mount.store).history()[-2:]
    assert (taken.cause.operation, taken.cause.entry) == ("POST /orders", planned.cause.entry)
    assert taken.cause.at == pytest.approx(planned.cause.at + 3600, abs=60)
