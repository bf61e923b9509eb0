"""Faults that are planned for the next deliveries of a world, and what a faulty delivery sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.scenarios.delivery_fault import FAULT_KEYS, DeliveryFault, EventFault, read_event_fault
from mock_server.storage import FAULTS, Absence, Record, RecordChange, RecordReader

MOST_FAULTS = 100
"""Faults that may be to come in one world."""
MARK = "mock-fault"
"""The header that tells a receiver's author of a fault on purpose."""


@value_class
class PlannedFault:
    """A fault for the next ``times`` deliveries of some events."""

    id: str
    planned: EventFault
    times: int = 1

    def row(self) -> Record:
        """Return the row that keeps it."""
        return Record(FAULTS, self.id, {**self.planned.as_json(), "times": self.times})

    def as_json(self) -> dict[str, JSON]:
        """Return the fault as the admin API shows it."""
        own: dict[str, JSON] = {"id": self.id, "event": self.planned.event or None}
        return {**own, **self.planned.fault.described(), "times": self.times}


def read_fault(part: JsonReader, id: str) -> PlannedFault:
    """Return the fault that an instruction asks for; raises :class:`InstructionError` for what is none."""
    planned, members = read_event_fault(part, ("times",)), part.members((*FAULT_KEYS, "times"))
    return PlannedFault(id, planned, members["times"].whole(1, 1_000_000) if "times" in members else 1)


def planned_faults(records: RecordReader) -> Iterator[PlannedFault]:
    """Yield the faults of a world that are to come, in the order in which they came. Raises :class:`StoreError`."""
    for row in records.records(FAULTS):
        planned, times = EventFault.of(row.value), row.value.get("times")
        if planned is not None and isinstance(times, int):
            yield PlannedFault(row.handle, planned, times)


def use_fault(type: str, records: RecordReader) -> tuple[DeliveryFault | None, Sequence[RecordChange]]:
    """Return the fault of the next delivery of an event of that name, and the change of the row that uses it up."""
    for fault in planned_faults(records):
        if fault.planned.is_of(type):
            rest = replace(fault, times=fault.times - 1)
            after = rest.row() if rest.times else Absence.UNTOUCHED
            return fault.planned.fault, [RecordChange(FAULTS, fault.id, fault.row(), after)]
    return None, ()


def broken_body(body: JSON) -> JSON:
    """Return a body whose last member has a value of another type than before."""
    if isinstance(body, dict) and body:
        name = [*body][-1]
        return {**body, name: 0 if isinstance(body[name], (str, dict, list)) or body[name] is None else "broken"}
    return "broken" if not isinstance(body, str) else 0
