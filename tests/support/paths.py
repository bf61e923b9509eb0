"""Folders that tests read."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The checkout."""
TESTS = ROOT / "tests"
SHARED = ROOT.parent / "shared"
"""Real contracts for the project's own machines; a user's machine has none."""
