"""Records, the rows that a world has itself in their place, and changes of rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

HANDLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""The form of every handle."""


KEYS = "#"
"""What the names of resources contain whose rows stand for something else than records: keys that are taken, say.

No resource of a contract has it in its name.
"""

_NOTHING: Mapping[str, JSON] = MappingProxyType({})


def _nothing() -> Mapping[str, JSON]:
    return _NOTHING


@value_class
class Record:
    """One record of a resource. ``value`` is read-only; ``location`` is the file and line it came from.

    ``hidden`` is kept beside the value and shown to nobody; it is read-only too.
    """

    resource: str
    handle: str
    value: dict[str, JSON]
    location: str = ""
    hidden: Mapping[str, JSON] = field(default_factory=_nothing)


class Absence(Enum):
    """Why a world has no record of its own: it never touched the handle, or it deleted what was there."""

    UNTOUCHED = "untouched"
    DELETED = "deleted"


OwnRow: TypeAlias = Record | Absence
"""What a world itself has of a handle."""


@value_class
class RecordChange:
    """A change of one row of a world: what has to be there, and what comes in its place.

    ``after`` is a record, ``DELETED`` to hide what the world began with, or ``UNTOUCHED`` to show it again.
    """

    resource: str
    handle: str
    before: OwnRow
    after: OwnRow

    def is_of(self, row: OwnRow) -> bool:
        """Tell whether a row is what has to be there; where a record came from does not matter."""
        before = self.before
        if row is before:
            return True
        if isinstance(row, Absence) or isinstance(before, Absence):
            return False
        return row.value == before.value and row.hidden == before.hidden
