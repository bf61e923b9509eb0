"""The sockets that a server listens on."""

from __future__ import annotations

import errno
import socket
import sys

from mock_server.core.errors import UsageError

BACKLOG = 2048
"""Connections that may wait to be taken, and are then taken at once."""


def listen(host: str, port: int, backlog: int = BACKLOG) -> socket.socket:
    """Return a listening socket. Raises :class:`UsageError` where the port is not available."""
    listener = _bound(host, port)
    listener.listen(backlog)
    return listener


def bind_each(host: str, port: int, count: int) -> list[socket.socket]:
    """Return sockets of one port, one for each worker, which listens when it is ready. Raises :class:`UsageError`.

    The kernel distributes the connections by a hash of their addresses (``SO_REUSEPORT``: Linux, socket(7)). On other
    systems all workers get the same socket, and the worker that wakes first accepts all waiting connections.
    """
    if sys.platform != "linux":
        return [_bound(host, port)] * count
    # With SO_REUSEPORT another server at this port would not be noticed, so the first try goes without.
    with _bound(host, port) as probe:
        free_port: int = probe.getsockname()[1]
    return [_bound(host, free_port, shares_port=True) for _ in range(count)]


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """Return the base URL of the address that a socket is bound to."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


_FREE_AFTER_END: int = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
"""What lets a server have the port of one that has just ended, and of none that runs.

On Windows ``SO_REUSEADDR`` would let two have it (Winsock, "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE").
"""


def _bound(host: str, port: int, *, shares_port: bool = False) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, _FREE_AFTER_END, 1)
            if shares_port:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
    except OSError as error:
        raise UsageError(f"{host}:{port}: {_why(error)}") from None
    return bound


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "found the port in use; expected a free one. Choose another with --port (0 for any)."
    if error.errno == errno.EACCES:
        return "found a port that this user may not open; expected one above 1023. Choose another with --port."
    return (
        f"found an address that cannot be listened on ({error.strerror}); expected one of this machine. Check --host."
    )
