"""Try a wheel in an empty environment, as the documentation says: install it, and run the commands of the README."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supply.lock import ROOT

ADDRESS = "http://localhost:4010"
PATIENCE = 600
"""Seconds that a command may take."""
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_READY = re.compile(r"ready at (http://\S+)")

_FIRST_ANSWER = """
from urllib.request import Request, urlopen
import pytest

@pytest.fixture(autouse=True)
def first_answer(mock_server):
    request = Request(mock_server.url + "/v1/customers/", headers={"Authorization": "Bearer polar_oat_x"})
    urlopen(request, timeout=100).close()
"""
"""The first answer to all of Polar, on a machine that does much else, takes longer than httpx waits."""


class TrialError(Exception):
    """A command of the documentation did not do what it says."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with the wheel: how long pip took, in seconds, and what it brought, in bytes."""

    seconds: float
    distributions: int
    size: int


def install_commands(wheel_name: str, page: str) -> list[str]:
    """Return the commands by which a page of installation has a wheel installed, after the one that builds it."""
    block = next(block for block in re.findall(r"(?:^ {4}.+\n)+", page, re.MULTILINE) if "make wheel" in block)
    pattern = "dist/contract_mock_server-*.whl"
    return [
        line.strip().replace(pattern, f"dist/{wheel_name}") for line in block.splitlines() if "make wheel" not in line
    ]


def install(wheel: Path, python: Path, directory: Path) -> Installation:
    """Run the commands of docs/install.md in a directory, by a certain Python, and measure what they bring."""
    (directory / "dist").mkdir()
    shutil.copyfile(wheel, directory / "dist" / wheel.name)
    seconds = 0.0
    for command in install_commands(wheel.name, (ROOT / "docs/install.md").read_text(encoding="utf-8")):
        words = command.split()
        begin = time.monotonic()
        _run([str(python) if words[0] == "python3" else words[0], *words[1:]], directory)
        if "pip" in words[0]:
            seconds += time.monotonic() - begin
    (packages,) = directory.glob("mock/lib/python3.*/site-packages")
    own = {"pip", "setuptools", "_distutils_hack", "distutils-precedence.pth"}
    names = [path for path in packages.iterdir() if path.name.partition("-")[0] not in own and path.name not in own]
    files = [file for path in names for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    programs = [file for file in (directory / "mock/bin").iterdir() if not file.is_symlink()]
    return Installation(
        seconds,
        sum(path.suffix == ".dist-info" for path in names),
        sum(file.stat().st_size for file in [*files, *programs]),
    )


def use(directory: Path) -> None:
    """Run the examples of the README by what is installed in a directory.

    Raises :class:`TrialError` where one fails.
    """
    blocks = dict(_FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    programs = directory / "mock" / "bin"
    server = subprocess.Popen(  # noqa: S603  # our own words
        [programs / "mock-server", "polar", "--port", "0"], cwd=directory, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        ready = _READY.search(server.stdout.readline())
        if ready is None:
            raise TrialError("mock-server polar: found no URL; expected one in the first line.")
        output = _run(["bash", "-euo", "pipefail", "-c", blocks["bash"].replace(ADDRESS, ready[1])], directory)
    finally:
        server.terminate()
        server.communicate(timeout=PATIENCE)
    if output.count("ada@example.com") < 2 or "customer.created" not in output:
        raise TrialError(f"curl: found {output!r}; expected the customer, the list and the event.")
    _run([str(programs / "pip"), "install", "--quiet", "pytest", "httpx"], directory)
    (directory / "test_example.py").write_text(blocks["python"], encoding="utf-8")
    (directory / "conftest.py").write_text(_FIRST_ANSWER, encoding="utf-8")
    _run([str(programs / "pytest"), "-q", "--mock-contract", "polar", "test_example.py"], directory)


def _run(command: Sequence[str], directory: Path) -> str:
    done = subprocess.run(  # noqa: S603  # our own words
        command, cwd=directory, env=_environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise TrialError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment() -> Mapping[str, str]:
    """Return the environment without settings of the server and of pytest, and with no notice of pip's own version."""
    own = ("MOCK_SERVER_", "PYTEST_", "PYTHON")
    others = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return {**others, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NO_PROXY": "localhost,127.0.0.1"}
