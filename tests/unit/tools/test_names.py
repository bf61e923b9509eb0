"""The count of variables whose names say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tools.names import VAGUE, main

SAMPLE = """
def area(one, *, _told=1):
    found, height = one, 2
    with open(found) as kept:
        made = [asked for asked in kept]
    try:
        (lambda shown: shown)(given := height)
    except ValueError as meant:
        pass
    match made:
        case [taken, *given] | {"taken": taken, **given}:
            return one.told
"""


def test_package_is_below_the_limit() -> None:
    assert main(["--limit", "0.5", str(ROOT / "mock_server")]) == 0


def test_each_kind_of_binding_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sample.py").write_text(SAMPLE)
    assert main([str(tmp_path)]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert {line.rpartition(" ")[2].strip("_") for line in lines if line.startswith(str(tmp_path))} == VAGUE
    assert f"{tmp_path / 'sample.py'}:2: _told" in lines
    assert "given 3" in lines
    assert last == "13 of 14 bindings, 92.86 %"


def test_share_above_the_limit_fails(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text("one = 1\ncount = 2\n")
    assert main(["--limit", "50", str(tmp_path)]) == 0
    assert main(["--limit", "49.9", str(tmp_path)]) == 1


def test_foreign_folders_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "sample.py").write_text("one = 1\n")
    (tmp_path / "sample.py").write_text("count = 1\n")
    assert main(["--limit", "0", str(tmp_path)]) == 0


@pytest.mark.parametrize("text", ["one = (", ""])
def test_what_cannot_be_counted_is_2(text: str, tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text(text)
    assert main([str(tmp_path)]) == 2
