"""The requests of the acceptance cases, as parameters of a test."""

from __future__ import annotations

import pytest

from tests.support.case_files import read_cases

FILES = ("tokens", "paths", "preferences", "requests")
CASES = [pytest.param(case, id=f"{file}: {case['name']}") for file in FILES for case in read_cases(file)["cases"]]
