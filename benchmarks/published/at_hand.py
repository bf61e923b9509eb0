"""The published contracts of this machine: those beside the checkout, and those that npm packages bring."""

from __future__ import annotations

from pathlib import Path

from benchmarks.servers import ROOT

SHARED = ROOT.parent / "shared" / "contracts"
"""Contracts of the project's own machines; a user's machine has none."""
PACKAGES = Path(__file__).parent / "node_modules"
"""What ``make published`` installs."""
_IN_PACKAGES = {
    "github": "@octokit/openapi/generated/api.github.com.json",
    "directus": "@directus/specs/dist/openapi.json",
    "blockfrost": "@blockfrost/openapi/openapi.yaml",
}
_SAMPLES = {
    "petstore": "@readme/oas-examples/3.0/json/petstore.json",
    "train-travel": "@readme/oas-examples/3.1/json/train-travel.json",
}


def contracts() -> dict[str, Path]:
    """Return the contracts that are there, by name."""
    shared = sorted(SHARED.glob("*.*")) if SHARED.is_dir() else []
    packaged = {name: PACKAGES / file for name, file in _IN_PACKAGES.items()}
    files = {**{file.stem: file for file in shared}, **packaged}
    return {name: file for name, file in files.items() if file.exists()}


def samples() -> dict[str, Path]:
    """Return the contracts that are there of APIs which exist to be shown, by name."""
    files = {name: PACKAGES / file for name, file in _SAMPLES.items()}
    return {name: file for name, file in files.items() if file.exists()}
