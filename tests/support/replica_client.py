"""One replica as a test asks it: in worlds whose scenario numbers its answers, and in others."""

from __future__ import annotations

from time import monotonic
from types import TracebackType
from typing import Any

import httpx

from tests.support.customers import INDIVIDUAL, ME

TURNS = 60
"""Answers that the scenario numbers."""


class ReplicaClient:
    """A client of one replica, whose administrators have a token where it is asked from another machine."""

    def __init__(self, url: str, token: str = "") -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self._admin = {"Authorization": f"Bearer {token}"} if token else {}

    def admin(self, method: str, path: str, body: object = None) -> httpx.Response:
        return self.client.request(method, path, json=body, headers=self._admin)

    def stage(self, world: str) -> httpx.Response:
        """Start a scenario that gives each answer its number in ``X-Turn``."""
        answers = [{"pass": True, "headers": {"X-Turn": str(turn)}, "times": 1} for turn in range(1, TURNS + 1)]
        return self.admin("POST", f"/~{world}/__admin/scenarios", {"name": "turns", "answers": answers})

    def ask(self, world: str) -> httpx.Response:
        return self.client.get(f"/~{world}{ME}", headers=INDIVIDUAL)

    def turn(self, world: str) -> int:
        """Return the number of an answer in a world: 0 where nothing is staged, -1 where it says to try again."""
        answer = self.ask(world)
        if answer.status_code == 503:
            assert_try_again(answer)
            return -1
        assert answer.status_code == 200, answer.text
        return int(answer.headers.get("x-turn", 0))

    def slowest(self, world: str, times: int) -> float:
        """Return the seconds that the slowest of some requests took, all of which have to be answered."""
        seconds = []
        for _ in range(times):
            began = monotonic()
            assert self.turn(world) == 0
            seconds.append(monotonic() - began)
        return max(seconds)

    def is_ready(self) -> bool:
        """Return whether it says that it is ready; what it says else has to name the hub."""
        answer = self.client.get("/__admin/health/ready")
        if answer.status_code == 503:
            assert_try_again(answer)
            assert any("hub" in str(finding) for finding in answer.json()["findings"]), answer.text
        return answer.status_code == 200

    def count(self, world: str) -> int:
        """Return how many requests the journal of a world has."""
        answer = self.admin("POST", f"/~{world}/__admin/requests/count", {})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["count"])

    def told(self, path: str) -> Any:
        answer = self.admin("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def __enter__(self) -> ReplicaClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()


def assert_try_again(answer: httpx.Response) -> None:
    """Judge a 503: a problem document that says when to try again."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
