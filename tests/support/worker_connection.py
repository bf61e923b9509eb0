"""Ask a server on a connection that leads to one of its processes."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import Any

import httpx
import psutil
from prometheus_client import parser
from prometheus_client.samples import Sample

from tests.support.customers import INDIVIDUAL, ME
from tests.support.server_process import RunningServer
from tests.support.worker_processes import workers_of


class WorkerConnection:
    """One process of a server: the one that a connection leads to."""

    def __init__(self, server: RunningServer) -> None:
        self.client = httpx.Client(base_url=server.url, trust_env=False, timeout=30)
        stream = self.client.get("/__admin/health").extensions["network_stream"]
        port = stream.get_extra_info("client_addr")[1]
        (self.process,) = [worker for worker in workers_of(server) if port in _client_ports(worker)]

    def __enter__(self) -> WorkerConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def json(self, path: str) -> Any:
        """The answer to a GET."""
        return self.client.get(path).json()

    def me(self, world: str, *, times: int = 1) -> list[int]:
        """The statuses of requests for the customer in a world."""
        return [self.client.get(f"/~{world}{ME}", headers=INDIVIDUAL).status_code for _ in range(times)]

    def start(self, world: str, *answers: Any) -> None:
        """Start a scenario."""
        started = self.client.post(f"/~{world}/__admin/scenarios", json={"answers": [*answers]})
        assert started.status_code == 201, started.text

    def samples(self, name: str) -> list[Sample]:
        """The samples of a metric."""
        families = parser.text_string_to_metric_families(self.client.get("/__admin/metrics").text)
        return [sample for family in families for sample in family.samples if sample.name == name]


def _client_ports(worker: psutil.Process) -> set[int]:
    return {connection.raddr.port for connection in worker.net_connections() if connection.raddr}


def both_workers(server: RunningServer, stack: ExitStack) -> tuple[WorkerConnection, WorkerConnection]:
    """A connection to each of two workers."""
    first = stack.enter_context(WorkerConnection(server))
    while True:
        second = stack.enter_context(WorkerConnection(server))
        if second.process != first.process:
            return first, second
