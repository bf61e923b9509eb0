"""Large contracts compiled in a process of its own, which takes with it what compiling needed.

``python -m mock_server.contract.apart FETCH CONTRACT [OVERLAY ...]`` compiles and remembers a contract, and says
nothing: whatever goes wrong shows when the parent, which then finds nothing remembered, compiles for itself.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence

MOST_SECONDS = 120
"""Seconds that are waited; GitHub's contract takes 4 on a usual machine."""


def compile_apart(place: str, overlays: Sequence[str], may_fetch: bool) -> None:
    """Compile a contract in another process and wait for it to be remembered, or not."""
    if not sys.executable:  # embedded in another program
        return
    command = [sys.executable, "-m", __name__, str(int(may_fetch)), place, *overlays]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603  (this program itself)
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS, check=False,
        )  # fmt: skip


def main() -> int:
    """Compile what the arguments name."""
    from mock_server.contract.compiled import Given  # which imports this module
    from mock_server.errors import MockServerError

    fetch, place, *overlays = sys.argv[1:]
    given = Given(place, tuple(overlays), fetch == "1")
    try:
        given.compile(given.key)
    except MockServerError:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
