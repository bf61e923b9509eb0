"""The page on security has every bound, as it is."""

from __future__ import annotations

import re
from dataclasses import asdict
from importlib import import_module

import pytest

from mock_server.hub import HubBounds
from mock_server.settings import ROWS, bounds_table
from tests.support.paths import ROOT

PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
FIXED = re.findall(r"^\| `(mock_server[\w.]+)\.(_?[A-Z_]+)` \| ([\d,.]+)(?: (\w+))? \| .+ \|$", PAGE, re.MULTILINE)
OF_THE_HUB = re.findall(r"^\| `HubBounds\.(\w+)` \| ([\d,.]+)(?: (\w+))? \| .+ \|$", PAGE, re.MULTILINE)
UNITS = {"": 1, "KB": 1024, "MB": 1024 * 1024, "s": 1, "ms": 0.001, "d": 24 * 3600}


def test_page_has_the_settings_that_bound() -> None:
    (table,) = re.findall(r"<!-- bounds -->\n(.*?)<!-- /bounds -->", PAGE, re.DOTALL)
    assert table == bounds_table(), "write bounds_table() of mock_server.settings between the marks"


def test_page_says_what_exceeds_each_setting() -> None:
    (table,) = re.findall(r"^\| beyond \| \|\n(.*?)\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert {row.flag for row in ROWS if row.bound} <= set(re.findall(r"`(--[\w-]+)`", table))


@pytest.mark.parametrize(("module", "name", "value", "unit"), FIXED, ids=lambda part: str(part))
def test_fixed_bound_is_what_the_page_says(module: str, name: str, value: str, unit: str) -> None:
    assert getattr(import_module(module), name) == pytest.approx(float(value.replace(",", "")) * UNITS[unit])


def test_fixed_bounds_of_hub_are_what_page_says() -> None:
    values = {name: float(value.replace(",", "")) * UNITS[unit] for name, value, unit in OF_THE_HUB}
    by_settings = {"worlds", "entries", "entry_bytes"}
    assert values == {name: value for name, value in asdict(HubBounds()).items() if name not in by_settings}


def test_rows_of_fixed_bounds_are_readable() -> None:
    assert len(FIXED) == PAGE.count("| `mock_server.")
    assert len(FIXED) > 30


def test_flags_of_page_exist() -> None:
    text = re.sub(r"^\| beyond .*?\n\n", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    own = {"--if-reachable", "--require-hashes", "--version"}
    assert set(re.findall(r"`(--[\w-]+)", text)) - own <= {row.flag for row in ROWS}


def test_there_is_a_way_to_the_page() -> None:
    for name in ("SECURITY.md", "README.md"):
        assert "docs/security.md" in (ROOT / name).read_text(encoding="utf-8")
