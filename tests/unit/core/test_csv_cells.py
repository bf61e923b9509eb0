"""Cells of CSV: no spreadsheet runs one, and each has its text again."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mock_server.core.csv_cells import guarded_cell, is_formula, plain_cell
from mock_server.storage.fixtures.file_formats import read_record_file
from mock_server.storage.fixtures.record_text import record_text

FORMULAS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "-",
    "--1",
    "+4 6",
]
PLAIN = ["", "a=1", "'", "'a", "-5", "+46701234567", "-3.25e-4", "0", " =1", "ada@example.com"]

texts = st.text() | st.text(alphabet="=+-@'\t\r\n\uff1d1a\"{[", max_size=6)


@pytest.mark.parametrize("text", FORMULAS)
def test_formula_becomes_text(text: str) -> None:
    assert is_formula(text)
    assert guarded_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", PLAIN)
def test_other_text_and_number_stay_as_they_are(text: str) -> None:
    assert guarded_cell(text) == plain_cell(text) == text


@given(texts)
@example("'=1")
def test_guarded_cell_has_its_text_again(text: str) -> None:
    cell = guarded_cell(text)
    assert plain_cell(cell) == text
    assert not is_formula(cell)


names = st.text(alphabet="=+-@'\t\r\n1ab\"", min_size=1, max_size=4)
values = texts | st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.lists(texts)


@given(st.lists(st.dictionaries(names, values, min_size=1, max_size=3), min_size=1, max_size=1))
@example([{"@type": "=1+1", "-1": -5, "+1": "-5", "'=": "'=1"}])
def test_fixture_file_has_its_records_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    written = io.StringIO()
    text = record_text("csv", [*rows[0]])
    text.write([text.part(rows)], written)
    cells = [cell for row in csv.reader(io.StringIO(written.getvalue(), newline="")) for cell in row]
    assert not [cell for cell in cells if is_formula(cell)]
    file = tmp_path_factory.getbasetemp() / "records.csv"
    file.write_text(written.getvalue(), encoding="utf-8", newline="")
    assert read_record_file(file).data == rows


def test_export_of_operation_is_read_as_fixture(tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.write_text("id,'=name\n1,'=1+1\n-5,''=2\n", encoding="utf-8")
    assert read_record_file(file).data == [{"id": 1, "=name": "=1+1"}, {"id": -5, "=name": "'=2"}]
