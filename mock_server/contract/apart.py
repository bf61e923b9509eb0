"""Large contracts compiled in a process of their own, whose memory goes back to the system when it ends.

The process (:mod:`mock_server.routing.ahead`) reports nothing: after an error the parent finds nothing in the cache,
and compiles the contract itself.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence

_PROGRAM = "mock_server.routing.ahead"
MOST_SECONDS = 120
"""Most seconds to wait; GitHub's contract takes 4 on a usual machine."""


def compile_apart(place: str, overlays: Sequence[str], may_fetch: bool) -> None:
    """Compile a contract in another process, and wait until it has stored the result in the cache or has failed."""
    if not sys.executable:  # embedded in another program
        return
    command = [sys.executable, "-m", _PROGRAM, str(int(may_fetch)), place, *overlays]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603  (this program itself)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS, check=False,
        )  # fmt: skip
