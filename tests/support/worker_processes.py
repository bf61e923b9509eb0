"""The processes of a server with several workers."""

from __future__ import annotations

import contextlib

import psutil

from tests.support.server_process import RunningServer


def workers_of(server: RunningServer) -> list[psutil.Process]:
    workers = []
    for child in psutil.Process(server.process.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended, and its parent does not know it yet
            if not any("resource_tracker" in part for part in child.cmdline()):
                workers.append(child)
    return workers
