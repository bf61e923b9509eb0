"""Find the Pythons of this machine that the project supports."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13", "3.14")
"""As the classifiers of ``pyproject.toml`` list them."""


def interpreters() -> dict[str, Path]:
    """Return a program for each supported version that is here: on the path, or installed by pyenv."""
    programs: dict[str, Path] = {}
    for version in SUPPORTED:
        program = next((program for program in _candidates(version) if _is_version(program, version)), None)
        if program is not None:
            programs[version] = program
    return programs


def _candidates(version: str) -> Iterator[Path]:
    program = shutil.which(f"python{version}")
    if program:
        yield Path(program)
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    yield from sorted(versions.glob(f"{version}.*/bin/python"), reverse=True)


def _is_version(program: Path, version: str) -> bool:
    """Tell whether a program runs, is that version and makes environments; a shim of pyenv may do none of it."""
    code = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    return done.returncode == 0 and done.stdout.strip() == version
