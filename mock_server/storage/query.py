"""Searches of the records of a resource: by a part of their texts, the beginning of the handle, offset and limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

if TYPE_CHECKING:
    from mock_server.storage.record import Record

    class SizedRecords(Sized, Iterable[Record], Protocol):
        """Some records whose number is known."""


@value_class
class RecordQuery:
    """The conditions of a search. ``text`` is in any of a record's texts, in any case; ``handle`` is a prefix."""

    text: str = ""
    handle: str = ""
    offset: int = 0
    limit: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether all records match."""
        return not self.text and not self.handle

    @property
    def end(self) -> int | None:
        """How many of the matching records there may be at most before the last one; None for all."""
        return None if self.limit is None else self.offset + self.limit

    def of(self, records: Iterable[Record]) -> Sequence[Record]:
        """Return the matching records from ``offset`` on, at most ``limit``; of a tuple it copies no others."""
        if isinstance(records, tuple) and self.is_plain:
            return records[self.offset : self.end]
        return [*islice(self.meant(records), self.offset, self.end)]

    def count_of(self, records: SizedRecords) -> int:
        """Return how many of some records match."""
        return len(records) if self.is_plain else sum(1 for _ in self.meant(records))

    def meant(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield all matching records."""
        return filter(self.condition(), records)

    def condition(self) -> Callable[[Record], bool]:
        """Return what tells whether a record matches."""
        text, handle = folded(self.text), self.handle
        return lambda record: record.handle.startswith(handle) and (not text or text in texts_of(record))


ALL = RecordQuery()
"""All records of a resource."""


def texts_of(record: Record) -> str:
    """Return the text that a search examines: handle, texts and numbers of a record, a line each, case folded."""
    texts = [record.handle]
    _add_texts(record.value, texts)
    return folded("\n".join(texts))


def folded(text: str) -> str:
    """Return a case-folded text (Unicode, 3.13), without characters that databases refuse."""
    return storable(text.casefold())


def storable(text: str) -> str:
    """Return a text without the character 0 and without halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _add_texts(value: JSON, texts: list[str]) -> None:
    """Add the texts and numbers of a value, in their order."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for item in value.values():
            if item.__class__ is str:  # nearly all are
                texts.append(item)
            elif item is not None:
                _add_texts(item, texts)
    elif isinstance(value, list):
        for item in value:
            _add_texts(item, texts)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        texts.append(str(value))
