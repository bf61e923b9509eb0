"""The end and the reset of a world: ``DELETE /__admin/`` and ``POST /__admin/reset``."""

from __future__ import annotations

from mock_server.admin.router import Asked, Rows, answered
from mock_server.http.messages import Answer


def _forget(request: Asked) -> Answer:
    """Remove a world. The one without a prefix cannot be removed; it is reset."""
    request.worlds.forget(request.world.name)
    return answered({})


def _reset(request: Asked) -> Answer:
    """Reset the world to its initial state, and return ``{}``, since clients of WireMock read a JSON object."""
    request.worlds.reset(request.world)
    return answered({})


ROUTES: Rows = (("DELETE", "/", _forget), ("POST", "/reset", _reset))
