"""A contract that cannot be served is refused with one message that says where, what and what to do."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from tests.support.case_files import read_cases
from tests.support.command_line import COMMANDS, Done, assert_one_message, called
from tests.support.contracts import PETS
from tests.support.http_exchange import expanded
from tests.support.server_process import RunningServer

CASES = read_cases("contracts")["cases"]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("case", [case for case in CASES if not case.get("process")], ids=lambda case: case["name"])
def test_bad_contract_is_refused(
    case: dict[str, Any], name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, blamed = laid_out(case, tmp_path)
    assert_refused(case, blamed, called(capsys, name, *arguments))


@pytest.mark.parametrize("case", [case for case in CASES if case.get("process")], ids=lambda case: case["name"])
def test_exhausting_contract_ends_no_process(
    case: dict[str, Any], tmp_path: Path, command: Callable[..., Done]
) -> None:
    arguments, blamed = laid_out(case, tmp_path)
    assert_refused(case, blamed, command("serve", *arguments))


def laid_out(case: dict[str, Any], directory: Path) -> tuple[list[str], Path]:
    """The arguments for a command, and the file that is to blame."""
    contract = directory / case.get("file", "contract.yaml")
    if "overlay" not in case:
        contract.write_bytes(case["bytes"].encode("latin-1") if "bytes" in case else expanded(case["text"]).encode())
        return [str(contract)], contract
    overlay = directory / "overlay.yaml"
    contract.write_text(PETS, encoding="utf-8")
    overlay.write_text(case["overlay"], encoding="utf-8")
    return [str(contract), "--overlay", str(overlay)], overlay


def assert_refused(case: dict[str, Any], blamed: Path, done: Done) -> None:
    assert_one_message(done)
    place = f"{blamed}:{case['line']}" if "line" in case else str(blamed)
    for part in (place, *case["says"]):
        assert part in done.errors
    assert " : " not in done.errors  # a JSON Pointer to the whole leaves no gap


@pytest.mark.parametrize("name", COMMANDS)
def test_missing_contract_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, name, str(tmp_path / "absent.yaml"))
    assert_one_message(done)
    assert f"{tmp_path / 'absent.yaml'}: found no such file or directory; expected a contract" in done.errors
    assert "Check the path." in done.errors


@pytest.mark.parametrize("name", COMMANDS)
def test_missing_overlay_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, name, "--overlay", str(tmp_path / "absent.yaml"))
    assert_one_message(done)
    assert f"{tmp_path / 'absent.yaml'}: found no such file or directory; expected an overlay" in done.errors


@pytest.mark.parametrize("name", COMMANDS)
def test_directory_is_no_contract(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, name, str(tmp_path))
    assert_one_message(done)
    assert f"{tmp_path}: found is a directory; expected a contract" in done.errors


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read a file of mode 000")
@pytest.mark.parametrize("name", COMMANDS)
def test_unreadable_contract_is_named(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(PETS, encoding="utf-8")
    contract.chmod(0)
    done = called(capsys, name, str(contract))
    assert_one_message(done)
    assert f"{contract}: found permission denied; expected a contract" in done.errors


@pytest.fixture
def closed_port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A port of this machine at which nobody listens."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_unreachable_address_is_named(name: str, closed_port: int, capsys: pytest.CaptureFixture[str]) -> None:
    address = f"http://127.0.0.1:{closed_port}/openapi.yaml"
    done = called(capsys, name, address)
    assert_one_message(done)
    assert done.errors.startswith(f"mock-server: {address}: found ")
    assert "refused" in done.errors
    assert "expected a contract to download. Check the address." in done.errors


def test_invalid_address_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "serve", "http://127.0.0.1:port/openapi.yaml")
    assert_one_message(done)
    assert "http://127.0.0.1:port/openapi.yaml: found " in done.errors
    assert "expected a contract to download. Check the address." in done.errors


@pytest.mark.parametrize("name", COMMANDS)
def test_strict_refuses_published_contract(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    published = bundled.default_contract_path()
    done = called(capsys, name, str(published), "--strict")
    assert_one_message(done)
    assert f"{published}: found" in done.errors
    assert "expected none (--strict)" in done.errors
    assert line_of(published, "#/components/schemas/TaxIDFormat") in done.errors
    assert "'#/components/schemas/TaxIDFormat', which is not defined" in done.errors


def test_contract_as_published_is_served_with_warning(own_cache: None) -> None:
    published = bundled.default_contract_path()
    with RunningServer(str(published)) as server:
        assert server.stop() == 0
    (warning,) = server.errors.splitlines()
    assert warning.startswith(f"WARNING: {line_of(published, '#/components/schemas/TaxIDFormat')} ")
    assert "[dangling-reference]. Repaired: " in warning


def line_of(file: Path, text: str) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    (line_number,) = [number for number, line in enumerate(lines, 1) if text in line]
    return f"{file}:{line_number}"


def test_repaired_contract_passes_no_check(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "check", str(bundled.default_contract_path()))
    assert (done.code, done.errors) == (1, "")
    assert "[dangling-reference]. Repaired: " in done.output
    assert done.output.endswith("1 findings\n")
