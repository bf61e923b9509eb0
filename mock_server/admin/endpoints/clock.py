"""The clock of a world: ``/__admin/clock``. Rate limits use it."""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.http.messages import Response
from mock_server.worlds.clock import FARTHEST, WorldClock, moment_of


def _clock(request: AdminRequest) -> WorldClock:
    return request.world.stage(request.served[0].standing).clock


def _told(request: AdminRequest) -> Response:
    clock = _clock(request)
    return json_response({"now": clock.shown(), "stands": clock.stands})


def _moved(request: AdminRequest) -> Response:
    """Set the clock (``now``), which then stands still, or move it (``advance_seconds``)."""
    try:
        _move(_clock(request), JsonReader(request.body()))
    except InstructionError as error:
        raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    return _told(request)


def _move(clock: WorldClock, part: JsonReader) -> None:
    members = part.members(("now", "advance_seconds"))
    if len(members) != 1:
        raise part.wrong("now or advance_seconds, one of the two")
    if "now" in members:
        try:
            clock.set(moment_of(members["now"].text()))
        except ValueError as error:
            expected = f"a date and time such as 2026-01-01T00:00:00Z ({error})"
            raise members["now"].wrong(expected) from None
        return
    try:
        clock.advance(members["advance_seconds"].number(-FARTHEST, FARTHEST))
    except ValueError as error:
        raise members["advance_seconds"].wrong(f"no move to {error}") from None


def _real(request: AdminRequest) -> Response:
    """Return the clock to the real time."""
    request.world.stage(request.served[0].standing).clock = WorldClock()
    return _told(request)


ROUTES: Rows = (("GET", "/clock", _told), ("POST", "/clock", _moved), ("DELETE", "/clock", _real))
