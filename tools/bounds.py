"""Run the suites against the built wheel, with the direct dependencies at their lower bounds or at their newest.

``python -m tools.bounds lowest|latest [PYTEST ARGUMENT ...]`` makes an environment of its own in ``.venv/bounds``:
what ``pyproject.toml`` names, extras included, as uv resolves it; the tools of the suites at their newest; and the
wheel. The checkout stands behind the environment on the path of imports: tests import the wheel. The exit code is that
of pytest.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
PLACE = ROOT / ".venv" / "bounds"
UV = ROOT / ".venv" / "lock" / "bin" / "uv"
RESOLUTIONS = {"lowest": "lowest-direct", "latest": "highest"}
SUITES = ("tests/unit", "tests/cli", "tests/wire")
OURS = ("tests/unit/tools", "tests/unit/supply", "tests/unit/benchmarks", "tests/unit/docs")
"""Tests of what is in the checkout alone, and needs its tools."""
PINNED = (
    "tests/unit/generation/test_persona.py::test_customers_are_those_of_golden_file",
    "tests/unit/mocking/test_fixture_export.py::test_page_of_one_customer_for_each_country_is_current",
)
"""Tests of generated data that the lock pins: another version of Faker has other names."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the environment, run the suites and return the exit code of pytest."""
    parser = argparse.ArgumentParser(prog="python -m tools.bounds", description=__doc__)
    parser.add_argument("bound", choices=RESOLUTIONS)
    options, further = parser.parse_known_args(arguments)
    shutil.rmtree(PLACE, ignore_errors=True)
    python = PLACE / "environment" / "bin" / "python"
    venv.create(PLACE / "environment")
    versions = resolved(RESOLUTIONS[options.bound])
    install = [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    run(*install, "-r", versions, "--group", f"{ROOT / 'pyproject.toml'}:suites")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", PLACE / "dist", ROOT)
    run(*install, "--no-deps", *(PLACE / "dist").glob("*.whl"))
    (site,) = (PLACE / "environment").glob("lib/python*/site-packages")
    (site / "checkout.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    paths = [] if any((ROOT / argument.partition("::")[0]).exists() for argument in further) else [*SUITES]
    others = [f"--ignore={path}" for path in OURS] + [f"--deselect={test}" for test in PINNED]
    command = [python, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=append", *others, *paths, *further]
    environ = {**os.environ, "PYTHONSAFEPATH": "1"}  # no program of a test finds the checkout first
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode  # noqa: S603 - pytest


def resolved(resolution: str) -> Path:
    """Return a file with the version of each dependency, as uv resolves them for this Python."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [part for extra in project["optional-dependencies"] for part in ("--extra", extra)]
    versions = PLACE / "versions.txt"
    asked = ["--resolution", resolution, "--python", sys.executable, "--no-header", "--no-annotate", "--quiet"]
    run(UV, "pip", "compile", ROOT / "pyproject.toml", *extras, *asked, "--output-file", versions)
    names = {re.split(r"[\[<>=;]", line)[0] for line in project["dependencies"]}
    pins = [line for line in versions.read_text(encoding="utf-8").splitlines() if line.partition("==")[0] in names]
    print(f"direct dependencies ({resolution}):", ", ".join(pins), flush=True)
    return versions


def run(*command: str | Path) -> None:
    """Run a command; end this program with its exit code where it fails."""
    done = subprocess.run(command, check=False)  # noqa: S603 - uv, and the build of the wheel
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
