"""Extras: libraries that a part of the server needs and not every server has, and how to install them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from mock_server.core.errors import UsageError

DISTRIBUTION = "contract-mock-server"


class MissingExtraError(UsageError):
    """A library of an extra that is not installed. ``extra`` is the name of the extra."""

    def __init__(self, where: str, library: str, extra: str) -> None:
        self.extra = extra
        super().__init__(
            f"{where}: found no {library}; expected the extra {extra}. Install it: {install_command(extra)}"
        )


def install_command(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install '{DISTRIBUTION}[{extra}]'"


@contextmanager
def needed_extra(where: str, library: str, extra: str) -> Iterator[None]:
    """Raise :class:`MissingExtraError` for an import within that finds a library missing.

    ``where`` names what needs it: a flag, a command, a path. ``library`` is the package to import, ``extra`` the extra
    that has it. That another library is missing stays the error that it is.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != library:
            raise
        raise MissingExtraError(where, library, extra) from None


def check_extra(where: str, library: str, extra: str) -> None:
    """Raise :class:`MissingExtraError` unless a library is installed; it is not imported."""
    if find_spec(library) is None:
        raise MissingExtraError(where, library, extra)
