"""The SDKs of other APIs in an environment of their own, and the contracts of those APIs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT, SHARED

PYTHON = ROOT / ".venv/sdks/bin/python"
SUITES = ROOT / ".venv/suites"
OPENAI = SHARED / "contracts/openai-2026-08.yml"
STRIPE = SHARED / "contracts/stripe-2026-08.json"


def needs(contract: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not contract.is_file(), reason=f"{contract.name} is on the project's own machines alone")
