"""From the address of a hub to the hub."""

from __future__ import annotations

from pathlib import Path

from mock_server.core.errors import UsageError
from mock_server.core.extras import install_command
from mock_server.hub.interface import Hub
from mock_server.hub.memory import MemoryHub
from mock_server.hub.model import HubBounds

SQLITE = "sqlite:///"
"""What the address of the hub of one server's workers begins with; its file follows."""


def open_hub(address: str, bounds: HubBounds) -> Hub:
    """Return the hub at an address: ``memory``, ``sqlite:///FILE``, or the URL of a Valkey or Redis server.

    Raises :class:`HubError` where it cannot be used, and :class:`UsageError` where its client is not installed.
    """
    if address == "memory":
        return MemoryHub(bounds)
    if address.startswith(SQLITE):
        from mock_server.hub.sqlite import SqliteHub  # imported here, so that the start does not wait for it

        return SqliteHub(Path(address.removeprefix(SQLITE)), bounds)
    try:
        from mock_server.hub.valkey import ValkeyHub

        return ValkeyHub(address, bounds)
    except ModuleNotFoundError as error:
        if error.name == "fcntl":
            raise UsageError(
                "--hub: found a system without locks of files (fcntl), such as Windows; expected memory, since a"
                " replica keeps what it has not sent yet in a file. Leave it out."
            ) from None
        if not str(error.name).startswith("valkey"):
            raise
        raise UsageError(
            f"--hub: found no client for Valkey and Redis; expected one. Install it: {install_command('valkey')}"
        ) from None
