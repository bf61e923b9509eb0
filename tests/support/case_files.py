"""Cases that are data: the YAML files of `tests/cases`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.paths import TESTS

CASES = TESTS / "cases"
"""Where the files are; `schema.json` there says what each may hold."""


def case_path(name: str) -> Path:
    """Return the path of the file of cases with this name, without its ending."""
    return CASES / f"{name}.yaml"


def read_cases(name: str) -> Any:
    """Return what the file of cases with this name holds."""
    return yaml.safe_load(case_path(name).read_text(encoding="utf-8"))
