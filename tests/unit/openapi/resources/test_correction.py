"""What the data of a contract says of its resources and operations, over what is inferred."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.resources.model import Embed, InferredResource, Relation, ResourceModel
from mock_server.openapi.state_extensions import RelatedFilter, UniqueMembers
from tests.support.small_apis import claims, inferred, loaded

SHOP = """
    GET /customers listCustomers > 200 {items: [Customer], total: integer}
    POST /customers createCustomer < {email, name} > 201 Customer
    GET /customers/{id} getCustomer > 200 Customer
    PATCH /customers/{id} updateCustomer < {email, name} > 200 Customer
    DELETE /customers/{id} deleteCustomer > 204
    GET /customers/{id}/state getState > 200 {id, orders: [Order]}
    GET /orders listOrders > 200 [Order]
    POST /orders createOrder < {customer_id} > 201 Order
    GET /orders/{id} getOrder > 200 Order
    DELETE /orders/{id} cancelOrder > 200 Order
    GET /shops/{slug} getShop > 200 Shop
    POST /enroll enrollCustomer < {email} > 200 {ok: boolean}
    GET /portal/clients listClients > 200 [PortalClient]
    GET /portal/clients/{id} getClient > 200 PortalClient
"""
SCHEMAS = {
    "Customer": "{id, email, name, external_id, buyer, buyer_ref}",
    "Order": "{id, customer_id, status, buyer: Customer, buyer_ref}",
    "Shop": "{organization: Organization, products: [Order]}",
    "Organization": "{id, slug, name}",
    "PortalClient": "{id, email, phone, oauth: string}",
}
CUSTOMER = "#/components/schemas/Customer"


def corrected(directory: Path, **extensions: Any) -> ResourceModel:
    """The model of the shop; names of operations are written as ``GET_customers_id``."""
    return inferred(directory, SHOP, SCHEMAS, extensions=extensions)


def of_customers(directory: Path, **correction: Any) -> tuple[InferredResource, list[str]]:
    """The customers with a correction, and what is found of it."""
    model = corrected(directory, **{"x-mock-resources": {"customers": correction}})
    return model.resources["customers"], [str(finding) for finding in model.findings]


def refused(directory: Path, **extensions: Any) -> str:
    with pytest.raises(ContractError) as refusal:
        loaded(directory, SHOP, SCHEMAS, extensions=extensions)
    return str(refusal.value)


def test_without_corrections_nothing_is_found(tmp_path: Path) -> None:
    model = corrected(tmp_path)
    assert model.findings == ()
    assert claims(model)["DELETE /orders/{id}"] == "UNSURE delete orders by id"
    assert claims(model)["GET /portal/clients/{id}"] == "read clients by id"


@pytest.mark.parametrize(
    ("operation", "said", "claim"),
    [
        ("DELETE /orders/{id}", {"x-mock-does": "transition"}, "transition orders by id"),
        ("DELETE /orders/{id}", {"x-mock-does": "delete"}, "delete orders by id"),
        ("DELETE /orders/{id}", {"x-mock-resource": "orders"}, "delete orders by id"),
        ("DELETE /orders/{id}", {"x-mock-does": "none"}, "none"),
        ("DELETE /orders/{id}", {"x-mock-resource": "none"}, "none"),
        ("GET /customers", {"x-mock-does": "view"}, "view customers"),
        ("POST /enroll", {"x-mock-does": "create", "x-mock-resource": "customers"}, "create customers"),
        (
            "GET /shops/{slug}",
            {"x-mock-does": "read", "x-mock-resource": "orders", "x-mock-key": {"slug": "/status"}},
            "read orders by status",
        ),
        ("GET /customers/{id}/state", {"x-mock-does": "read", "x-mock-resource": "customers"}, "read customers"),
    ],
)
def test_operation_does_what_is_said(operation: str, said: dict[str, Any], claim: str, tmp_path: Path) -> None:
    verdict = corrected(tmp_path, **{operation: said}).verdicts[operation]
    assert (verdict.claim, verdict.is_sure, verdict.witnesses) == (claim, True, ("data",))
    assert verdict.why == f"told by {', '.join(sorted(said, key=[*ORDER].index))}"


ORDER = ("x-mock-resource", "x-mock-does", "x-mock-key")


def test_path_belongs_to_the_named_resource_alone(tmp_path: Path) -> None:
    said = {"x-mock-resource": "customers", "x-mock-does": "read"}
    model = corrected(tmp_path, **{"GET /portal/clients/{id}": said})
    customers, clients = model.resources["customers"], model.resources["clients"]
    assert "/portal/clients/{id}" in {item.path for item in customers.items}
    assert "/portal/clients/{id}" not in {item.path for item in clients.items}
    assert "GET /portal/clients/{id}" in {view.operation for view in customers.views}
    assert "GET /portal/clients/{id}" not in {view.operation for view in clients.views}


def test_create_at_a_path_of_its_own_is_a_collection(tmp_path: Path) -> None:
    said = {"x-mock-resource": "customers", "x-mock-does": "create"}
    resource = corrected(tmp_path, **{"POST /enroll": said}).resources["customers"]
    assert [(place.path, place.envelope) for place in resource.collections] == [
        ("/customers", "/items"),
        ("/enroll", None),
    ]


def test_key_may_stand_deeper_in_a_record(tmp_path: Path) -> None:
    said = {"x-mock-resource": "shops", "x-mock-does": "read", "x-mock-key": {"slug": "/organization/slug"}}
    resources = {"shops": {"schema": "#/components/schemas/Shop", "records": 2}}
    model = corrected(tmp_path, **{"GET /shops/{slug}": said, "x-mock-resources": resources})
    shop = model.resources["shops"]
    (key,) = shop.keys
    assert (key.member, key.pointer, key.place) == ("organization.slug", "/organization/slug", "/organization/slug")
    assert (shop.records, shop.schema, [item.key for item in shop.items]) == (2, "Shop", [key])
    assert model.verdicts["GET /shops/{slug}"].claim == "read shops by organization.slug"


def test_key_that_one_operation_says_is_that_of_its_path(tmp_path: Path) -> None:
    model = corrected(tmp_path, **{"GET /customers/{id}": {"x-mock-key": {"id": "/external_id"}}})
    assert claims(model)["PATCH /customers/{id}"] == "update customers by external_id"
    assert model.resources["customers"].items[0].key == model.resources["customers"].keys[0]


def test_views_unite_resources(tmp_path: Path) -> None:
    resources = {"customers": {"views": ["#/components/schemas/PortalClient"]}}
    model = corrected(tmp_path, **{"x-mock-resources": resources})
    assert "clients" not in model.resources
    assert claims(model)["GET /portal/clients/{id}"] == "read customers by id"
    assert {view.schema for view in model.resources["customers"].views} == {"Customer", "PortalClient"}


def test_schema_gives_its_resource_the_name(tmp_path: Path) -> None:
    resources = {"buyers": {"schema": CUSTOMER, "records": 7}}
    model = corrected(tmp_path, **{"x-mock-resources": resources})
    assert claims(model)["GET /customers/{id}"] == "read buyers by id"
    assert {embed.resource for embed in model.resources["orders"].embeds} == {"buyers"}


def test_keys_stand_in_the_given_order_before_others(tmp_path: Path) -> None:
    resource, findings = of_customers(tmp_path, keys=["external_id"])
    assert [key.member for key in resource.keys] == ["external_id", "id"]
    assert findings == []


def test_relations_and_embeds_are_added_and_taken_away(tmp_path: Path) -> None:
    correction = {"relations": {"customer_id": "none", "buyer_ref": "customers"}, "embeds": {"buyer": "buyer_ref"}}
    orders = corrected(tmp_path, **{"x-mock-resources": {"orders": correction}}).resources["orders"]
    assert orders.relations == (Relation("buyer_ref", "customers"),)
    assert orders.embeds == (Embed("buyer", "customers", "buyer_ref"),)


def test_what_cannot_be_inferred_is_kept_with_the_resource(tmp_path: Path) -> None:
    resource, findings = of_customers(
        tmp_path,
        unique=[{"members": ["email"], "fold": "case"}],
        owner="customers",
        initial={"name": "Nobody"},
        derived={"name": {"first": ["/name", "/email"]}},
        sort={"name": "/name"},
        records=25,
    )
    assert findings == []
    assert resource.unique == (UniqueMembers(("email",), "case"),)
    assert (resource.owner, resource.initial, resource.records) == ("customers", {"name": "Nobody"}, 25)
    assert resource.derived["name"].reads == ("/name", "/email")
    assert resource.sort == {"name": "/name"}


def test_filter_that_is_explained_is_not_ignored(tmp_path: Path) -> None:
    parameter = {"name": "active", "in": "query", "schema": {"type": "boolean"}}
    rule = {"related": "orders", "where": {"status": ["paid", "open"]}}
    resources = {"customers": {"filters": {"active": rule}}}
    model = inferred(
        tmp_path,
        SHOP,
        SCHEMAS,
        parameters={"GET /customers": [parameter]},
        extensions={"x-mock-resources": resources},
    )
    customers = model.resources["customers"]
    assert customers.filters == {"active": RelatedFilter("orders", {"status": ("paid", "open")})}
    assert (customers.collections[0].ignored, model.findings) == ((), ())


@pytest.mark.parametrize(
    ("correction", "pointer", "found"),
    [
        ({"unique": [{"members": ["emial"]}]}, "unique/0/members", "'emial'; did you mean email?"),
        ({"initial": {"nam": 1}}, "initial/nam", "'nam'; did you mean name?"),
        ({"derived": {"nam": {"first": ["/name"]}}}, "derived/nam", "'nam'; did you mean name?"),
        ({"derived": {"name": {"first": ["/emial"]}}}, "derived/name", "'/emial'; did you mean email?"),
        ({"sort": {"name": "/nam"}}, "sort/name", "'/nam'; did you mean name?"),
        ({"relations": {"shop_id": "orders"}}, "relations/shop_id", "'shop_id'"),
        ({"filters": {"activ": {"related": "orders"}}}, "filters/activ", "'activ'"),
    ],
)
def test_members_that_no_view_has_are_found(
    correction: dict[str, Any], pointer: str, found: str, tmp_path: Path
) -> None:
    _, (finding,) = of_customers(tmp_path, **correction)
    assert f" /x-mock-resources/customers/{pointer}: {found}; expected " in finding
    assert finding.endswith("[x-mock-contradiction]. Fix the overlay.")


def test_condition_on_a_member_that_the_related_has_not_is_found(tmp_path: Path) -> None:
    parameter = {"name": "active", "in": "query", "schema": {"type": "boolean"}}
    resources = {"customers": {"filters": {"active": {"related": "orders", "where": {"state": ["paid"]}}}}}
    extensions = {"x-mock-resources": resources}
    model = inferred(tmp_path, SHOP, SCHEMAS, parameters={"GET /customers": [parameter]}, extensions=extensions)
    (finding,) = model.findings
    assert finding.pointer == "/x-mock-resources/customers/filters/active/where/state"


def test_verb_against_the_method_is_found(tmp_path: Path) -> None:
    model = corrected(tmp_path, **{"GET /customers/{id}": {"x-mock-does": "delete"}})
    (finding,) = model.findings
    assert "'delete' of a GET" in str(finding)


@pytest.mark.parametrize(
    ("place", "said", "message"),
    [
        (
            "GET /orders/{id}",
            {"x-mock-resource": "ordres"},
            "/paths/~1orders~1{id}/get/x-mock-resource: found the resource 'ordres'; did you mean orders?",
        ),
        (
            "GET /orders/{id}",
            {"x-mock-does": "list"},
            "found 'list' of an operation that answers an object",
        ),
        ("GET /orders", {"x-mock-does": "read"}, "x-mock-does: found 'read' of an operation that answers a list"),
        (
            "GET /orders/{id}",
            {"x-mock-key": {"ido": "/id"}},
            "/ido: found the parameter 'ido'; did you mean id?",
        ),
        ("GET /orders/{id}", {"x-mock-key": {"id": "/statu"}}, "found '/statu'; did you mean status?"),
        ("POST /orders", {"x-mock-key": {"id": "/id"}}, "expected an operation whose path has parameters"),
        ("POST /enroll", {"x-mock-does": "create"}, "found 'create' of an operation for which no resource is inferred"),
        (
            "GET /shops/{slug}",
            {"x-mock-does": "read", "x-mock-resource": "orders"},
            "found {slug}, which names no member of orders; expected x-mock-key: {slug: /MEMBER} beside it",
        ),
        ("x-mock-resources", {"custmers": {"keys": ["id"]}}, "found the resource 'custmers'; did you mean customers?"),
        ("x-mock-resources", {"orders": {"keys": ["di"]}}, "/orders/keys/0: found 'di'"),
        ("x-mock-resources", {"orders": {"owner": "custmers"}}, "/owner: found the resource 'custmers'; did you mean"),
        ("x-mock-resources", {"orders": {"relations": {"status": "x"}}}, "/relations/status: found the resource 'x'"),
        (
            "x-mock-resources",
            {"orders": {"embeds": {"buyer": "customer"}}},
            "/embeds/buyer: found 'customer'; did you mean customer_id?",
        ),
        ("x-mock-resources", {"orders": {"filters": {"a": {"related": "shop"}}}}, "/a/related: found the resource"),
        ("x-mock-resources", {"orders": {"views": ["#/components/schemas/Orders"]}}, "/views/0: found the reference"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(
    place: str, said: dict[str, Any], message: str, tmp_path: Path
) -> None:
    text = refused(tmp_path, **{place: said})
    assert message in text
    assert "contract.json:" in text
    assert text.endswith("Fix the overlay.")


def test_strict_loading_refuses_contradictions(tmp_path: Path) -> None:
    extensions = {"x-mock-resources": {"customers": {"initial": {"nam": 1}}}}
    loaded(tmp_path, SHOP, SCHEMAS, extensions=extensions)
    with pytest.raises(ContractError, match=r"found a defect; expected none \(--strict\)"):
        loaded(tmp_path, SHOP, SCHEMAS, extensions=extensions, strict=True)
