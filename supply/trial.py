"""Try what is released in empty environments, as the documentation says.

The wheel is installed by the commands of docs/install.md, and the examples of the README run with it; then its extras,
and what the source distribution holds, by the commands for these.
"""

from __future__ import annotations

import os
import re
import shlex
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

FIRST_ANSWERS = """
from urllib.request import Request, urlopen
import pytest

@pytest.fixture(autouse=True)
def first_answers(mock_server):
    headers = {"Authorization": "Bearer polar_oat_x", "Content-Type": "application/json"}
    customers = mock_server.url + "/~first/v1/customers/"
    urlopen(Request(customers, b'{"email": "grace@example.com"}', headers), timeout=100).close()
    urlopen(Request(customers, headers=headers), timeout=100).close()
"""
"""The README's questions asked once before: first answers of all of Polar, on a machine that does much else, take
longer than httpx waits."""


class TrialError(Exception):
    """A command of the documentation did not do what it says."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An environment with the wheel: how long pip took, in seconds, and what it brought, in bytes.

    ``byte_code`` is the part of the size that pip made itself, of the modules that it installed.
    """

    seconds: float
    distributions: int
    size: int
    byte_code: int


def install_commands(wheel_name: str, page: str) -> list[str]:
    """Return the commands by which a page of installation has a wheel installed, after the one that builds it."""
    block = next(block for block in re.findall(r"(?:^ {4}.+\n)+", page, re.MULTILINE) if "make wheel" in block)
    pattern = "dist/contract_mock_server-*.whl"
    return [
        line.strip().replace(pattern, f"dist/{wheel_name}") for line in block.splitlines() if "make wheel" not in line
    ]


def extras_command(wheel_name: str, page: str) -> str:
    """Return the command by which a page of installation has a wheel installed with extras."""
    (command,) = re.findall(r"`(pip install 'dist/[^`]+)`", page)
    return re.sub(r"dist/[^\[]+", f"dist/{wheel_name}", command)


def checkout_command(readme: str) -> str:
    """Return the command by which the README has a checkout installed."""
    (command,) = re.findall(r"^ {4}(pip install \S+)", readme, re.MULTILINE)
    return str(command)


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
    own = {"pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence.pth"}
    names = [path for path in packages.iterdir() if path.name.partition("-")[0] not in own and path.name not in own]
    files = [file for path in names for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    programs = [file for file in (directory / "mock/bin").iterdir() if not file.is_symlink()]
    return Installation(
        seconds,
        sum(path.suffix == ".dist-info" for path in names),
        sum(file.stat().st_size for file in [*files, *programs]),
        sum(file.stat().st_size for file in files if file.suffix == ".pyc"),
    )


def install_by_uv(uv: Path, wheel: Path, python: Path, directory: Path) -> float:
    """Install a wheel in an empty environment by uv, and return how long that took, in seconds.

    uv compiles no byte code, and has what it downloaded before, as pip has.
    """
    _run([str(uv), "venv", "--quiet", "--python", str(python), "by-uv"], directory)
    begin = time.monotonic()
    _run([str(uv), "pip", "install", "--quiet", "--python", "by-uv/bin/python", str(wheel)], directory)
    return time.monotonic() - begin


def install_extras(directory: Path) -> None:
    """Install the extras that docs/install.md names, in an environment that :func:`install` made."""
    (wheel,) = (directory / "dist").glob("*.whl")
    command = extras_command(wheel.name, (ROOT / "docs/install.md").read_text(encoding="utf-8"))
    _run([str(directory / "mock/bin" / shlex.split(command)[0]), *shlex.split(command)[1:]], directory)
    for library in ("opentelemetry.sdk", "sqlalchemy", "psycopg"):
        _run([str(directory / "mock/bin/python"), "-c", f"import {library}"], directory)


def install_checkout(sources: Path, python: Path, directory: Path) -> None:
    """Install what a source distribution holds by the command of the README, in an empty environment."""
    _run(["tar", "-xzf", str(sources)], directory)
    (checkout,) = directory.glob("contract_mock_server-*")
    _run([str(python), "-m", "venv", "environment"], directory)
    programs = directory / "environment" / "bin"
    words = checkout_command((ROOT / "README.md").read_text(encoding="utf-8")).split()
    _run([str(programs / words[0]), *words[1:]], checkout)
    _run([str(programs / "mock-server"), "--version"], directory)


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
    (directory / "conftest.py").write_text(FIRST_ANSWERS, encoding="utf-8")
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
