"""Origins of data: a text and its data, layers of them, and the place of a node (JSON Pointer, RFC 6901)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cached_property
from typing import Protocol

from mock_server.core.json_pointer import pointer_parts, value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class


@value_class
class Source:
    """A text, where it came from, and the data in it.

    ``name`` is its name in messages. ``data`` has only JSON types, with texts as keys.
    """

    name: str
    text: str = field(repr=False)
    data: JSON = field(repr=False)

    def line(self, pointer: str) -> int | None:
        """Return the line (from 1) of the node at a JSON Pointer, or of its nearest ancestor that is in the text.

        The text is parsed again for this: lines are needed only for messages.
        """
        from mock_server.openapi.loading.line_index import line_at  # for messages alone

        return line_at(self.name, self.text, pointer_parts(pointer))

    def location(self, pointer: str) -> str:
        """Return ``polar.yaml:12`` for a JSON Pointer."""
        line = self.line(pointer)
        return self.name if line is None else f"{self.name}:{line}"

    def place(self, pointer: str) -> str:
        """Return the location and the JSON Pointer itself."""
        return f"{self.location(pointer)} {pointer}".rstrip()


@value_class
class Origin:
    """The origin of a part: the node at ``pointer`` of the document is at ``at`` of ``source``."""

    pointer: str
    source: Source
    at: str


class Located(Protocol):
    """Tells in which file and line the node at a JSON Pointer is."""

    @property
    def name(self) -> str: ...
    def location(self, pointer: str) -> str: ...


@value_class
class RelocatedSourceMap:
    """A document whose nodes were moved: ``moves`` maps a pointer of now to the pointer in ``below``."""

    below: Located
    moves: Mapping[str, str]

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.below.name

    def location(self, pointer: str) -> str:
        """Return the location of the node before it was moved, as far as that is known."""
        now = pointer
        while now and now not in self.moves:
            now = now.rpartition("/")[0]
        return self.below.location(self.moves.get(now, "") + pointer[len(now) :])


@value_class
class LayeredSourceMap:
    """A contract with parts of other files and of overlays: it tells in which file and line a node is."""

    base: Located
    origins: tuple[Origin, ...] = ()

    @property
    def name(self) -> str:
        """The contract's name."""
        return self.base.name

    def location(self, pointer: str) -> str:
        """Return ``30-mock.yaml:12`` for a JSON Pointer into the document with all overlays applied."""
        for origin in reversed(self.origins):
            rest = pointer.removeprefix(origin.pointer)
            if pointer.startswith(origin.pointer) and rest[:1] in ("", "/"):
                try:
                    value_at(origin.source.data, origin.at + rest)
                except KeyError:
                    continue
                return origin.source.location(origin.at + rest)
        return self.base.location(pointer)

    def place(self, pointer: str) -> str:
        """Return the location and the JSON Pointer itself."""
        return f"{self.location(pointer)} {pointer}".rstrip()


class LazySourceMap:
    """Locations of the nodes of a document, found at first use: the texts are read again for this."""

    def __init__(self, read: Callable[[], LayeredSourceMap]) -> None:
        self._read = read

    @cached_property
    def _layers(self) -> LayeredSourceMap:
        return self._read()

    def location(self, pointer: str) -> str:
        """Return ``30-mock.yaml:12`` for a JSON Pointer into the document with all overlays applied."""
        return self._layers.location(pointer)

    def place(self, pointer: str) -> str:
        """Return the location and the JSON Pointer itself."""
        return self._layers.place(pointer)
