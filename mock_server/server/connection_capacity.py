"""How many connections a process can have: what its limit of files leaves."""

from __future__ import annotations

import contextlib
import sys

from mock_server.server.connection_limits import CONTROL_ROOM
from mock_server.server.sockets import BACKLOG

RESERVE = 64 + CONTROL_ROOM
"""Files beside connections: those of a store, of what is loaded, of control."""


def backlog() -> int:
    """Return how many connections may wait: no more than a quarter of the files, since all may be taken at once."""
    return min(BACKLOG, max(8, _files() // 4))


def most_connections(wanted: int) -> int:
    """Return how many connections there may be, as many as wanted at most (socket and accept(2): one file each)."""
    return min(wanted, max(8, _files() - backlog() - RESERVE))


def raise_file_limit(connections: int) -> None:
    """Raise the limit of files of this process as far as so many connections need and its hard limit lets it."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit, setrlimit
    except ImportError:  # Windows has no such limit
        return
    soft, hard = getrlimit(RLIMIT_NOFILE)
    wanted = connections + BACKLOG + RESERVE
    if soft != RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # macOS has a limit below the hard one
            setrlimit(RLIMIT_NOFILE, (wanted if hard == RLIM_INFINITY else min(wanted, hard), hard))


def _files() -> int:
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows has no such limit
        return sys.maxsize
    soft = getrlimit(RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == RLIM_INFINITY else soft
