"""Envelopes of lists, keys of items, parameters, relations."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.openapi.resources.model import Embed, ListParameter, Parent, Relation
from tests.support.small_apis import claims, inferred

PET = {"Pet": "{id, name, status, created_at, owner_id, metadata: object}"}


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [
        ("[Pet]", ""),
        ("{items: [Pet], pagination: {total: integer}}", "/items"),
        ("{object: string, data: [Pet], has_more: boolean, url: string}", "/data"),
        ("{pets: [Pet], links: object, meta: object}", "/pets"),
        ("{total_count: integer, incomplete_results: boolean, items: [Pet]}", "/items"),
        ("{entries: [Pet], next_marker: string, limit: integer}", "/entries"),
        ("{data: {items: [Pet], total: integer}}", "/data/items"),
    ],
)
def test_envelopes_of_lists(answer: str, pointer: str, tmp_path: Path) -> None:
    model = inferred(tmp_path, f"GET /pets listPets > 200 {answer}", PET)
    (collection,) = model.resources["pets"].collections
    assert collection.envelope == pointer


@pytest.mark.parametrize(
    "answer", ["{id: string, items: [Pet]}", "{name: string, age: integer, friends: [Pet]}", "{pets: [string]}"]
)
def test_objects_that_are_no_envelopes(answer: str, tmp_path: Path) -> None:
    assert claims(inferred(tmp_path, f"GET /pets getPets > 200 {answer}", PET)) == {"GET /pets": "view"}


def test_object_is_unwrapped(tmp_path: Path) -> None:
    lines = "GET /pets/{id} getPet > 200 {pet: Pet}\nPOST /pets createPet < Pet > 201 {pet: Pet}"
    model = inferred(tmp_path, lines, PET)
    assert claims(model)["GET /pets/{id}"] == "read pets by id"
    assert {view.pointer for view in model.resources["pets"].views} == {"/pet"}


@pytest.mark.parametrize(
    ("parameter", "members", "key"),
    [
        ("id", "{id, name}", "id"),
        ("pet_id", "{id, name}", "id"),
        ("petId", "{id, name}", "id"),
        ("pet_number", "{id: integer, number: string, name}", "number"),
        ("external_id", "{id, external_id}", "external_id"),
        ("tag", "{id: integer, tag_name: string}", "tag_name"),
        ("username", "{id: integer, login: string}", "login"),
        ("pet", "{id: integer, slug: string}", "slug"),
        ("pet", "{id, name}", "id"),
        ("pet_code", "{id: integer, code, name}", "code"),
        ("petname", "{name, breed}", "name"),
        ("pet_id", "{name, breed}", "name"),
    ],
)
def test_keys_of_items(parameter: str, members: str, key: str, tmp_path: Path) -> None:
    lines = f"GET /pets listPets > 200 [Pet]\nGET /pets/{{{parameter}}} getPet > 200 Pet"
    assert claims(inferred(tmp_path, lines, {"Pet": members}))[f"GET /pets/{{{parameter}}}"] == f"read pets by {key}"


def test_parameter_that_names_the_record_itself_is_not_its_code(tmp_path: Path) -> None:
    lines = "GET /promo_codes listCodes > 200 [Promo]\nGET /promo_codes/{promo_code} getCode > 200 Promo"
    does = claims(inferred(tmp_path, lines, {"Promo": "{id, code, active: boolean}"}))
    assert does["GET /promo_codes/{promo_code}"] == "read promo_codes by id"


def test_key_of_another_kind_is_none(tmp_path: Path) -> None:
    """A file's name is not what ``file_key`` compares."""
    lines = "GET /files listFiles > 200 [File]\nGET /files/{file_key} getFile > 200 File"
    verdict = inferred(tmp_path, lines, {"File": "{id: object, name, size: integer}"}).verdicts["GET /files/{file_key}"]
    assert not verdict.is_stateful


def test_key_that_is_no_member_is_remembered_where_put_makes_the_record(tmp_path: Path) -> None:
    lines = """
        GET /teams/{team_id}/memberships/{username} getMembership > 200 Membership
        PUT /teams/{team_id}/memberships/{username} setMembership < {role} > 200 Membership
        DELETE /teams/{team_id}/memberships/{username} removeMembership > 204
    """
    model = inferred(tmp_path, lines, {"Membership": "{role, state, url}"})
    (key,) = model.resources["memberships"].keys
    assert (key.member, key.is_hidden) == ("username", True)
    assert claims(model)["DELETE /teams/{team_id}/memberships/{username}"] == "delete memberships by username"


def test_parents_are_those_of_the_path(tmp_path: Path) -> None:
    lines = """
        GET /owners/{owner_id} getOwner > 200 Owner
        GET /owners/{owner_id}/pets listPets > 200 [Pet]
    """
    model = inferred(tmp_path, lines, {**PET, "Owner": "{id, email}"})
    (collection,) = model.resources["pets"].collections
    assert collection.parents == (Parent("owner_id", "owners", "id"),)


def query(name: str, **schema: object) -> dict[str, object]:
    return {"name": name, "in": "query", "schema": schema or {"type": "string"}}


@pytest.mark.parametrize(
    ("parameter", "role"),
    [
        (query("page", type="integer"), ListParameter("page", "page")),
        (query("page[size]", type="integer"), ListParameter("page[size]", "size")),
        (query("per_page", type="integer"), ListParameter("per_page", "size")),
        (query("starting_after"), ListParameter("starting_after", "cursor")),
        (query("offset", type="integer"), ListParameter("offset", "offset")),
        (
            query("sorting", type="array", items={"type": "string", "enum": ["name", "-name"]}),
            ListParameter("sorting", "sort", sorts=("name", "-name")),
        ),
        (
            query("order", type="string", enum=["asc", "desc"]),
            ListParameter("order", "direction", sorts=("asc", "desc")),
        ),
        (query("status"), ListParameter("status", "filter", "status", "eq")),
        (
            query("status", type="array", items={"type": "string"}),
            ListParameter("status", "filter", "status", "in"),
        ),
        (query("owner_id"), ListParameter("owner_id", "relation", "owner_id", "eq")),
        (query("created_after", type="string"), ListParameter("created_after", "range", "created_at", "gt")),
        (query("created_at[lte]"), ListParameter("created_at[lte]", "range", "created_at", "lte")),
        (query("before", type="string", format="date-time"), ListParameter("before", "range", "created_at", "lt")),
        (query("q"), ListParameter("q", "search", operator="contains")),
        (query("metadata", type="object"), ListParameter("metadata", "metadata", "metadata")),
        (query("expand"), None),
    ],
)
def test_query_parameters_of_lists(parameter: dict[str, object], role: ListParameter | None, tmp_path: Path) -> None:
    model = inferred(tmp_path, "GET /pets listPets > 200 [Pet]", PET, parameters={"GET /pets": [parameter]})
    (collection,) = model.resources["pets"].collections
    assert collection.parameters == (() if role is None else (role,))
    assert collection.ignored == ((parameter["name"],) if role is None else ())


def test_relations_and_embeds(tmp_path: Path) -> None:
    schemas = {
        "Customer": "{id, email, name}",
        "Product": "{id, title, price: integer}",
        "Order": "{id, customer_id, customer: {id, email}, product_ids: [string], products: [Product]}",
    }
    lines = """
        GET /customers/{id} getCustomer > 200 Customer
        GET /products/{id} getProduct > 200 Product
        GET /orders/{id} getOrder > 200 Order
    """
    order = inferred(tmp_path, lines, schemas).resources["orders"]
    assert order.relations == (
        Relation("customer_id", "customers"),
        Relation("product_ids", "products", is_list=True),
    )
    assert order.embeds == (
        Embed("customer", "customers", "customer_id"),
        Embed("products", "products", None, is_list=True),
    )


def test_relations_and_parents_name_only_resources_that_there_are(tmp_path: Path) -> None:
    lines = """
        GET /pets listPets > 200 [Pet]
        GET /pets/{id} getPet > 200 Pet
        GET /owners/{owner_id}/pets listOwnPets > 200 [Pet]
        GET /owners rankOwners > 200 [{rank: integer, score: integer}]
    """
    model = inferred(tmp_path, lines, PET)
    assert set(model.resources) == {"pets"}
    assert model.resources["pets"].relations == ()
    assert {parent.resource for place in model.resources["pets"].collections for parent in place.parents} == {None}


def test_path_that_creates_elsewhere_is_a_collection_too(tmp_path: Path) -> None:
    lines = """
        GET /pets listPets > 200 [Pet]
        GET /pets/{id} getPet > 200 Pet
        POST /templates/{template}/generate createPetOfTemplate < {name} > 201 Pet
    """
    model = inferred(tmp_path, lines, PET)
    assert claims(model)["POST /templates/{template}/generate"] == "create pets"
    assert [place.path for place in model.resources["pets"].collections] == ["/pets", "/templates/{template}/generate"]


@pytest.mark.parametrize(("kind", "relations"), [("string", (Relation("owner_id", "owners"),)), ("integer", ())])
def test_number_names_no_record_that_a_text_finds(kind: str, relations: tuple[Relation, ...], tmp_path: Path) -> None:
    lines = """
        GET /pets listPets > 200 [Pet]
        GET /pets/{id} getPet > 200 Pet
        GET /owners listOwners > 200 [Owner]
        GET /owners/{id} getOwner > 200 Owner
    """
    schemas = {"Pet": f"{{id, name, owner_id: {kind}}}", "Owner": "{id, email}"}
    assert inferred(tmp_path, lines, schemas).resources["pets"].relations == relations
