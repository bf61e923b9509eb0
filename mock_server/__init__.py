"""An OpenAPI contract becomes the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mock_server.testing import MockServer, World

__all__ = ["MockServer", "World"]


def __getattr__(name: str) -> object:
    """Import a public class when it is first used, so that a start of the server does not pay for it.

    Raises :class:`AttributeError` for a name that the package does not have.
    """
    if name in __all__:
        from mock_server import testing

        return getattr(testing, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
