from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest

from tests.support.customers import ME

OPERATION = "customer_portal:customers:get"
TOKEN = {"Authorization": "Bearer polar_cst_individual"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, trust_env=False) as http_client:  # the first list of a cold server takes seconds
        yield http_client


def test_variants_of_operation_are_listed_by_either_name(client: httpx.Client, server_url: str) -> None:
    by_id = client.get(f"{server_url}/__admin/variants/{quote(OPERATION, safe='')}").json()
    by_key = client.get(f"{server_url}/__admin/variants/{quote(f'GET {ME}', safe='')}").json()
    assert by_id == by_key
    assert by_id[0] == {"variant": 0, "name": "plain", "shows": []}
    assert any("billing_address: null" in variant["shows"] for variant in by_id)


def test_variant_after_the_last_is_refused(client: httpx.Client, server_url: str) -> None:
    count = len(client.get(f"{server_url}/__admin/variants/{OPERATION}").json())
    last = client.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={count - 1}"})
    beyond = client.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={count}"})
    assert (last.status_code, last.headers["preference-applied"]) == (200, f"variant={count - 1}")
    assert (beyond.status_code, str(count) in beyond.json()["detail"]) == (400, True)


def test_variants_that_show_null_are_null(client: httpx.Client, server_url: str) -> None:
    listed = client.get(f"{server_url}/__admin/variants/{OPERATION}").json()
    number = next(variant["variant"] for variant in listed if "billing_address: null" in variant["shows"])
    answer = client.get(server_url + ME, headers=TOKEN | {"Prefer": f"variant={number}"})
    assert answer.json()["billing_address"] is None


def test_unknown_operation_gets_suggestion(client: httpx.Client, server_url: str) -> None:
    answer = client.get(f"{server_url}/__admin/variants/customer_portal:customers:gte")
    assert answer.status_code == 404
    assert f"did you mean {OPERATION}" in answer.json()["detail"]
