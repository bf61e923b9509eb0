"""The Unix socket to serve at: a file that is there as long as the server is (unix(7))."""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from mock_server.core.errors import UsageError

_FLAG = "--uds"


@contextmanager
def unix_socket(path: str) -> Iterator[socket.socket]:
    """Yield a socket that is bound to a path and does not listen yet; its file is removed at the end.

    A socket that a server has left behind is replaced. Raises :class:`UsageError` for a path that is something else,
    at which a server listens, or where no socket can be.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError(f"{_FLAG}: found a system without Unix sockets; expected --host and --port")
    _remove_remnant(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with bound:
        try:
            bound.bind(path)
        except OSError as error:
            raise UsageError(f"{_FLAG}: {path}: {_why(error)}") from None
        own = _identity(path)
        try:
            yield bound
        finally:
            with suppress(OSError):
                if _identity(path) == own:  # and not the one of a server that has taken its place
                    os.unlink(path)


def _remove_remnant(path: str) -> None:
    """Remove a socket at which nobody listens any more. Raises :class:`UsageError` for anything else."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return  # whoever binds it is told why that cannot be
    if not stat.S_ISSOCK(mode):
        kind = "directory" if stat.S_ISDIR(mode) else "file"
        raise UsageError(f"{_FLAG}: {path}: found a {kind} that is no socket; expected a path that is free")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.settimeout(1)
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
        except OSError as error:
            raise UsageError(f"{_FLAG}: {path}: {_why(error)}") from None
    raise UsageError(f"{_FLAG}: {path}: found a socket at which a server listens; expected a path that is free")


def _identity(path: str) -> tuple[int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino


def _why(error: OSError) -> str:
    if error.errno == errno.ENOENT:
        return "found no such directory; expected one that is there"
    if error.errno is None or error.errno == errno.ENAMETOOLONG:
        return "found a path that is too long for a socket; expected 107 bytes or fewer"
    return f"found a path where no socket can be ({error.strerror}); expected one that this user may write"
