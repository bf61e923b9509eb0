"""Polar's SDKs on all of Polar: a session is a customer, a checkout an order or a subscription, and on to the end."""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.support.paths import ROOT
from tests.support.polar_clients import CLIENTS, require_installed
from tests.support.server_process import RunningServer
from tests.support.webhook_receiver import WebhookReceivers

pytestmark = pytest.mark.clients

PROGRAMS = {
    "python-0.32": ["flows_0_32.py"],
    "python-1.0": ["flows_1_0.py"],
    "typescript-0.49": ["flows.mjs"],
    "typescript-1.0": ["flows.mjs"],
    "go": [],
}
PORTAL = {"email": "ada@example.com", "billing_name": "Ada Ltd", "merchant": "Ada Ltd"}
ORDER = {
    "checkout": "succeeded",
    "status": "paid",
    "total": 1500,
    "refund": "succeeded",
    "after": "partially_refunded",
}
SUBSCRIPTION = {
    "status": "active",
    "cancelled": ["active", True],
    "resumed": ["active", False],
    "revoked": "canceled",
    "again": ["AlreadyCanceledSubscription", 403],
}


def printed(name: str, url: str) -> Any:
    client = next(client for client in CLIENTS if client.name == name)
    require_installed(client)
    programs = [f"tests/system/clients/{name}/{program}" for program in PROGRAMS[name]]
    # A proxy of the developer's own must not come between an SDK and this machine.
    environment = {**os.environ, "MOCK_SERVER_URL": url, "NO_PROXY": "*", "no_proxy": "*"}
    command = [client.command[0], *(programs or ["flows"])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "go"])
def test_sdk_goes_from_session_to_refund_and_revocation(name: str) -> None:
    with RunningServer("polar") as server:
        assert printed(name, server.url) == {"portal": PORTAL, "order": ORDER, "subscription": SUBSCRIPTION}


def test_sdk_of_go_signs_in_and_changes_itself() -> None:
    with RunningServer("polar") as server:
        assert printed("go", server.url) == {"portal": {**PORTAL, "merchant": "Lund"}}


EVENTS = [
    "customer.created",
    "customer.state_changed",
    "customer.updated",
    "customer.state_changed",
    "product.created",
    "checkout.created",
    "customer.created",
    "customer.state_changed",
    "checkout.updated",
    "order.created",
    "order.updated",
    "order.paid",
    "checkout.updated",
    "customer.state_changed",
    "refund.created",
    "order.updated",
    "order.refunded",
    "product.created",
    "checkout.created",
    "checkout.updated",
    "subscription.created",
    "subscription.active",
    "subscription.updated",
    "order.created",
    "order.updated",
    "order.paid",
    "checkout.updated",
    "customer.state_changed",
    "subscription.updated",
    "subscription.canceled",
    "customer.state_changed",
    "subscription.updated",
    "subscription.uncanceled",
    "customer.state_changed",
    "subscription.updated",
    "subscription.canceled",
    "subscription.revoked",
    "customer.state_changed",
]


def test_flow_is_told_in_order_and_verified() -> None:
    """Have the SDK's own reader of webhooks, and that of Standard Webhooks, take what a flow tells an endpoint."""
    with RunningServer("polar") as server, WebhookReceivers() as receiver:
        endpoint = {"url": receiver.url, "format": "raw", "events": sorted({*EVENTS})}
        token = {"Authorization": "Bearer polar_oat_mock"}
        made = httpx.post(f"{server.url}/v1/webhooks/endpoints", json=endpoint, headers=token, timeout=60)
        secret = made.json()["secret"]
        printed("python-1.0", server.url)
        deliveries = receiver.wait(len(EVENTS), 30)
    assert [delivery.json["type"] for delivery in deliveries] == EVENTS
    reader = Webhook(b64encode(secret.encode()).decode())
    assert [reader.verify(delivery.body, delivery.headers)["type"] for delivery in deliveries] == EVENTS
    lines = [json.dumps({"headers": delivery.headers, "body": delivery.body.decode()}) for delivery in deliveries]
    program = [".venv-clients/python-0.32/bin/python", "tests/system/clients/python-0.32/verify_0_32.py"]
    environment = {**os.environ, "POLAR_WEBHOOK_SECRET": secret}
    done = subprocess.run(
        program,
        cwd=ROOT,
        env=environment,
        input="\n".join(lines),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EVENTS
