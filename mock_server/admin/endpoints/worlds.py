"""The end and the reset of a world: ``DELETE /__admin/`` and ``POST /__admin/reset``."""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, Rows, json_response
from mock_server.http.messages import Response


def _forget(request: AdminRequest) -> Response:
    """Remove a world. The one without a prefix cannot be removed; it is reset."""
    request.worlds.forget(request.world.name)
    return json_response({})


def _reset(request: AdminRequest) -> Response:
    """Reset the world to its initial state, and return ``{}``, since clients of WireMock read a JSON object."""
    request.worlds.reset(request.world)
    return json_response({})


ROUTES: Rows = (("DELETE", "/", _forget), ("POST", "/reset", _reset))
