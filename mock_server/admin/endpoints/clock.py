"""The clock of a world: ``/__admin/clock``. Rate limits use it."""

from __future__ import annotations

from mock_server.admin.router import Asked, RefusedError, Rows, answered
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import Part
from mock_server.http.messages import Answer
from mock_server.worlds.clock import FARTHEST, Clock, moment_of


def _clock(request: Asked) -> Clock:
    return request.world.stage(request.served[0].standing).clock


def _told(request: Asked) -> Answer:
    clock = _clock(request)
    return answered({"now": clock.shown(), "stands": clock.stands})


def _moved(request: Asked) -> Answer:
    """Set the clock (``now``), which then stands still, or move it (``advance_seconds``)."""
    try:
        _move(_clock(request), Part(request.body()))
    except InstructionError as error:
        raise RefusedError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    return _told(request)


def _move(clock: Clock, part: Part) -> None:
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


def _real(request: Asked) -> Answer:
    """Return the clock to the real time."""
    request.world.stage(request.served[0].standing).clock = Clock()
    return _told(request)


ROUTES: Rows = (("GET", "/clock", _told), ("POST", "/clock", _moved), ("DELETE", "/clock", _real))
