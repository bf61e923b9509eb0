"""Where a process is reached by others: a Unix domain socket, or a host and a port."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """The file of a socket, or a host (a name or an address; empty where it has to be found out) and a port."""

    file: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.file:
            return self.file
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def read(cls, text: str) -> Address:
        """The address that a text stands for; raises :class:`ValueError` where it is none."""
        if text.startswith("/"):
            return cls(file=text)
        host, _, port = text.rpartition(":")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("HOST:PORT")
        return cls(host=host.removeprefix("[").removesuffix("]"), port=int(port))
