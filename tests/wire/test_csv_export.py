"""Lists of records as CSV: what clients wrote into them runs in no spreadsheet."""

from __future__ import annotations

import csv
import io

import httpx

from mock_server import MockServer
from mock_server.core.csv_cells import is_formula, plain_cell

BEARER = {"Authorization": "Bearer polar_oat_tests"}


def test_exported_text_runs_in_no_spreadsheet(own_cache: None) -> None:
    with MockServer("polar") as mock:
        name = "=HYPERLINK(A1)"
        mock.create("customers", email="ada@example.com", name=name, external_id="-5")
        answer = httpx.get(f"{mock.url}/v1/customers/export", headers=BEARER, trust_env=False)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = [*csv.DictReader(io.StringIO(answer.text, newline=""))]
    (row,) = [row for row in rows if row["email"] == "ada@example.com"]
    assert (row["name"], row["external_id"]) == (f"'{name}", "-5")
    assert plain_cell(row["name"]) == name
    assert not [cell for row in rows for cell in row.values() if is_formula(cell)]
