"""Schemathesis makes good requests of published contracts: each is taken, and answered as the contract says.

A contract of a thousand operations takes the better part of an hour, so of each a share is tried, spread over all of
it: ``--operations`` says how many, and 0 that all are.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.published.at_hand import contracts
from benchmarks.published.contract import METHODS, Operation, PublishedContract
from benchmarks.servers import Place
from tests.support.schemathesis_program import CONFIG, PROGRAM, TOKEN
from tests.system.conformance.meaning import as_meant, credentials

pytestmark = pytest.mark.conformance

AT_HAND = contracts()
CHECKS = (
    "not_a_server_error",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "valid_request_is_taken",
)
HOURS = 4
"""How long all of a contract may take."""


def chosen(contract: PublishedContract, count: int) -> list[Operation]:
    """So many operations, spread over the contract; all of them where there are no more, or for 0."""
    listed = list(contract.operations)
    step = max(1.0, len(listed) / count) if count else 1.0
    return [listed[int(index * step)] for index in range(int(len(listed) / step))]


def cut(contract: PublishedContract, operations: list[Operation], file: Path) -> None:
    """Write the contract with these operations alone."""
    keys = {(operation.path, operation.method.lower()) for operation in operations}
    paths: dict[str, Any] = {}
    for path, item in contract.document["paths"].items():
        methods = {name: operation for name, operation in item.items() if name not in METHODS or (path, name) in keys}
        if any((path, name) in keys for name in methods):
            paths[path] = methods
    document = as_meant(contract, operations, {**contract.document, "paths": paths})
    file.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("name", ["blockfrost", "directus", "discord-2026", "github", "openai-2026-08"])
def test_schemathesis_finds_nothing_in_published_contract(
    name: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    contract = PublishedContract.read(AT_HAND[name])
    operations = chosen(contract, int(pytestconfig.getoption("--operations")))
    part = tmp_path / f"{name}.json"
    cut(contract, operations, part)
    with Place(tmp_path).mock_server(str(AT_HAND[name])) as server:
        options = ["--url", server.url, "--no-color"]
        options += [part for header in credentials(contract, TOKEN) for part in ("--header", header)]
        options += ["--mode", "positive", "--checks", ",".join(CHECKS)]
        done = subprocess.run(
            [PROGRAM, "--config-file", CONFIG.with_name("published.toml"), "run", part, *options],
            cwd=CONFIG.parent,
            capture_output=True,
            text=True,
            timeout=HOURS * 3600,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    match = re.search(r"(\d+) generated", done.stdout)
    assert match is not None
    assert int(match.group(1)) > len(operations)
    print(f"\n{name}: {match.group(1)} requests to {len(operations)} operations")
