"""What operations remember, over every store and hub: sequences of requests from ``tests/cases/state.yaml``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.case_files import read_cases
from tests.support.request_sequences import follow, sent
from tests.support.suite_server import SuiteServer

CASES = read_cases("state")


@pytest.fixture(scope="module")
def shop(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(CASES["contract"]), encoding="utf-8")
    with SuiteServer(str(file)) as server:
        yield server.url
    assert server.errors == ""


@pytest.fixture
def world(shop: str) -> str:
    return f"{shop}/~{uuid.uuid4().hex}"


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_sequence_of_requests(case: Mapping[str, Any], world: str) -> None:
    follow(world, case["steps"])


def test_worlds_that_do_the_same_in_another_order_get_the_same(shop: str) -> None:
    bodies = [{"email": f"c{number}@example.com", "name": f"N{number % 3}"} for number in range(12)]

    def created(order: list[dict[str, str]]) -> set[tuple[str, str]]:
        url = f"{shop}/~{uuid.uuid4().hex}"
        with ThreadPoolExecutor(4) as pool:
            answers = [*pool.map(lambda body: sent(url, {"method": "POST", "path": "/customers", "body": body}), order)]
        values = [json.loads(got.body) for got in answers]
        return {(value["id"], value["email"]) for value in values}

    assert created(bodies) == created(bodies[::-1])


def test_keys_of_what_is_sent_again_and_again_differ(world: str) -> None:
    step = {"method": "POST", "path": "/customers", "body": {"email": "same@example.com"}}
    with ThreadPoolExecutor(4) as pool:
        keys = [json.loads(got.body)["id"] for got in pool.map(lambda _: sent(world, step), range(20))]
    assert len(set(keys)) == 20
    (listed,) = [json.loads(sent(world, {"path": "/customers?email=same@example.com&limit=100"}).body)]
    assert sorted(item["id"] for item in listed["items"]) == sorted(keys)
