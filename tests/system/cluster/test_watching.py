"""What is seen of a request that another process than the one that was asked has answered."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from tests.support.customers import ME
from tests.support.server_process import RunningServer
from tests.support.worker_connection import Connected, both, samples

pytestmark = pytest.mark.usefixtures("own_cache")


def not_the_owner(workers: list[Connected], world: str) -> Connected:
    (found,) = [one for one in workers if not one.owns(world)]
    return found


def test_access_log_names_operation_and_entry_by_any_process() -> None:
    with RunningServer("--workers", "2", "--access-log", "--log-format", "json") as server, ExitStack() as stack:
        workers = both(server, stack)
        workers[0].start("w", {"code": 429, "times": 1}, {"pass": True})
        asked = not_the_owner(workers, "w")
        assert asked.me("w", times=2) == [429, 200]
        entries = asked.told("/~w/__admin/requests")["requests"]
        counted = [sum(one.value for one in samples(each, "mock_server_requests_total")) for each in workers]
        assert server.stop() == 0
    lines = [line for line in map(json.loads, server.errors.splitlines()) if line["operation"]]
    assert [(line["path"], line["status"], line["world"]) for line in lines] == [
        (f"/~w{ME}", 429, "w"),
        (f"/~w{ME}", 200, "w"),
    ]
    assert [line["request_id"] for line in lines] == [one["requestId"] for one in reversed(entries)]
    assert counted == [2, 2]  # once each, by the process that answered
