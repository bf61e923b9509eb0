"""Polar's SDKs on the full contract as it is: what they make is read, changed, listed to the end and deleted."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.support.paths import ROOT, SHARED
from tests.support.polar_clients import CLIENTS, require_installed
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.clients

POLAR = SHARED / "contracts/polar-full-2026-10.json"
PROGRAMS = {"python-0.32": "state_0_32.py", "python-1.0": "state_1_0.py", "typescript-1.0": "state.mjs"}
CHANGED = {
    "customers": {"name": "Ada Lovelace"},
    "discounts": {"name": "Winter sale"},
    "webhook_endpoints": {"url": "https://example.com/hooks/new"},
}
NOT_FOUND = ["ResourceNotFound", 404]


@pytest.mark.skipif(not POLAR.is_file(), reason="the full contracts are on the project's own machines only")
@pytest.mark.parametrize("state", ["auto", "strict"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_sdk_finds_what_it_made(name: str, state: str) -> None:
    client = next(client for client in CLIENTS if client.name == name)
    require_installed(client)
    command = [client.command[0], f"tests/system/clients/{name}/{PROGRAMS[name]}"]
    with RunningServer(str(POLAR), "--state", state) as server:
        # A proxy of the developer's own must not come between an SDK and this machine.
        environment = {**os.environ, "MOCK_SERVER_URL": server.url, "NO_PROXY": "*", "no_proxy": "*"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
    assert done.returncode == 0, done.stderr
    for resource, steps in json.loads(done.stdout).items():
        assert steps == {
            "different": True,
            "as_sent": True,
            "changed": CHANGED[resource],
            "stays": [True] * len(steps["stays"]),
            "each_once": True,
            "all": True,
            "after": NOT_FOUND,
            "again": NOT_FOUND,
            "gone": True,
        }, resource
