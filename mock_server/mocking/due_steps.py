"""Steps of effects whose time has come (``after`` of x-mock-effects), taken in the worlds of one contract."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from math import inf

from mock_server.core.errors import GenerationError, StoreFullError
from mock_server.core.sized_cache import SizedCache
from mock_server.storage import Cause, Record, RecordChange, RecordReader
from mock_server.worlds.state.effects.effects import LaterOutcome, dropped, taken_later
from mock_server.worlds.state.effects.later_rows import LATER, due_of, entry_of, first_in
from mock_server.worlds.state.refusal import RefusedError
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.world import World

log = logging.getLogger("mock_server")

MOST_AT_ONCE = 1000
"""Rows that are taken at once: the next request takes others."""
MOST_WORLDS = 10_000
"""Worlds of which is remembered when something is due."""
Writer = Callable[[World, Sequence[RecordChange], Cause], bool]
"""Makes changes of a world, all or none; False where others changed the same meanwhile."""
Teller = Callable[[LaterOutcome, World], Sequence[RecordChange]]
"""Returns the rows of the events that an outcome tells of."""


class DueSteps:
    """Takes what is due, in order: each row in one change set, at the time at which it was due."""

    def __init__(self, model: StateModel, write: Writer, tell: Teller, *, is_strict: bool) -> None:
        self._model = model
        self._write = write
        self._tell = tell
        self._is_strict = is_strict
        self._next_due: SizedCache[str, tuple[int, float | None]] = SizedCache(MOST_WORLDS)
        """By world, when its next row is due, and the version of its rows for which that is so."""

    def run(self, world: World, until: float = inf) -> float | None:
        """Take what is due in a world by a time, and by its clock; return when the next is, None where nothing waits.

        Times are seconds since 1970. What cannot be taken is logged, and goes. For want of room steps wait for the next
        request: None is returned. Raises :class:`StoreError` and :class:`HubError`.
        """
        now, records = min(world.now(), until), world.store(self._model.store)
        known = self._next_due.get(world.name)
        if known is not None and known[0] == records.version(LATER) and (known[1] is None or known[1] > now):
            return known[1]
        for _ in range(MOST_AT_ONCE):
            records = world.store(self._model.store)
            version = records.version(LATER)
            row = first_in(records)
            if row is None or due_of(row) > now:
                due = None if row is None else due_of(row)
                if version >= 0:
                    self._next_due.keep(world.name, (version, due))
                return due
            outcome = self._taken(row, records, world)
            cause = Cause(outcome.operation, entry_of(row), outcome.due)
            try:
                self._write(world, (*outcome.changes, *self._tell(outcome, world)), cause)
            except StoreFullError as error:  # they wait until there is room; requests go on
                log.warning("steps of x-mock-effects that are due have to wait: %s", error)
                return None
        log.warning("took %d steps of effects that were due at once in a world; more are left", MOST_AT_ONCE)
        return now

    def _taken(self, row: Record, records: RecordReader, world: World) -> LaterOutcome:
        try:
            return taken_later(self._model, row, records, world.name, is_strict=self._is_strict)
        except RefusedError:
            return dropped(row, records)
        except GenerationError as error:
            log.error("a step of x-mock-effects cannot be taken, and never will be: %s", error)
            return dropped(row, records)
