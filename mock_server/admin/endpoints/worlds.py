"""Worlds: ``GET /__admin/worlds``; the end and the reset of one, ``DELETE /__admin/`` and ``POST /__admin/reset``."""

from __future__ import annotations

from itertools import islice

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.worlds.clock import moment_text
from mock_server.worlds.world import World

LISTED = 100
"""Worlds of a list, where the request gives no number."""
_MOST = 10_000


def _listed(request: AdminRequest) -> Response:
    """Return the world without a prefix and those that were asked last, with their requests and whether they changed.

    Where several processes have the worlds, it is those that this one has met, and requests are not counted.
    """
    limit = request.query("limit").get("limit", str(LISTED))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 10 and 1 <= int(limit) <= _MOST):
        detail = f"query limit: found {limit[:80]!r}; expected a whole number from 1 to {_MOST}."
        raise AdminRequestError("invalid-request", 400, detail)
    plain, *named = request.worlds
    worlds: list[JSON] = [_summary(request, world) for world in islice((plain, *reversed(named)), int(limit))]
    return json_response({"worlds": worlds, "meta": {"total": len(request.worlds)}})


def _summary(request: AdminRequest, world: World) -> dict[str, JSON]:
    summary: dict[str, JSON] = {
        "world": world.name,
        "url": request.request.origin + world.prefix,
        "changed": world.has_changes,
        "requests": None,
        "last": None,
    }
    if not request.worlds.is_shared:
        journal = world.journal.read()
        newest = next(journal.newest_first(), None)
        summary["requests"] = len(journal)
        summary["last"] = moment_text(newest.started) if newest is not None else None
    return summary


def _forget(request: AdminRequest) -> Response:
    """Remove a world. The one without a prefix cannot be removed; it is reset."""
    request.worlds.forget(request.world.name)
    return json_response({})


def _reset(request: AdminRequest) -> Response:
    """Reset the world to its initial state, and return ``{}``, since clients of WireMock read a JSON object."""
    request.worlds.reset(request.world)
    return json_response({})


ROUTES: Rows = (("GET", "/worlds", _listed), ("DELETE", "/", _forget), ("POST", "/reset", _reset))
