"""What webhooks and callbacks tell of, over every store and hub: sequences from ``tests/cases/events.yaml``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.case_files import read_cases
from tests.support.request_sequences import follow, sent
from tests.support.suite_server import SuiteServer

CASES = read_cases("events")


@pytest.fixture(scope="module")
def shop(own_cache: None, store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    file = tmp_path_factory.mktemp("shop") / "shop.json"
    file.write_text(json.dumps(CASES["contract"]), encoding="utf-8")
    with SuiteServer(str(file), env={"MOCK_SERVER_STORE": store_url}) as server:
        yield server.url
    lines = server.errors.splitlines()
    assert [line for line in lines if "newGadget is kept and not sent" not in line] == []


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
def test_sequence_of_requests(case: Mapping[str, Any], shop: str) -> None:
    follow(f"{shop}/~{uuid.uuid4().hex}", case["steps"])


def test_worlds_that_do_the_same_tell_it_under_ids_of_their_own(shop: str) -> None:
    def ids(world: str) -> list[str]:
        steps: list[dict[str, Any]] = [
            {"method": "POST", "path": "/__admin/reset"},
            {"method": "POST", "path": "/__admin/clock", "body": {"now": "2026-03-01T12:00:00Z"}},
            *[{"method": "POST", "path": "/customers", "body": {"email": "ada@example.com"}} for _ in range(3)],
            *[{"method": "POST", "path": "/__admin/events", "body": {"type": "customer.greeted"}} for _ in range(5)],
        ]
        for step in steps:
            assert sent(f"{shop}/~{world}", step).status < 300
        listed = json.loads(sent(f"{shop}/~{world}", {"path": "/__admin/events"}).body)["events"]
        return [event["id"] for event in listed]

    names = [uuid.uuid4().hex for _ in range(2)]
    first, again, other = ids(names[0]), ids(names[0]), ids(names[1])
    assert first == again
    assert len({*first, *other}) == 16
    assert all(uuid.UUID(event_id).version == 4 for event_id in first)
