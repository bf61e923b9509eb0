"""The digest under which compiled contracts are stored sees all the code that reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import mock_server
from mock_server.openapi import cache
from tests.support.paths import ROOT

PACKAGE = ROOT / "mock_server"
IMPORTED = Path(mock_server.__file__).parent
"""The package that runs: that of the checkout, or an installed wheel."""
READING = """
import sys
from mock_server.openapi.loading.loader import load_contract
from mock_server.core.bundled import default_contract_path
load_contract(str(default_contract_path()))
print(*[module.__file__ for name, module in sys.modules.items() if name.startswith("mock_server.")], sep="\\n")
"""


def test_all_code_that_reads_a_contract_is_in_its_digest(own_cache: None) -> None:
    command = [sys.executable, "-c", READING]
    modules = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    readers = tuple(f"{IMPORTED / reader}/" for reader in cache.READERS)
    assert len(modules) > 20
    assert [module for module in modules if not module.startswith(readers)] == []


@pytest.mark.parametrize(
    "module", ["openapi/cache.py", "openapi/loading/loader.py", "storage/fixtures/fixture_file.py"]
)
def test_a_module_of_any_folder_changes_the_digest(module: str) -> None:
    files = cache.reader_files()
    assert IMPORTED / module in files
    assert cache.digest_of(files) != cache.digest_of([file for file in files if file != IMPORTED / module])


def test_modules_of_every_folder_are_compiled_anew_when_they_change() -> None:
    rules = subprocess.run(
        ["make", "--print-data-base", "--dry-run", ".venv/compiled.stamp"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    ).stdout
    (rule,) = [line for line in rules.splitlines() if line.startswith(".venv/compiled.stamp:")]
    expected = {str(file.relative_to(ROOT)) for file in PACKAGE.rglob("*.py")}
    assert expected - {*rule.split()} == set()
