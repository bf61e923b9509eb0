"""The times of seeds: all before one moment, the later the higher the number; never the time of a real clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.names import vocabulary, words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = datetime(2025, 1, 1, tzinfo=UTC)
"""All seeds are created between these two."""
_SPACED = 1000
"""Seeds that are :data:`_WIDE` seconds apart, and within as many at any moment; later ones are :data:`_NARROW`."""
_WIDE = 8 * 3600
_NARROW = 2
_CREATED = vocabulary("created creation create inserted")
_CHANGED = vocabulary("updated modified changed edited update modification")
_GONE = vocabulary("deleted archived canceled cancelled revoked expired removed closed ended failed refunded")
"""Words of times that a record has not come to yet."""
_ENDINGS = vocabulary("at on date time timestamp")
"""Last words of the names of times; ``created`` and ``updated`` say so alone."""
_LATEST_CHANGE = 20 * 24 * 3600
"""Most seconds between creation and change, as far as there are so many before :data:`LAST`."""
_FORM = "%Y-%m-%dT%H:%M:%SZ"


def moment_of(number: int, draw: SeedKey) -> datetime:
    """Return when the seed of a number from 0 was created."""
    if number < _SPACED:
        seconds = number * _WIDE + draw.at("#created").randrange(_WIDE)
    else:
        seconds = _SPACED * _WIDE + (number - _SPACED) * _NARROW
    return min(FIRST + timedelta(seconds=seconds), LAST - timedelta(seconds=1))


def any_moment(draw: SeedKey) -> datetime:
    """Return when a record was created that is no seed."""
    return FIRST + timedelta(seconds=draw.at("#created").randrange(_SPACED * _WIDE))


class SeedTimes:
    """The members of a record that say when it was created, changed, or came to its end."""

    def __init__(self, shape: SchemaShape, document: SchemaDocument) -> None:
        self._created: dict[str, SchemaNode] = {}
        self._changed: dict[str, SchemaNode] = {}
        self._gone: dict[str, SchemaNode] = {}
        for member, schema in shape.members.items():
            kind = self._kind(member)
            if kind is None or not isinstance(schema, dict):
                continue
            node = document.root(schema)
            if _written(FIRST, node) is not None:
                kind[member] = node

    def _kind(self, member: str) -> dict[str, SchemaNode] | None:
        words = words_of(member)
        ends_so = bool({*words[-1:]} & _ENDINGS)
        kinds = ((_GONE, self._gone, False), (_CHANGED, self._changed, True), (_CREATED, self._created, True))
        for names, kind, is_alone in kinds:
            if names & {*words} and (ends_so or (is_alone and len(words) == 1)):
                return kind
        return None

    def pins(self, created: datetime, draw: SeedKey) -> dict[str, JSON]:
        """Return the values of these members by name."""
        values: dict[str, JSON] = {}
        for member, node in self._created.items():
            values[member] = _written(created, node)
        later = min(created + timedelta(seconds=draw.at("#changed").randrange(1, _LATEST_CHANGE)), LAST)
        for member, node in self._changed.items():
            values[member] = None if node.accepts(None) else _written(later, node)
        for member, node in self._gone.items():
            if node.accepts(None):
                values[member] = None
        return values


def _written(moment: datetime, node: SchemaNode) -> JSON:
    """Return a moment in the form that a schema has; None where it is no time."""
    seconds = int(moment.timestamp())
    if node.accepts(seconds) and not node.accepts("x"):
        return seconds
    text = moment.strftime(_FORM)
    if node.accepts(text):
        return text
    day = moment.strftime("%Y-%m-%d")
    return day if node.accepts(day) else None
