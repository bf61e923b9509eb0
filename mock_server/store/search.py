"""Which records of a resource are meant: by a part of their texts, by the beginning of the handle, and which part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from mock_server.exchange import JSON

if TYPE_CHECKING:
    from mock_server.store.protocol import Record


@dataclass(frozen=True, slots=True)
class Search:
    """What records have to have. ``text`` stands in any of their texts, whatever its case; ``handle`` is a prefix."""

    text: str = ""
    handle: str = ""
    offset: int = 0
    limit: int | None = None

    def of(self, records: Iterable[Record]) -> list[Record]:
        """The part that is wanted of the records that are meant."""
        end = None if self.limit is None else self.offset + self.limit
        return [*islice(self.meant(records), self.offset, end)]

    def meant(self, records: Iterable[Record]) -> Iterator[Record]:
        """All records that are meant."""
        text = folded(self.text)
        for record in records:
            if record.handle.startswith(self.handle) and (not text or text in texts_of(record)):
                yield record


ALL = Search()
"""All records of a resource."""


def texts_of(record: Record) -> str:
    """What a search looks through: handle, texts and numbers of a record, a line each, without regard to case."""
    return folded("\n".join([record.handle, *_texts(record.value)]))


def folded(text: str) -> str:
    """A text without regard to case (Unicode, 3.13), and without what no database takes."""
    return storable(text.casefold())


def storable(text: str) -> str:
    """A text without the character 0 and without halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
