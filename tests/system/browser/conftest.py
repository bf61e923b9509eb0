"""A browser, and a server with something to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest

from tests.support.browser import chromium
from tests.support.server_process import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def polar(own_cache: None) -> Iterator[str]:
    """The URL of a server with all of Polar."""
    with RunningServer("polar") as server:
        yield server.url


@pytest.fixture
def world(polar: str) -> Iterator[httpx.Client]:
    """A world of that server, with some requests in its journal: good ones, and such as clients should not send."""
    with httpx.Client(base_url=f"{polar}/~{uuid4().hex[:8]}", timeout=60) as client:
        token = {"Authorization": "Bearer polar_at_o_example"}
        client.post("/__admin/webhooks", json={"url": "http://127.0.0.1:9/hook", "events": ["customer.created"]})
        client.get("/v1/customers/", headers=token)
        client.post("/v1/customers/", headers=token, json={"email": "ada@example.com", "name": "Ada <b>Lovelace</b>"})
        client.post("/v1/customers/", headers=token, json={"name": "\u202eecalevoL adA"})
        client.get("/v1/customers/")
        client.get("/<script>document.title='run'</script>", params={"q": "x" * 3000})
        client.post("/__admin/scenarios", json={"match": {"operation": "orders:list"}, "answers": [{"code": 401}]})
        client.put("/__admin/snapshots/full")
        yield client
        client.delete("/__admin/")
