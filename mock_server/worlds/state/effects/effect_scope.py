"""What steps see: the request, records by their names as they are by now, relations, the time, and what is drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from hashlib import shake_256
from typing import TypeAlias
from urllib.parse import parse_qsl

from mock_server.core.timestamp import rfc3339
from mock_server.core.types import JSON
from mock_server.openapi.effects.values import value_in
from mock_server.storage import Absence, Record, RecordChange, RecordReader
from mock_server.worlds.state.callers import caller_record
from mock_server.worlds.state.effects.staged_records import StagedRecords
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.merged_records import MADE_UP
from mock_server.worlds.state.outcome import StateRequest
from mock_server.worlds.state.resource_state import ResourceState, StateModel
from mock_server.worlds.state.world_records import WorldRecords

MOST_PAIRS = 1000
"""Names and values of a query that are looked at."""
Named: TypeAlias = "Mapping[str, JSON | Record]"
"""Records, and items of lists, by the names that steps use."""


class EffectScope:
    """The readings of one run of steps, and the stage that their changes stand on."""

    def __init__(self, model: StateModel, request: StateRequest, reader: RecordReader, named: Named) -> None:
        self.model = model
        self.request = request
        self.stage = StagedRecords(reader)
        self.named: dict[str, JSON | Record] = dict(named)
        """Records by name as they were when they were named; the present ones are on the stage."""
        self.fresh: set[tuple[str, str]] = set()
        """The records that were created by this request, by resource and handle."""
        self.unstored: set[tuple[str, str]] = set()
        """Records that nobody made and that are not kept yet."""
        self.gone: dict[tuple[str, str], Record] = {}
        """Deleted records as they were at last."""
        self.answer: dict[tuple[str, ...], JSON | Record] = {}
        """What steps have said that the answer has, by the parts of pointers into it."""
        self._world: WorldRecords | None = None
        self._reads: dict[str, None] = {}
        self._cause: JSON = None

    @property
    def now(self) -> float:
        """Return the time of the world, in seconds since 1970."""
        return self.request.now

    @property
    def world(self) -> WorldRecords:
        """Return the records of the world as they are on the stage."""
        if self._world is None:
            self._world = WorldRecords(self.model, self.stage)
        return self._world

    def begin(self, record: Record) -> None:
        """Have what is drawn from now on depend on a record as it is now, but for its times.

        What replaces a token depends on that token, and the same requests get the same whenever they are sent.
        """
        times = self._state(record).maker.times(record.value).members
        value: JSON = {name: member for name, member in record.value.items() if name not in times}
        self._cause = [record.resource, record.handle, value]

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the resources that were read, in order."""
        self._reads |= self.world.reads
        return (*self._reads,)

    def change(self, changes: list[RecordChange]) -> None:
        """Put changes on the stage."""
        self.stage.stage(changes)
        self._reads |= self.world.reads
        self._world = None

    def put(self, before: Record, after: Record) -> None:
        """Have a record become another one."""
        place = (after.resource, after.handle)
        if place in self.gone:
            self.gone[place] = after
            return
        former: Record | Absence = before
        if place in self.unstored:
            self.unstored.discard(place)
            former = Absence.UNTOUCHED
            after = replace(after, hidden={**after.hidden, "made": self.now, MADE_UP: True})
        self.change(self.world.of(after.resource).changes(former, after))

    def current(self, record: Record) -> Record | None:
        """Return a record as it is now; None where it was deleted before this request."""
        place = (record.resource, record.handle)
        if place in self.gone:
            return self.gone[place]
        row = self.stage.own_row(*place)
        return record if row is Absence.UNTOUCHED else row if isinstance(row, Record) else None

    def record(self, parts: tuple[str, ...]) -> Record | None:
        """Return the record that the parts of a pointer name; None where there is none."""
        record, rest = self._followed(parts)
        return record if not rest else None

    def at(self, parts: tuple[str, ...]) -> JSON:
        """Return what the parts of a pointer lead to; None where that is nothing."""
        head, *rest = parts
        if head == "request":
            return self._of_request(rest)
        if head == "answer":
            told = self.answer.get(tuple(rest))
            return told.value if isinstance(told, Record) else told
        named = self.named.get(head)
        if head not in ("caller", "token") and not isinstance(named, Record):
            return value_in(named, rest)
        if head == "before" and isinstance(named, Record) and rest[:1] != ["related"]:
            return value_in(self.model.resource(named.resource).derived(named).value, rest)
        record, inner = self._followed(parts)
        return None if record is None else value_in(self._state(record).derived(record).value, inner)

    def records(self, resource: str) -> Iterator[JSON]:
        """Yield the values of all records of a resource."""
        state = self.model.resource(resource)
        for record in self.world.all_of(resource):
            yield state.derived(record).value

    def drawn(self, place: str, bound: int) -> int:
        """Return a number below ``bound``, drawn from the seed, the cause, the place and the records with names."""
        items = [value.handle if isinstance(value, Record) else value for value in self.named.values()]
        text = json.dumps([self.model.settings.seed, self._cause, place, items], sort_keys=True, separators=(",", ":"))
        digest = shake_256(text.encode("utf-8", "surrogatepass")).digest(bound.bit_length() // 8 + 16)
        return int.from_bytes(digest) % bound

    def time_text(self, moment: float) -> str:
        """Return a moment, in seconds since 1970, by RFC 3339."""
        return rfc3339(moment)

    @cached_property
    def _caller(self) -> Record | None:
        callers = self.request.callers
        return callers[0] if callers else caller_record(self.model, self.world, self.request.caller)

    def _state(self, record: Record) -> ResourceState:
        return self.model.resource(record.resource)

    def _followed(self, parts: tuple[str, ...]) -> tuple[Record | None, list[str]]:
        """Return the record that a name and the relations after it lead to, and the parts that lead into it."""
        head, *rest = parts
        named = self.named.get(head)
        if head == "caller" and named is None:
            named = self._caller
        elif head == "token" and named is None:
            named = next(iter(self.request.callers[1:]), None)
        record = self.current(named) if isinstance(named, Record) and head != "before" else named
        while isinstance(record, Record) and len(rest) > 1 and rest[0] == "related":
            record, rest = self._related(record, rest[1]), rest[2:]
        return (record if isinstance(record, Record) else None), rest

    def _related(self, record: Record, member: str) -> Record | None:
        resource = next((item.resource for item in self._state(record).resource.relations if item.member == member), "")
        related = self.world.related(resource, text_of(record.value.get(member))) if resource else Absence.UNTOUCHED
        return related if isinstance(related, Record) else None

    def _of_request(self, parts: list[str]) -> JSON:
        place, *rest = parts
        if place == "body":
            return value_in(self.request.body, rest)
        if place == "path":
            return self.request.path.get(rest[0])
        pairs = (pair for pair in self.request.query.split("&", MOST_PAIRS)[:MOST_PAIRS] if pair)
        texts = (parse_qsl(pair, keep_blank_values=True) for pair in pairs)
        return next((value for text in texts for name, value in text if name == rest[0]), None)
