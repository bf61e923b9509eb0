"""What operations do besides, now and by the clock: sequences of requests from ``tests/cases/effects.yaml``."""

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

CASES = read_cases("effects")


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def shop(own_cache: None, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(CASES["contract"]), encoding="utf-8")
    store = request.param if request.param == "memory" else f"sqlite:///{file.parent}/records.db"
    with SuiteServer(str(file), env={"MOCK_SERVER_STORE": store}) as server:
        yield server.url
    assert server.errors == ""


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_sequence_of_requests(case: Mapping[str, Any], shop: str) -> None:
    follow(f"{shop}/~{uuid.uuid4().hex}", case["steps"])


def test_effects_of_requests_at_once_are_all_there(shop: str) -> None:
    world = f"{shop}/~{uuid.uuid4().hex}"

    def created(path: str, body: Any) -> Any:
        return json.loads(sent(world, {"method": "POST", "path": path, "body": body}).body)

    customer = created("/customers", {"email": "ada@example.com"})["id"]
    order = {"customer_id": customer, "items": [{"sku": "tea", "price": 100}]}
    orders = [created("/orders", order)["id"] for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        paid = [*pool.map(lambda key: created(f"/orders/{key}/pay", {})["status"], orders)]
    assert paid == ["paid"] * 12
    assert json.loads(sent(world, {"path": f"/customers/{customer}"}).body)["spent"] == 1200
    assert len(json.loads(sent(world, {"path": "/grants"}).body)) == 12
