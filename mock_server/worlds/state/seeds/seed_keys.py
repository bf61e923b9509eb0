"""The keys of seeds: drawn in the shape that the schema of the member has, each one once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from mock_server.core.errors import GenerationError
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.generation.fake.field_providers import uuid4
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey
from mock_server.worlds.state.identity import text_of

INDEXED = 100_000
"""Seeds that are found by a key, whether it was asked for before or not."""
NUMBERED = 1000
"""Seeds whose keys are compared with all before; a later one has its number in the key, where that is allowed."""
_ATTEMPTS = 20
_LONG = 14
"""Characters that are drawn of a key which no other draw has: 46 bits where all of them are digits."""
_PROBES = 8
"""Keys that are drawn to see how they are."""

_ENDING = re.compile("[0-9]{1,12}$")

Draw = Callable[[SeedKey], JSON]


class KeyShape:
    """Values for the member that is a key: as those of new records are drawn, where the schema takes them."""

    def __init__(self, member: str, schema: JSON, document: SchemaDocument, drawn: Draw) -> None:
        self._schema = True if schema is None else schema
        self._document = document
        self._node: SchemaNode = document.root(self._schema)
        probes = [SeedKey(0, member, f"probe {number}") for number in range(_PROBES)]
        self.is_integer = self._node.accepts(1) and not self._node.accepts(uuid4(probes[0].at("")))
        self.lowest = next((number for number in (1, 0) if self._node.accepts(number)), None)
        """The first of integers that count; None where keys are others."""
        self._draw = drawn
        if not all(self._node.accepts(self.drawn(probe)) for probe in probes):
            self._draw = self._by_schema
        self.is_wide = not self.is_integer and _is_wide([text_of(self.drawn(probe)) for probe in probes])
        """Whether two draws are never the same."""

    def _by_schema(self, draw: SeedKey) -> JSON:
        return generate(self._schema, draw, self._document)

    def numbered(self, number: int) -> JSON:
        """Return the key of a number from 0, where keys are integers that count; None where they are not."""
        if not self.is_integer or self.lowest is None:
            return None
        key = self.lowest + number
        return key if self._node.accepts(key) else None

    def drawn(self, draw: SeedKey) -> JSON:
        """Return the key of a draw; None where no value can be made."""
        try:
            return self._draw(draw)
        except GenerationError:
            return None

    def accepts(self, key: JSON) -> bool:
        """Tell whether the schema takes a key."""
        return self._node.accepts(key)

    def typed(self, text: str) -> JSON:
        """Return the value of the member for a text of a path; None where the schema takes none."""
        candidates: list[JSON] = [text]
        if re.fullmatch("-?(0|[1-9][0-9]{0,17})", text):
            candidates.insert(0 if self.is_integer else 1, int(text))
        return next((value for value in candidates if self._node.accepts(value)), None)


def _is_wide(texts: list[str]) -> bool:
    """Tell whether texts are of one length, and all of them differ in so many characters that no two are equal."""
    if len({len(text) for text in texts}) != 1 or len({*texts}) != len(texts):
        return False
    return sum(len({*marks}) > 1 for marks in zip(*texts, strict=True)) >= _LONG


class KeyLine:
    """The keys of one member in one scope, by number: those of examples first, then drawn ones."""

    def __init__(
        self, shape: KeyShape, first_keys: Sequence[JSON], length: int, draw_of: Callable[[int, int], SeedKey]
    ) -> None:
        self._shape = shape
        self._keys: list[JSON] = [*first_keys][:length]
        self._texts = {text_of(key) for key in first_keys}
        self._given = len(self._keys)
        self._next = 0
        self._draw_of = draw_of
        self._wanted = length
        self._ends: int | None = None
        self._is_counting = shape.numbered(0) is not None
        self._index: dict[str, int] | None = None
        self._latest: tuple[int, JSON] | None = None
        """The number and the key that were drawn last: who makes a seed asks for its key several times."""
        self._recent: SizedCache[str, int] = SizedCache(INDEXED)
        self._above = max((key for key in self._keys if isinstance(key, int)), default=0)

    def __len__(self) -> int:
        if self._ends is None and not self._shape.is_wide:
            self._draw_until(min(self._wanted, NUMBERED))
            if self._ends is None and self._wanted > NUMBERED and self[NUMBERED] is None:
                self._ends = len(self._keys)
        return self._wanted if self._ends is None else self._ends

    def __getitem__(self, index: int) -> JSON:
        """Return the key of a number below the length; None where there is no other one."""
        key = self._key(index)
        if index >= INDEXED:
            self._recent.keep(text_of(key), index)
        return key

    def find(self, text: str) -> int | None:
        """Return the number of the seed with a key; None where there is none.

        Of the seeds from :data:`INDEXED` on, only those whose keys have their number in them, or were asked for lately.
        """
        if self._index is None:
            texts = (text_of(self._key(index)) for index in range(min(len(self), INDEXED)))
            self._index = {text: index for index, text in enumerate(texts) if text}
        number = self._index.get(text)
        return number if number is not None or len(self) <= INDEXED else self._later(text)

    def _later(self, text: str) -> int | None:
        end = _ENDING.search(text)
        if end is not None and not self._shape.is_wide:
            index = int(end[0]) - (
                max(self._next, self._above) - NUMBERED + (self._shape.lowest or 0) if self._is_counting else 1
            )
            if INDEXED <= index < len(self) and text_of(self._key(index)) == text:
                return index
        return self._recent.get(text)

    def _key(self, index: int) -> JSON:
        if index < self._given:
            return self._keys[index]
        if self._shape.is_wide:
            latest = self._latest
            if latest is None or latest[0] != index:
                latest = self._latest = index, self._shape.drawn(self._draw_of(index, 0))
            return latest[1]
        if index < NUMBERED:
            self._draw_until(index + 1)
            return self._keys[index] if index < len(self._keys) else None
        self._draw_until(NUMBERED)
        if self._is_counting:
            return self._shape.numbered(max(self._next, self._above) + index - NUMBERED)
        key = self._shape.drawn(self._draw_of(index, 0))
        numbered = f"{key}-{index + 1}"
        return numbered if isinstance(key, str) and self._shape.accepts(numbered) else None

    def _draw_until(self, count: int) -> None:
        while len(self._keys) < count and self._ends is None:
            key = self._other()
            if key is None:
                self._ends = len(self._keys)
                return
            self._texts.add(text_of(key))
            self._keys.append(key)

    def _other(self) -> JSON:
        """Return a key that no seed before has; None where none is found."""
        if self._is_counting:
            while True:
                key = self._shape.numbered(self._next)
                self._next += 1
                if key is None or text_of(key) not in self._texts:
                    return key
        for attempt in range(_ATTEMPTS):
            key = self._shape.drawn(self._draw_of(len(self._keys), attempt))
            if text_of(key) and text_of(key) not in self._texts:
                return key
        return None
