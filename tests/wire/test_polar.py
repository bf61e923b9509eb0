"""All of Polar (``mock-server serve polar``): sequences of requests from ``tests/cases/polar/``."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import standardwebhooks

from tests.support.case_files import CASES, read_cases
from tests.support.request_sequences import follow
from tests.support.suite_server import SuiteServer
from tests.support.webhook_receiver import WebhookReceivers

SEQUENCES = [
    (file.stem, case)
    for file in sorted((CASES / "polar").glob("*.yaml"))
    for case in read_cases(f"polar/{file.stem}")["cases"]
]


@pytest.fixture(scope="module")
def polar(own_cache: None) -> Iterator[str]:
    with SuiteServer("polar") as server:
        yield server.url
    assert server.errors == ""


@pytest.mark.parametrize(("file", "case"), SEQUENCES, ids=lambda part: part if isinstance(part, str) else part["name"])
def test_sequence_of_requests(file: str, case: Mapping[str, Any], polar: str) -> None:
    follow(f"{polar}/~{file}-{uuid.uuid4().hex}", case["steps"], token="polar_oat_tests")


def test_endpoints_of_the_api_get_what_they_asked_for_signed_with_the_whole_secret(polar: str) -> None:
    url = f"{polar}/~hooks-{uuid.uuid4().hex}"
    headers = {"Authorization": "Bearer polar_oat_tests"}
    with WebhookReceivers() as receiver, httpx.Client(base_url=url, headers=headers, trust_env=False) as client:
        wanted = ["customer.created", "customer.deleted"]
        endpoint = client.post(
            "/v1/webhooks/endpoints", json={"url": receiver.url, "format": "raw", "events": wanted}
        ).json()
        customer = client.post("/v1/customers/", json={"email": "ada@example.com"}).json()
        client.patch(f"/v1/customers/{customer['id']}", json={"name": "Ada"})
        assert client.delete(f"/v1/customers/{customer['id']}").status_code == 204
        received = receiver.wait(2)
    assert [delivery.json["type"] for delivery in received] == wanted
    assert received[0].json["data"]["email"] == "ada@example.com"
    key = base64.b64encode(endpoint["secret"].encode()).decode()
    for delivery in received:
        assert delivery.headers["user-agent"] == "polar.sh webhooks"
        standardwebhooks.Webhook(key).verify(delivery.body, delivery.headers)
