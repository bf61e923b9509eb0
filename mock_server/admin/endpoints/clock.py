"""The clock of a world: ``/__admin/clock``. Rate limits use it, and what is delivered later."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from time import monotonic

from mock_server.admin.response_chunks import Steps
from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.deadline import has_changed
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.http.messages import Response
from mock_server.hub import Hub
from mock_server.hub.model import ClockState
from mock_server.worlds.clock import FARTHEST, moment_of, moment_text
from mock_server.worlds.events.outbox import Outbox
from mock_server.worlds.world import World

DELIVERED = 2.0
"""Seconds that the answer to a move waits at most for what is delivered then."""
_LOOK = 0.002
"""Seconds between two looks whether all is delivered."""


def _told(request: AdminRequest) -> Response:
    hub = request.world.hub
    return _shown(hub.staging(request.world.name).clock, hub)


def _shown(clock: ClockState, hub: Hub) -> Response:
    return json_response({"now": moment_text(clock.now(hub.now())), "stands": clock.stands_at is not None})


def _moved(request: AdminRequest) -> Steps:
    """Set the clock (``now``), which then stands still, or move it (``advance_seconds``).

    What effects have planned for a time that has come by that is done before the answer, and events that are due by
    then are delivered, each in its order, unless ``deliver`` is ``later``.
    """
    try:
        clock, waits = _move(request.world, JsonReader(request.body()))
    except InstructionError as error:
        raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    has_changed()  # it must not be moved twice: what follows may wait
    if waits:
        yield from _delivered(request)
    # What endpoints that hang have held up, and what nobody delivers: whoever reads the answer finds it done.
    for mount in request.served:
        mount.engine.run_due(request.world)
    if not waits:
        _wake(request)
    return _shown(clock, request.world.hub)


def _delivered(request: AdminRequest) -> Generator[float, None, None]:
    """Have done and delivered what is due, and wait for it."""
    world, outboxes = request.world, _wake(request)
    until = monotonic() + DELIVERED
    while not all(outbox.is_settled(world) for outbox in outboxes) and monotonic() < until:
        yield _LOOK


def _wake(request: AdminRequest) -> Sequence[Outbox]:
    """Have looked at what is due; return the outboxes that do."""
    outboxes = [mount.outbox for mount in request.served if mount.outbox is not None]
    for outbox in outboxes:
        outbox.wake(request.world)
    return outboxes


def _move(world: World, part: JsonReader) -> tuple[ClockState, bool]:
    """Move the clock; return it, and whether to wait for what is delivered then."""
    members = part.members(("now", "advance_seconds", "deliver"))
    waits = "deliver" not in members or members.pop("deliver").choice(("wait", "later")) == "wait"
    return _clock(world, part, members), waits


def _clock(world: World, part: JsonReader, members: Mapping[str, JsonReader]) -> ClockState:
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


def _real(request: AdminRequest) -> Steps:
    """Return the clock to the real time."""
    clock, hub = ClockState(), request.world.hub
    hub.set_clock(request.world.name, clock)
    yield from _delivered(request)
    return _shown(clock, hub)


ROUTES: Rows = (("GET", "/clock", _told), ("POST", "/clock", _moved), ("DELETE", "/clock", _real))
