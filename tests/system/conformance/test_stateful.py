"""Schemathesis follows records through their lives in strict mode: what is made is there, what is deleted is not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from benchmarks.published.at_hand import contracts, samples
from tests.support.schemathesis_program import CONFIG, PROGRAM
from tests.support.server_process import RunningServer
from tests.support.shop_records import shop_contract

pytestmark = pytest.mark.conformance

AT_HAND = {**contracts(), **samples()}
PUBLISHED = {"petstore": 100, "train-travel": 100, "polar-full-2026-10": 200}
"""Contracts, and how many sequences of calls are tried."""
MINUTES = 15
SEED = 3
HEADERS = ("Authorization: Bearer polar_oat_mock", "api_key: key")


def followed(contract: Path, examples: int) -> str:
    """What Schemathesis prints of so many sequences of calls."""
    with RunningServer(str(contract), "--state", "strict") as server:
        options = ["--url", server.url, "--max-examples", str(examples), "--seed", str(SEED), "--no-color"]
        options += [part for header in HEADERS for part in ("--header", header)]
        done = subprocess.run(
            [PROGRAM, "--config-file", CONFIG.with_name("stateful.toml"), "run", contract_url(server), *options],
            cwd=CONFIG.parent,
            capture_output=True,
            text=True,
            timeout=MINUTES * 60,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    return done.stdout


def contract_url(server: RunningServer) -> str:
    return f"{server.url}/__admin/openapi.json"


def calls(printed: str) -> int:
    """How many calls were made, which follow each other by some link."""
    links, generated = re.search(r"(\d+) covered", printed), re.search(r"(\d+) generated", printed)
    assert links is not None
    assert generated is not None
    assert int(links.group(1)) > 0
    return int(generated.group(1))


def test_records_of_shop_come_and_go(tmp_path: Path) -> None:
    assert calls(followed(shop_contract(tmp_path), 60)) > 60


@pytest.mark.parametrize(("name", "examples"), PUBLISHED.items())
def test_records_of_published_contract_come_and_go(name: str, examples: int) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    assert calls(followed(AT_HAND[name], examples)) > examples
