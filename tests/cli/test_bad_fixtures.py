"""A fixture that breaks the contract is refused, with file, line, JSON Pointer and rule, and nothing is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from tests.support.case_files import read_cases
from tests.support.command_line import COMMANDS, assert_one_message, called
from tests.support.contracts import PETS
from tests.support.server_process import RunningServer

CASES = read_cases("fixtures")["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_bad_fixture_is_refused(case: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, text = laid_out(case, tmp_path)
    done = called(capsys, "serve", "--fixtures", str(tmp_path))
    assert_one_message(done)
    at = case.get("at", case.get("by", "").partition("\n")[0])
    place = f"{file}:{line_of(text, at)}" if at else f"{file}"
    for part in (place, *case["says"]):
        assert part in done.errors
    if "rule" in case:
        (finding,) = done.errors.splitlines()[1:]
        assert finding.startswith(f"  {place} {case['pointer']}: " if "pointer" in case else f"  {place}: ")
        assert f"[{case['rule']}]" in finding
        assert "wrong in the fixtures; nothing is served." in done.errors


def laid_out(case: dict[str, Any], directory: Path) -> tuple[Path, str]:
    """The directory with its one bad file; the file and its text."""
    shipped = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    file = directory / case.get("file", "customers.yaml")
    if "copy" in case:
        (directory / case["copy"]).write_text(shipped[: shipped.index("# A company")], encoding="utf-8")
        text = shipped[: shipped.index("# A company")]
    elif "replace" in case:
        assert case["replace"] in shipped
        text = shipped.replace(case["replace"], case["by"], 1)
    else:
        text = case["bytes"] if "bytes" in case else case["text"]
    file.write_bytes(text.encode("latin-1" if "bytes" in case else "utf-8"))
    return file, text


def line_of(text: str, part: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_one_wrong_thing_is_one_thing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "customers.yaml").write_text("{}\n", encoding="utf-8")
    done = called(capsys, "serve", "--fixtures", str(tmp_path))
    assert f"{tmp_path}: found 1 thing wrong in the fixtures; nothing is served." in done.errors


def test_every_wrong_thing_is_named_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (bundled.fixtures() / "customers.yaml").read_text(encoding="utf-8")
    file = tmp_path / "customers.yaml"
    text = text.replace("handle: team\n", "handle: slow\n").replace('type: "individual"', 'type: "Individual"', 1)
    file.write_text(text, encoding="utf-8")
    done = called(capsys, "serve", "--fixtures", str(tmp_path))
    assert_one_message(done)
    assert "found 2 things wrong in the fixtures" in done.errors
    assert f"{file}:{line_of(text, 'handle: slow')} /1/handle: " in done.errors
    assert f"{file}:{line_of(text, 'Individual')} /0/type: " in done.errors


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_that_loads_refuses_bad_fixtures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "customers.yaml").write_text("- handle: expired\n", encoding="utf-8")
    done = called(capsys, name, env={"MOCK_SERVER_FIXTURES": str(tmp_path)})
    assert_one_message(done)
    assert f"{tmp_path / 'customers.yaml'}:1 /0/handle: " in done.errors


def test_missing_directory_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "serve", "--fixtures", str(tmp_path / "absent"))
    assert_one_message(done)
    assert f"{tmp_path / 'absent'}: found no directory; expected one with fixture files. Check --fix" in done.errors


def test_file_is_no_directory_of_fixtures(capsys: pytest.CaptureFixture[str]) -> None:
    file = bundled.fixtures() / "customers.yaml"
    done = called(capsys, "serve", "--fixtures", str(file))
    assert_one_message(done)
    assert f"{file}: found no directory; expected one with fixture files." in done.errors


def test_fixtures_without_resource_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text(PETS, encoding="utf-8")
    done = called(capsys, "serve", str(contract), "--fixtures", str(bundled.fixtures()))
    assert_one_message(done)
    assert "found the resource 'customers'; expected one of the contract (none: the contract has" in done.errors


def test_empty_fixture_directory_is_served(tmp_path: Path, own_cache: None) -> None:
    (tmp_path / "README.md").write_text("Nothing yet.\n", encoding="utf-8")
    with RunningServer("--fixtures", str(tmp_path)) as server:
        assert server.stop() == 0
    assert server.errors == ""
