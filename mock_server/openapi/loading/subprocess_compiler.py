"""Contracts compiled in a process of its own, which takes with it what compiling needed.

The process (:mod:`mock_server.openapi.routing.precompiler`) says why a contract cannot be served. Whatever else goes
wrong shows when the parent, which then finds nothing remembered, compiles for itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.plugins import is_enabled

_PROGRAM = "mock_server.openapi.routing.precompiler"
MOST_SECONDS = 120
"""Seconds that are waited; GitHub's contract takes 4 on a usual machine."""
REFUSED = 3
"""The exit code for a contract that cannot be served, with a report on standard output."""


def compile_apart(place: str, overlays: Sequence[str], may_fetch: bool) -> None:
    """Compile a contract in another process and wait for it to be remembered, or not.

    Raises :class:`ContractError` where the contract cannot be served.
    """
    if not sys.executable:  # embedded in another program
        return
    command = [sys.executable, "-m", _PROGRAM, str(int(may_fetch)), str(int(is_enabled())), place, *overlays]
    try:
        done = subprocess.run(  # noqa: S603  (this program itself)
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return
    if done.returncode == REFUSED:
        raise _error(done.stdout)


def report_of(error: ContractError) -> str:
    """Return what the parent makes the same error of: the message and the findings, as JSON."""
    return json.dumps({"message": str(error), "findings": [finding.as_json() for finding in error.findings]})


def _error(report: bytes) -> ContractError:
    said = json.loads(report)
    error = ContractError(said["message"])
    error.findings = tuple(Diagnostic(**finding) for finding in said["findings"])
    return error
