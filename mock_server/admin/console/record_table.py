"""Records as a table that fits: the columns that tell most, values in a few words, links where a member names one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from mock_server.admin.console.templates import short
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

MOST_COLUMNS = 8
_TELLING = ("id", "handle", "name", "title", "email", "slug", "type", "status", "amount", "currency", "created_at")
"""Members that people look for first, where records have them."""
_LONGEST = 60


@value_class
class Cell:
    """A value in a few words, and where it leads; an empty text for nothing."""

    text: str
    url: str = ""


def columns_of(records: Iterable[Mapping[str, JSON]], key: str) -> list[str]:
    """Return the members that are columns: the key, those that tell most, then those that hold no objects."""
    nested: dict[str, bool] = {}
    for record in records:
        for name, value in record.items():
            nested[name] = nested.get(name, False) or isinstance(value, (dict, list))
    plain = [name for name, is_nested in nested.items() if not is_nested]
    telling = [name for name in _TELLING if name in plain]
    names = dict.fromkeys([key, *telling, *plain, *nested] if key in nested else [*telling, *plain, *nested])
    return [*names][:MOST_COLUMNS]


def cells_of(record: Mapping[str, JSON], columns: Sequence[str], link: Callable[[str, JSON], str]) -> list[Cell]:
    """Return the cells of a record; ``link`` returns where the value of a member leads, or an empty text."""
    return [Cell(short(in_words(record.get(name)), _LONGEST), link(name, record.get(name))) for name in columns]


def in_words(value: JSON) -> str:
    """Return a value in a few words: of a nested one, the parts that are not empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(filter(None, map(in_words, [*value.values()][:MOST_COLUMNS])))
    if isinstance(value, list):
        return ", ".join(filter(None, map(in_words, value[:MOST_COLUMNS])))
    return str(value)


def sorted_by(records: Sequence[Mapping[str, JSON]], member: str, *, descending: bool) -> list[Mapping[str, JSON]]:
    """Return records in the order of a member: numbers before texts, records without it last."""
    have = [record for record in records if record.get(member) is not None]
    lack = [record for record in records if record.get(member) is None]
    return [*sorted(have, key=lambda record: _order(record[member]), reverse=descending), *lack]


def _order(value: JSON) -> tuple[bool, float, str]:
    if isinstance(value, (int, float)):
        return False, float(value), ""
    return True, 0.0, in_words(value).casefold()
