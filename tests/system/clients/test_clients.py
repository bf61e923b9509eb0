"""Polar's released SDKs, each run as a program of its own, must read from the mock server what they read from Polar."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import httpx
import pytest

from tests.support.paths import ROOT
from tests.support.polar_clients import CASES, CLIENTS, REMEDY, Client, Json, require_installed

pytestmark = pytest.mark.clients

CUSTOMER_TOKENS: list[str] = CASES["tokens"]["customers"]
ERROR_TOKENS: list[tuple[str, str]] = [
    (kind, token) for kind, tokens in CASES["tokens"]["errors"].items() for token in tokens
]
CUSTOMER_PATH = "/v1/customer-portal/customers/me"
DATE_TIMES = ("created_at", "modified_at")


@dataclass(frozen=True)
class Run:
    """One client and what it printed for each token."""

    client: Client
    answers: dict[str, Json]


@pytest.fixture(scope="module", params=CLIENTS, ids=lambda client: client.name)
def run(request: pytest.FixtureRequest, server_url: str) -> Run:
    """Every token in one process: starting an interpreter costs more than all the calls."""
    client: Client = request.param
    tokens = [*CUSTOMER_TOKENS, *(token for _, token in ERROR_TOKENS)]
    lines = [json.loads(line) for line in printed(client, tokens, server_url).splitlines()]
    return Run(client, {line["token"]: line for line in lines})


def printed(client: Client, tokens: list[str], server_url: str, **variables: str) -> str:
    require_installed(client)
    # A proxy of the developer's own must not come between an SDK and this machine.
    environment = {**os.environ, "MOCK_SERVER_URL": server_url, "NO_PROXY": "*", "no_proxy": "*", **variables}
    done = subprocess.run(
        [*client.command, *tokens], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode != 0:
        message = f"{client.name} stopped with {done.returncode}; if its SDK is missing, {REMEDY}\n{done.stderr}"
        pytest.fail(message, pytrace=False)
    return done.stdout


@pytest.mark.parametrize("token", CUSTOMER_TOKENS)
def test_sdk_reads_every_field_unchanged(run: Run, server_url: str, token: str) -> None:
    answer = run.answers[token]
    assert "customer" in answer, f"the SDK raised {answer['error']}"
    finest = run.client.finest
    sent = within_model(customer_as_sent(server_url, token), run.client)
    assert comparable(answer["customer"], finest) == comparable(sent, finest)


@pytest.mark.parametrize(("kind", "token"), ERROR_TOKENS)
def test_sdk_raises_its_error_for_refusal(run: Run, kind: str, token: str) -> None:
    answer = run.answers[token]
    assert "error" in answer, f"the SDK returned {answer['customer']}"
    expected = run.client.errors[kind]
    assert {key: as_written(answer["error"][key], expected[key]) for key in expected} == expected


def customer_as_sent(server_url: str, token: str) -> Json:
    # The path is appended, not joined: a world's base URL has a path of its own.
    headers = {"Authorization": f"Bearer {token}"}
    response = httpx.get(f"{server_url.rstrip('/')}{CUSTOMER_PATH}", headers=headers, trust_env=False)
    assert response.status_code == 200, response.text
    customer: Json = response.json()
    return customer


def within_model(sent: Json, client: Client) -> Json:
    """What an SDK that is older than the contract can say of the customer."""
    return {
        key: client.null_becomes.get(key) if value is None else value
        for key, value in sent.items()
        if key not in client.unknown
    }


def comparable(customer: Json, finest: Literal["microseconds", "milliseconds"]) -> Json:
    """The customer with date-times as instants, and without nulls: not every SDK can tell null from absent."""
    fields = without_nulls(customer)
    return fields | {key: instant(fields[key], finest) for key in DATE_TIMES if key in fields}


def without_nulls(fields: Mapping[str, Any]) -> Json:
    return {
        key: without_nulls(value) if isinstance(value, Mapping) else value
        for key, value in fields.items()
        if value is not None
    }


def instant(text: str, finest: Literal["microseconds", "milliseconds"]) -> datetime:
    moment = datetime.fromisoformat(text)
    assert moment.tzinfo is not None, f"{text} has no offset"
    if finest == "milliseconds":
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return moment


def as_written(value: object, expected: object) -> object:
    """A body that the case spells as a mapping is JSON text in the SDK."""
    return json.loads(value) if isinstance(expected, Mapping) and isinstance(value, str) else value


RETRIES = [
    pytest.param(next(entry for entry in CLIENTS if entry.name == name), scenario, outcomes, id=f"{name}: {scenario}")
    for name, scenarios in CASES["retries"].items()
    for scenario, outcomes in scenarios.items()
]


@pytest.mark.parametrize(("client", "scenario", "outcomes"), RETRIES)
def test_sdk_with_retries_behaves_as_expected(
    client: Client, scenario: str, outcomes: list[object], server_url: str
) -> None:
    world = f"{server_url}/~{client.name}-{scenario}"
    started = httpx.post(f"{world}/__admin/scenarios", json={"name": scenario}, trust_env=False)
    assert started.status_code == 201, started.text
    tokens = ["polar_cst_individual"] * len(outcomes)
    lines = printed(client, tokens, world, POLAR_RETRIES="4000").splitlines()
    assert [outcome(json.loads(line), expected) for line, expected in zip(lines, outcomes, strict=True)] == outcomes


def outcome(line: Json, expected: object) -> object:
    if "customer" in line:
        return "ok"
    return line["error"]["status"] if isinstance(expected, int) else line["error"]["class"]
