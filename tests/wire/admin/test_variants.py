from __future__ import annotations

from urllib.parse import quote

import httpx

from tests.support.customers import ME

OPERATION = "customer_portal:customers:get"
CLIENT = httpx.Client(timeout=60)  # the first list of a cold server takes seconds
TOKEN = {"Authorization": "Bearer polar_cst_individual"}


def test_variants_of_operation_are_listed_by_either_name(server_url: str) -> None:
    by_id = CLIENT.get(f"{server_url}/__admin/variants/{quote(OPERATION, safe='')}").json()
    by_key = CLIENT.get(f"{server_url}/__admin/variants/{quote(f'GET {ME}', safe='')}").json()
    assert by_id == by_key
    assert by_id[0] == {"variant": 0, "name": "plain", "shows": []}
    assert any("billing_address: null" in variant["shows"] for variant in by_id)


def test_variant_after_the_last_is_refused(server_url: str) -> None:
    count = len(CLIENT.get(f"{server_url}/__admin/variants/{OPERATION}").json())
    last = CLIENT.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={count - 1}"})
    beyond = CLIENT.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={count}"})
    assert (last.status_code, last.headers["preference-applied"]) == (200, f"variant={count - 1}")
    assert (beyond.status_code, str(count) in beyond.json()["detail"]) == (400, True)


def test_variants_that_show_null_are_null(server_url: str) -> None:
    listed = CLIENT.get(f"{server_url}/__admin/variants/{OPERATION}").json()
    number = next(variant["variant"] for variant in listed if "billing_address: null" in variant["shows"])
    answer = CLIENT.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={number}"})
    assert answer.json()["billing_address"] is None


def test_unknown_operation_gets_suggestion(server_url: str) -> None:
    answer = CLIENT.get(f"{server_url}/__admin/variants/customer_portal:customers:gte")
    assert answer.status_code == 404
    assert f"did you mean {OPERATION}" in answer.json()["detail"]
