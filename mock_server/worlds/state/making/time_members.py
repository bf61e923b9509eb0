"""Times in a record: which members tell when it was created and changed, in which form, and what else is a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import Enum

from mock_server.core.timestamp import rfc3339
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_examples import schema_examples
from mock_server.openapi.resources.names import vocabulary, words_of
from mock_server.worlds.state.making.record_shapes import Member, RecordShape

DAY = 86_400
_MONTH = 30 * DAY
_SAMPLE = 1_767_225_600.123456
"""A moment with a fraction of a second, to try forms with."""
_MILLISECONDS = 100_000_000_000
"""Numbers from here on are milliseconds: in seconds they would be after the year 5000."""
_MARKS = vocabulary(
    "at on time date timestamp ts datetime utc ms millis milliseconds unix epoch seconds sec s iso last moment"
)
"""Words that say that a name is a time, and not of what."""
_TIME_ENDS = vocabulary("at date timestamp ts datetime until")
"""Last words of a time that no format tells of."""
_CREATION = vocabulary("created creation create inserted added registered joined signup timestamp")
_CHANGE = vocabulary("updated update modified modification changed change edited touched")
_EXPIRY = vocabulary("expires expiry expiration expire until")
_ENDS = vocabulary("end ends due next renews renewal")
_FRACTION = re.compile(r"T\d\d:\d\d:\d\d(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$", re.IGNORECASE)


class Moment(Enum):
    """What a time of a record tells: of its creation, of its last change, or of another event."""

    CREATION = "creation"
    CHANGE = "change"
    EXPIRY = "expiry"
    END = "end"
    EVENT = "event"


@value_class
class TimeMember:
    """A member that is a time, what it tells, and how it is written."""

    member: Member
    moment: Moment
    write: Callable[[float], JSON]

    def value(self, now: float) -> JSON:
        """Return the moment of something that happens ``now`` (seconds since 1970): an expiry is a day later."""
        later = {Moment.EXPIRY: DAY, Moment.END: _MONTH}.get(self.moment, 0)
        return self.write(now + later)


@value_class
class TimeMembers:
    """The times of one shape of a record, by name."""

    members: Mapping[str, TimeMember] = field(default_factory=dict)

    @classmethod
    def of(cls, shape: RecordShape) -> TimeMembers:
        """Return the times among the members of a shape."""
        times = ((name, time_member(member)) for name, member in shape.members.items())
        return cls({name: time for name, time in times if time is not None})

    @property
    def of_creation(self) -> list[str]:
        """The names of the members that tell when the record was created."""
        return self._of(Moment.CREATION)

    @property
    def of_change(self) -> list[str]:
        """The names of the members that tell when it was last changed."""
        return self._of(Moment.CHANGE)

    def _of(self, moment: Moment) -> list[str]:
        return [name for name, time in self.members.items() if time.moment is moment]


def time_member(member: Member) -> TimeMember | None:
    """Return the time that a member is; None where it is none.

    It is one by the format of its text, or by its name where that is a number or a text without a format.
    """
    words = words_of(member.name)
    formats = {str(node.keywords["format"]) for node in member.nodes() if "format" in node.keywords}
    is_formatted = bool(formats & {"date-time", "date", "unix-time", "timestamp", "datetime"})
    moment = _moment(words)
    is_named = bool(words) and (words[-1] in _TIME_ENDS or moment in (Moment.CREATION, Moment.CHANGE))
    if not is_formatted and not is_named:
        return None
    write = next((write for write in _forms(member) if member.accepts(write(_SAMPLE))), None)
    return TimeMember(member, moment or Moment.EVENT, write) if write is not None else None


def _moment(words: tuple[str, ...]) -> Moment | None:
    """Return what a name tells of; only its marks (``at``, ``date``) may stand beside."""
    said = [word for word in words if word not in _MARKS]
    if said and all(word in _CREATION for word in said):
        return Moment.CREATION
    if said and all(word in _CHANGE for word in said):
        return Moment.CHANGE
    if words == ("timestamp",):
        return Moment.CREATION
    if any(word in _EXPIRY for word in said):
        return Moment.EXPIRY
    if any(word in _ENDS for word in said):
        return Moment.END
    return None


def _forms(member: Member) -> Iterator[Callable[[float], JSON]]:
    """Yield the ways to write a moment, the likeliest for the member first."""
    examples = [example for node in member.nodes() for example in schema_examples(node)]
    words = {*words_of(member.name)}
    formats = {str(node.keywords.get("format", "")) for node in member.nodes()}
    for example in examples:
        if isinstance(example, str) and (match := _FRACTION.search(example)):
            yield _text_in(len(match[1]) if match[1] else 0, match[2] or "")
        elif isinstance(example, int) and not isinstance(example, bool) and example >= _MILLISECONDS:
            yield milliseconds
    if words & {"ms", "millis", "milliseconds"} or any("milli" in name for name in formats):
        yield milliseconds
    yield rfc3339
    yield seconds
    yield day


def seconds(now: float) -> int:
    """Return a moment in whole seconds since 1970."""
    return int(now)


def milliseconds(now: float) -> int:
    """Return a moment in whole milliseconds since 1970."""
    return int(now * 1000)


def day(now: float) -> str:
    """Return the date of a moment in UTC."""
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def _text_in(digits: int, zone: str) -> Callable[[float], JSON]:
    """Return what writes a moment with so many digits of a second, and UTC as the example writes its zone."""
    ending = "Z" if zone[:1].lower() in ("z", "") else "+00:00" if ":" in zone else "+0000"
    ending = ending if zone else ""

    def write(now: float) -> str:
        moment = datetime.fromtimestamp(now, UTC)
        fraction = f".{moment.microsecond:06d}".ljust(digits + 1, "0")[: digits + 1] if digits else ""
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{ending}"

    return write
