"""The program Schemathesis, in an environment of its own."""

from __future__ import annotations

from tests.support.paths import ROOT, TESTS

PROGRAM = ROOT / ".venv/conformance/bin/schemathesis"
CONFIG = TESTS / "system/conformance/schemathesis.toml"
TOKEN = "polar_cst_conformance"
