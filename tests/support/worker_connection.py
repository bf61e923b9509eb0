"""Ask a server on a connection that leads to one of its processes."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

import httpx
from prometheus_client import parser
from prometheus_client.samples import Sample

from tests.support.customers import INDIVIDUAL, ME
from tests.support.server_process import RunningServer


class Connected:
    """One process of a server: the one that a connection leads to."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self.name: str = self.told("/__admin/peers")["name"]

    def __enter__(self) -> Connected:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def told(self, path: str) -> Any:
        return self.client.get(path).json()

    def me(self, world: str, *, times: int = 1) -> list[int]:
        """The statuses of requests for the customer in a world."""
        return [self.client.get(f"/~{world}{ME}", headers=INDIVIDUAL).status_code for _ in range(times)]

    def start(self, world: str, *answers: Any) -> None:
        """Start a scenario."""
        started = self.client.post(f"/~{world}/__admin/scenarios", json={"answers": [*answers]})
        assert started.status_code == 201, started.text

    def owns(self, world: str) -> bool:
        return bool(self.told(f"/~{world}/__admin/peers")["owner"] == self.name)

    def others(self) -> set[str]:
        """The names of the other processes."""
        return {one["name"] for one in self.told("/__admin/peers")["peers"]}


def both(server: RunningServer, stack: ExitStack) -> list[Connected]:
    """A connection to each of the workers."""
    found: dict[str, Connected] = {}
    while len(found) < 2:
        one = stack.enter_context(Connected(server.url))
        found.setdefault(one.name, one)
    return [*found.values()]


def samples(worker: Connected, name: str) -> list[Sample]:
    text = worker.client.get("/__admin/metrics").text
    families = parser.text_string_to_metric_families(text)
    return [one for family in families for one in family.samples if one.name == name]
