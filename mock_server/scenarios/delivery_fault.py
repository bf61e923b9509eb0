"""Faults of deliveries on demand: what goes wrong between a real API and its receivers now and then. Only data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast, get_args

from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

FaultKind = Literal[
    "drop", "duplicate", "reorder", "late", "wrong_signature", "old_timestamp", "invalid_body", "timeout"
]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)
"""What may go wrong. ``drop``: nothing is sent. ``duplicate``: sent twice. ``reorder``: sent after the next one at the
endpoint. ``late``: sent so many seconds later. ``wrong_signature``: signed with another key. ``old_timestamp``: signed
so many seconds ago. ``invalid_body``: a member of the body has a value of another type. ``timeout``: sent, and the
answer is taken for one that came too late."""
FAULT_KEYS = ("event", "fault", "seconds", "tries")
"""The keys of an instruction for a fault."""
MOST_EVENT_FAULTS = 100
"""Faults that one answer of a scenario may have."""
_SECONDS: Mapping[FaultKind, float] = {"late": 60, "reorder": 60, "old_timestamp": 3_600}
"""The kinds that have a time, with the seconds where nothing else is said."""
_LONGEST = 31_536_000
_OF_TRIES: tuple[FaultKind, ...] = ("drop", "wrong_signature", "old_timestamp", "invalid_body", "timeout")
"""The kinds that may befall several tries of one delivery. The others are a matter of the first one."""
_MOST_TRIES = 1_000_000


@value_class
class DeliveryFault:
    """A fault of the first ``tries`` tries of one delivery, those after it are right. ``seconds``: how late or old."""

    kind: FaultKind
    seconds: float = 0.0
    tries: int = 1

    @property
    def is_late(self) -> bool:
        """Whether the delivery comes later than others after it."""
        return self.kind in ("late", "reorder")

    @property
    def late_by(self) -> float:
        """The seconds after the event at which it is sent. One that is to be overtaken waits so long at most."""
        return self.seconds if self.is_late else 0.0

    def as_json(self) -> dict[str, JSON]:
        """Return the fault as rows keep it."""
        return {"kind": self.kind, "seconds": self.seconds, "tries": self.tries}

    def described(self) -> dict[str, JSON]:
        """Return the fault as it is shown: with the members that are of any matter to its kind."""
        return {
            "fault": self.kind,
            "seconds": self.seconds if self.kind in _SECONDS else None,
            "tries": self.tries if self.kind in _OF_TRIES else None,
        }

    @classmethod
    def of(cls, value: JSON) -> DeliveryFault | None:
        """Return the fault that a row keeps; None for none."""
        if not isinstance(value, dict):
            return None
        seconds, tries = value.get("seconds"), value.get("tries")
        return cls(
            cast("FaultKind", value["kind"]),
            float(seconds) if isinstance(seconds, (int, float)) else 0.0,
            tries if isinstance(tries, int) else 1,
        )


@value_class
class EventFault:
    """A fault of the deliveries of events of that name; an empty name is any."""

    fault: DeliveryFault
    event: str = ""

    def is_of(self, type: str) -> bool:
        """Tell whether events of a name are delivered with it."""
        return self.event in ("", type)

    def as_json(self) -> dict[str, JSON]:
        """Return it as rows keep it."""
        return {"event": self.event, "fault": self.fault.as_json()}

    @classmethod
    def of(cls, value: JSON) -> EventFault | None:
        """Return what a row keeps; None for nothing."""
        if not isinstance(value, dict):
            return None
        fault = DeliveryFault.of(value.get("fault"))
        return None if fault is None else cls(fault, str(value.get("event") or ""))


def read_event_fault(part: JsonReader, further: tuple[str, ...] = ()) -> EventFault:
    """Return the fault that an instruction asks for, which may have ``further`` keys.

    Raises :class:`InstructionError` for what is none.
    """
    members = part.members((*FAULT_KEYS, *further))
    if "fault" not in members:
        raise part.wrong("an object with a fault, one of " + ", ".join(FAULT_KINDS))
    kind = cast("FaultKind", members["fault"].choice(FAULT_KINDS))
    if "seconds" in members and kind not in _SECONDS:
        raise members["seconds"].wrong("it beside late, reorder or old_timestamp alone")
    if "tries" in members and kind not in _OF_TRIES:
        raise members["tries"].wrong("it beside " + ", ".join(_OF_TRIES[:-1]) + f" or {_OF_TRIES[-1]} alone")
    fault = DeliveryFault(
        kind,
        members["seconds"].number(0, _LONGEST) if "seconds" in members else float(_SECONDS.get(kind, 0)),
        members["tries"].whole(1, _MOST_TRIES) if "tries" in members else 1,
    )
    return EventFault(fault, members["event"].text() if "event" in members else "")


def read_event_faults(part: JsonReader) -> tuple[EventFault, ...]:
    """Return the faults that one instruction, or a list of them, asks for.

    Raises :class:`InstructionError` for what is none.
    """
    if not isinstance(part.value, list):
        return (read_event_fault(part),)
    return tuple(read_event_fault(entry) for entry in part.items(MOST_EVENT_FAULTS))
