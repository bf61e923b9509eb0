"""Schemathesis makes requests up, good and bad, and judges the answers by the contract: it must find nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mock_server.core.types import JSON
from mock_server.openapi.loading.loader import load_contract
from tests.support.paths import SHARED
from tests.support.schemathesis_program import CONFIG, PROGRAM, TOKEN
from tests.support.server_process import RunningServer

pytestmark = pytest.mark.conformance

MINUTES = 20


def completed(place: Path, directory: Path) -> Path:
    """An overlay with what a contract leaves out, and what nobody can keep who refuses anything.

    Only tokens with one prefix are taken: or a wrong one could not be tried. Every operation documents 401 and
    422: Schemathesis wants bad requests refused, and each refusal documented, which Polar does not do throughout.
    """
    contract = load_contract(str(place))
    table: list[JSON] = [{"prefix": "polar_cst_", "schemes": [*contract.schemes]}]
    actions: list[JSON] = [{"target": "$", "update": {"x-mock-tokens": table}}]
    for operation in contract.operations.values():
        missing = [status for status in ("401", "422") if operation.response_for(int(status)) is None]
        target = f"$.paths['{operation.path}'].{operation.method.lower()}.responses"
        update: JSON = {status: {"description": "Refused"} for status in missing}
        actions.append({"target": target, "update": update})
    file = directory / "completed.json"
    whole = {"overlay": "1.0.0", "info": {"title": "What is left out", "version": "1"}, "actions": actions}
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


def found_nothing(server: RunningServer, config: Path = CONFIG) -> None:
    address = f"{server.url}/__admin/openapi.json"
    options = ["--url", server.url, "--header", f"Authorization: Bearer {TOKEN}", "--no-color"]
    done = subprocess.run(
        [PROGRAM, "--config-file", config, "run", address, *options],
        cwd=CONFIG.parent,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert "No issues found" in done.stdout


def test_schemathesis_finds_nothing_in_bundled_contract(own_cache: None) -> None:
    with RunningServer() as server:
        found_nothing(server)


@pytest.fixture(params=["polar-full-2026-05", "polar-full-2026-10"])
def full_contract(request: pytest.FixtureRequest) -> Path:
    contract = SHARED / "contracts" / f"{request.param}.json"
    if not contract.exists():
        pytest.skip("the full contracts are on the project's own machines only")
    return contract


def test_every_documented_status_of_full_contract_is_answered(full_contract: Path, own_cache: None) -> None:
    check = [sys.executable, "-m", "mock_server", "check", str(full_contract)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=MINUTES * 60, check=False)
    documented = [
        f"{operation.key} {status}"
        for operation in load_contract(str(full_contract)).operations.values()
        for status in operation.responses
    ]
    # A note says of an operation that it is not sure what it does to records; it is no finding.
    *rows, total = [line for line in done.stdout.splitlines() if not line.startswith("note: ")]
    assert [row for row in rows if not row.startswith("ok ")] == []
    assert {" ".join(row.split()[1:4]) for row in rows} == set(documented)
    assert (done.returncode, total.endswith(", 0 findings")) == (0, True)


def test_schemathesis_finds_nothing_in_full_contract(full_contract: Path, tmp_path: Path) -> None:
    overlay = str(completed(full_contract, tmp_path))
    with RunningServer(str(full_contract), "--overlay", overlay, "--state", "off") as server:
        found_nothing(server)


@pytest.mark.parametrize("full_contract", ["polar-full-2026-10"], indirect=True)
def test_schemathesis_finds_nothing_but_what_it_deleted(full_contract: Path, tmp_path: Path) -> None:
    """Let one world keep state: what one call deletes is missing for the next, and all else is as without state."""
    overlay, config = str(completed(full_contract, tmp_path)), tmp_path / "schemathesis.toml"
    accepted = 'expected-statuses = ["2xx"]'
    settings = CONFIG.read_text(encoding="utf-8")
    assert accepted in settings
    config.write_text(settings.replace(accepted, 'expected-statuses = ["2xx", "404"]'), encoding="utf-8")
    with RunningServer(str(full_contract), "--overlay", overlay) as server:
        found_nothing(server, config)
