"""The clock of a world: ``/__admin/clock``. Rate limits use it."""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.http.messages import Response
from mock_server.hub import Hub
from mock_server.hub.model import ClockState
from mock_server.worlds.clock import FARTHEST, moment_of, moment_text
from mock_server.worlds.world import World


def _told(request: AdminRequest) -> Response:
    hub = request.world.hub
    return _shown(hub.staging(request.world.name).clock, hub)


def _shown(clock: ClockState, hub: Hub) -> Response:
    return json_response({"now": moment_text(clock.now(hub.now())), "stands": clock.stands_at is not None})


def _moved(request: AdminRequest) -> Response:
    """Set the clock (``now``), which then stands still, or move it (``advance_seconds``)."""
    try:
        clock = _move(request.world, JsonReader(request.body()))
    except InstructionError as error:
        raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    return _shown(clock, request.world.hub)


def _move(world: World, part: JsonReader) -> ClockState:
    members = part.members(("now", "advance_seconds"))
    if len(members) != 1:
        raise part.wrong("now or advance_seconds, one of the two")
    if "now" in members:
        try:
            clock = ClockState(moment_of(members["now"].text()))
        except ValueError as error:
            expected = f"a date and time such as 2026-01-01T00:00:00Z ({error})"
            raise members["now"].wrong(expected) from None
        world.hub.set_clock(world.name, clock)
        return clock
    try:
        return world.hub.advance_clock(world.name, members["advance_seconds"].number(-FARTHEST, FARTHEST))
    except ValueError as error:
        raise members["advance_seconds"].wrong(f"no move to {error}") from None


def _real(request: AdminRequest) -> Response:
    """Return the clock to the real time."""
    clock, hub = ClockState(), request.world.hub
    hub.set_clock(request.world.name, clock)
    return _shown(clock, hub)


ROUTES: Rows = (("GET", "/clock", _told), ("POST", "/clock", _moved), ("DELETE", "/clock", _real))
