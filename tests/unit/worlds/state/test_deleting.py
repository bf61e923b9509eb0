"""What is there after a deletion: nothing of what a world made, and what was never made is as unknown as before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

OPERATIONS = """
GET /shops listShops > 200 {data: [Shop]}
POST /shops createShop < NewShop > 201 Shop
GET /shops/{shop_id} getShop > 200 Shop
PATCH /shops/{shop_id} updateShop < NewShop > 200 Shop
DELETE /shops/{shop_id} deleteShop > 204
GET /shops/{shop_id}/items listShopItems > 200 {data: [Item]}
POST /shops/{shop_id}/items createShopItem < NewItem > 201 Item
GET /shops/{shop_id}/items/{item_id} getShopItem > 200 Item
DELETE /shops/{shop_id}/items/{item_id} deleteShopItem > 204
GET /shops/{shop_id}/settings getShopSettings > 200 Settings
PUT /shops/{shop_id}/settings updateShopSettings < Settings > 200 Settings
DELETE /shops/{shop_id}/settings deleteShopSettings > 200 Gone
"""
SCHEMAS = {
    "Shop": "{id: string, name: string, street: string}",
    "NewShop": "{name: string, street: string}",
    "Item": "{id: string, title: string, weight: integer}",
    "NewItem": "{item_id: string, title: string, weight: integer}",
    "Settings": "{currency: string, language: string}",
    "Gone": "{deleted: boolean}",
}
REQUESTS = [("GET", None), ("PATCH", {"name": "Ink"}), ("DELETE", None)]


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shops")
    loaded(directory, OPERATIONS, SCHEMAS)
    return directory / "contract.json"


@pytest.mark.parametrize("state", ["auto", "strict"])
def test_deleted_record_is_gone(shops: Path, state: str) -> None:
    api = StateAPI(shops, state=state)
    shop = api("POST", "/shops", {"name": "Tea"})[1]["id"]
    assert api("DELETE", f"/shops/{shop}") == (204, None)
    statuses = [api(method, f"/shops/{shop}", body)[0] for method, body in REQUESTS]
    assert statuses == [404, 404, 404]
    assert shop not in [found["id"] for found in api("GET", "/shops")[1]["data"]]


def test_record_of_update_is_unknown_again(shops: Path) -> None:
    api = StateAPI(shops)
    before = api("GET", "/shops/made-up")
    assert api("PATCH", "/shops/made-up", {"name": "Tea"})[1]["name"] == "Tea"
    assert api("PATCH", "/shops/made-up", {"street": "Strand"})[1]["name"] == "Tea"
    assert [api("DELETE", "/shops/made-up")[0] for _ in range(2)] == [204, 204]
    assert api("GET", "/shops/made-up") == before
    assert "made-up" not in [found["id"] for found in api("GET", "/shops")[1]["data"]]


def test_only_record_of_parent_is_as_at_first(shops: Path) -> None:
    api = StateAPI(shops)
    before = api("GET", "/shops/made-up/settings")
    api("PUT", "/shops/made-up/settings", {"currency": "eur", "language": "de"})
    assert api("DELETE", "/shops/made-up/settings") == (200, {"deleted": True})
    assert api("GET", "/shops/made-up/settings") == before


def test_only_record_of_parent_comes_back(shops: Path) -> None:
    api = StateAPI(shops, state="strict")
    path = f"/shops/{api('GET', '/shops')[1]['data'][0]['id']}/settings"
    settings = {"currency": "eur", "language": "de"}
    assert [api("DELETE", path)[0], api("GET", path)[0], api("DELETE", path)[0]] == [200, 404, 404]
    assert api("PUT", path, settings) == (200, settings)
    assert api("GET", path) == (200, settings)


@pytest.mark.parametrize("is_updated", [False, True])
def test_deletion_below_made_up_parent_repeats(shops: Path, is_updated: bool) -> None:
    api = StateAPI(shops)
    if is_updated:
        api("PATCH", "/shops/made-up", {"name": "Tea"})
    item = api("POST", "/shops/made-up/items", {"title": "Pen"})[1]["id"]
    assert [api("DELETE", f"/shops/made-up/items/{item}")[0] for _ in range(2)] == [204, 204]
    assert api("GET", f"/shops/made-up/items/{item}")[0] == 404


def test_key_that_answers_do_not_take_is_none(shops: Path) -> None:
    """Nor is a member without a name."""
    api = StateAPI(shops)
    answers = [api("POST", "/shops", {"name": "Tea", **sent})[1]["id"] for sent in ({"": True}, {"id": ["a"]}, {})]
    assert len({*answers}) == 3
    assert "true" not in answers


def test_key_in_body_may_be_named_as_in_paths(shops: Path) -> None:
    api = StateAPI(shops)
    shop = api("POST", "/shops", {"name": "Tea"})[1]["id"]
    assert api("POST", f"/shops/{shop}/items", {"item_id": "pen", "title": "Pen"})[1]["id"] == "pen"
    assert api("GET", f"/shops/{shop}/items/pen")[1]["title"] == "Pen"
