"""A contract that keeps state, called in one world without a port."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mock_server.http.messages import Request
from mock_server.mocking.mounts import build_mounts
from mock_server.settings import Settings
from mock_server.worlds.world import World

JSON_TYPE = "application/json"


class StateAPI:
    """Answers requests from the records of one world; ``settings`` are options of the server (``state="strict"``)."""

    def __init__(self, contract: Path, **settings: Any) -> None:
        (self.mount,) = build_mounts(Settings(contract=(str(contract),), **settings))
        self.world = World("own")

    def __call__(
        self, method: str, target: str, body: Any = None, media: str = JSON_TYPE, token: str = ""
    ) -> tuple[int, Any]:
        """The status and the JSON of an answer; None where it has no body. ``body`` is a value, or bytes."""
        path, _, query = target.partition("?")
        headers = [("host", "localhost"), *([("authorization", f"Bearer {token}")] * bool(token))]
        data = b""
        if body is not None:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            headers.append(("content-type", media))
        request = Request(method, path, query, tuple(headers), data, "http://localhost", path)
        answer = self.mount.engine.handle(request, self.world).answer
        return answer.status, json.loads(answer.body) if answer.body else None
