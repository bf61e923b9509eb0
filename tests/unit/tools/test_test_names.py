"""The measure of how long the names of tests are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.test_names import main

SAMPLE = """
def test_ab(): ...
async def test_abcd(): ...
def helper(): ...
class TestThing:
    def test_abcdef(self): ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "test_sample.py").write_text(SAMPLE)
    (tmp_path / "support.py").write_text("def test_of_no_test_module(): ...\n")
    return str(tmp_path)


def test_median_is_printed(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([folder]) == 0
    assert capsys.readouterr().out == "3 tests, median 9 characters\n"


def test_names_above_limit_are_listed(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--limit", "9", folder]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first == f"11 {folder}/test_sample.py:6: test_abcdef"
    assert last == "3 tests, 1 above 9 characters, median 9 characters"


def test_median_above_limit_fails(folder: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--limit", "8", folder]) == 1
    assert "found a median of 9; expected at most 8" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["def test_(", ""])
def test_unreadable_or_empty_is_2(text: str, tmp_path: Path) -> None:
    (tmp_path / "test_sample.py").write_text(text)
    assert main([str(tmp_path)]) == 2
