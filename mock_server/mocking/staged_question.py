"""Requests in worlds in which scenarios run: whose turn it is gets decided each time, and the bytes are remembered.

A turn is decided by counts and states, which the hub has. Which scenarios a request is for depends on the request
alone, unless one of them asks for a record or for headers that are no part of the question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mock_server.core.memory_size import bytes_of
from mock_server.mocking.cached_response import RequestKey
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.mocking.examined_request import Admitted
    from mock_server.worlds.staged_scenarios import StagedScenarios


class StagedQuestion:
    """Which of the scenarios that run in a world a request is for: their places among them."""

    __slots__ = ("key", "places", "size", "stamp")

    def __init__(self, key: RequestKey, own: int, places: tuple[int, ...]) -> None:
        self.key = key
        """What it is found by."""
        self.places = places
        self.size = bytes_of(self) + bytes_of(key) + own + bytes_of(places)
        """Bytes that go when it goes; ``own`` are those of what the question alone has of its parts."""
        self.stamp = 0


class StagedTurn(NamedTuple):
    """For which scenarios a request was, and whose turn it was: a scenario by its place, and one of its answers."""

    staged: StagedScenarios
    places: tuple[int, ...]
    turn: tuple[int, int] | None

    @property
    def revision(self) -> tuple[int, ...]:
        """What parts the answer from others of its world; empty where no scenario gave it."""
        return () if self.turn is None else (self.staged.number, *self.turn)


def turn_of(admitted: Admitted, world: World) -> StagedTurn | None:
    """Return whose turn it was to answer a request; None where more decides about equal ones than counts and states."""
    staged = world.staged_here()
    # An answer to a body is not remembered, and to match a large one takes long.
    if staged is None or not staged.is_matched_alike or admitted.examined.request.body:
        return None
    examined, taken = admitted.examined, admitted.decision.turn
    takes_turns = examined.failure is None and not (examined.unreadable or examined.preferences.is_of_the_answer)
    places: tuple[int, ...] = ()
    if takes_turns and examined.operation is not None:
        matches = staged.matching(examined.request, examined.route, examined.operation).running
        matched = {id(running) for running in matches}
        places = tuple([place for place, running in enumerate(staged.running) if id(running) in matched])
    if taken is None:
        return StagedTurn(staged, places, None)
    if taken.stub.jitter:  # it waits for another time with each turn
        return None
    for place in places:
        scenario = staged.running[place].scenario
        if scenario is taken.scenario:
            answer = next(index for index, stub in enumerate(scenario.answers) if stub is taken.stub)
            return StagedTurn(staged, places, (place, answer))
    return None  # other scenarios run now
