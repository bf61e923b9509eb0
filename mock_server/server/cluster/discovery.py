"""Where the other processes may be: the sockets in a directory, or what names resolve to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from pathlib import Path
from typing import Protocol

from mock_server.server.cluster.address import Address

log = logging.getLogger("mock_server")

SUFFIX = ".sock"


class Discovery(Protocol):
    """Finds addresses at which others may be, and oneself."""

    async def addresses(self) -> set[Address]:
        """The addresses of now."""

    def refused(self, address: Address) -> None:
        """Be told that nobody listens there."""


class Sockets:
    """The workers of one server: each has a socket in a directory that no other user may enter."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def place(self, name: str) -> Path:
        """Where the socket of a process is."""
        return self._directory / (name + SUFFIX)

    async def addresses(self) -> set[Address]:
        with contextlib.suppress(OSError):
            return {Address(file=str(one)) for one in self._directory.iterdir() if one.suffix == SUFFIX}
        return set()

    def refused(self, address: Address) -> None:
        # A socket gets its name when it listens: this one is that of a process which is no more.
        with contextlib.suppress(OSError):
            os.unlink(address.file)


class DnsDiscovery:
    """Replicas: all addresses of names, looked up anew each time. A headless Service of Kubernetes has one for each."""

    def __init__(self, names: str) -> None:
        self._names = [Address.read(name) for name in names.split(",")]
        self._unknown: set[Address] = set()

    async def addresses(self) -> set[Address]:
        found = await asyncio.gather(*(self._of(name) for name in self._names))
        return set().union(*found)

    def refused(self, address: Address) -> None:
        """Nothing to do: the name says who is there."""

    async def _of(self, name: Address) -> set[Address]:
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.getaddrinfo(name.host, name.port, type=socket.SOCK_STREAM)
        except OSError as error:
            if name not in self._unknown:
                self._unknown.add(name)
                log.warning("--peers %s: the name leads nowhere yet (%s)", name, error.strerror or error)
            return set()
        self._unknown.discard(name)
        return {Address(host=str(one[4][0]), port=int(one[4][1])) for one in answers}
