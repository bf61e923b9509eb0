"""Large contracts compiled in a process of its own, which takes with it what compiling needed.

The process (:mod:`mock_server.routing.ahead`) says nothing: whatever goes wrong shows when the parent, which then finds
nothing remembered, compiles for itself.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence

_PROGRAM = "mock_server.routing.ahead"
MOST_SECONDS = 120
"""Seconds that are waited; GitHub's contract takes 4 on a usual machine."""


def compile_apart(place: str, overlays: Sequence[str], may_fetch: bool) -> None:
    """Compile a contract in another process and wait for it to be remembered, or not."""
    if not sys.executable:  # embedded in another program
        return
    command = [sys.executable, "-m", _PROGRAM, str(int(may_fetch)), place, *overlays]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603  (this program itself)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS, check=False,
        )  # fmt: skip
