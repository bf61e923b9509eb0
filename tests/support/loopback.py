"""Ports of loopback: one that stays free for who comes back to it, and waiting until somebody listens."""

from __future__ import annotations

import os
import socket
from itertools import count
from pathlib import Path
from time import monotonic, sleep

FIRST = 10_000
# Processes that test at the same time begin far from one another, and none gives a port twice.
_NUMBERS = count(os.getpid() * 997)
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def lasting_port() -> int:
    """Return a free port which the kernel gives to no connection, so that a killed server can have it again."""
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    while True:
        port = FIRST + next(_NUMBERS) % max(end - FIRST, 1000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def wait_for_listener(port: int, host: str = "127.0.0.1", seconds: float = 30) -> None:
    """Return when a connection can be made."""
    end = monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            assert monotonic() < end, f"nobody listens at {host}:{port}"
            sleep(0.02)
        else:
            return
