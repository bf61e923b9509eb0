"""How a world ends and begins anew: ``DELETE /__admin/`` and ``POST /__admin/reset``."""

from __future__ import annotations

from mock_server.control.router import Asked, Rows, answered
from mock_server.exchange import Answer


def _forget(asked: Asked) -> Answer:
    """Forget a world. The one without a prefix cannot go; it begins anew."""
    asked.worlds.forget(asked.world.name)
    return answered({})


def _reset(asked: Asked) -> Answer:
    """The world back to how worlds begin; clients of WireMock read a JSON object."""
    asked.worlds.reset(asked.world)
    return answered({})


ROUTES: Rows = (("DELETE", "/", _forget), ("POST", "/reset", _reset))
