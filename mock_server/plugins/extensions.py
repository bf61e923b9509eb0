"""The things that can be registered: string formats, codecs, field providers, patterns, stores, response sources.

Every start imports them: named tuples take a fifth of the time of data classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON

_T = TypeVar("_T")


class Random(Protocol):
    """A seeded source of randomness; its methods have the names and meanings of :class:`random.Random`."""

    def random(self) -> float:
        """Return a number from 0 to below 1."""

    def getrandbits(self, bits: int) -> int:
        """Return a whole number of so many bits."""

    def randrange(self, start: int, stop: int | None = None) -> int:
        """Return a number from 0 to below the one bound, or from the first to below the second."""

    def randint(self, low: int, high: int) -> int:
        """Return a number from the first to the second, both included."""

    def choice(self, options: Sequence[_T]) -> _T:
        """Return one of the options."""


class Draw(Protocol):
    """The randomness of one record."""

    def at(self, pointer: str) -> Random:
        """Return the randomness of a field, which is named by its JSON Pointer."""


class PersonaView(Protocol):
    """The person or company that a record is about."""

    @property
    def draw(self) -> Draw:
        """The randomness of the record."""

    @property
    def is_company(self) -> bool:
        """Whether it is a company."""

    @property
    def country(self) -> str:
        """The country (ISO 3166-1, two letters)."""

    @property
    def name(self) -> str | None:
        """The name; None where the record has none."""

    @property
    def email(self) -> str | None:
        """The email address; None where the record has none."""


class StringFormat(NamedTuple):
    """A value of the keyword ``format`` for texts. Parts that are None are unknown: any text is accepted, say.

    ``check`` tells whether a text has the format and raises nothing. ``generate`` returns a text; texts that the other
    keywords or ``check`` refuse are drawn again, eight times at most. ``shortest`` is the shortest text; ``stretched``
    returns a text of a number of characters, as close to it as the format allows. ``is_exact`` tells that ``generate``
    returns nothing that ``check`` refuses, which saves the check where a schema has no other keyword.
    """

    check: Callable[[Any], bool] | None = None
    generate: Callable[[Random], JSON] | None = None
    shortest: str | None = None
    stretched: Callable[[int], str] | None = None
    is_exact: bool = False


class MediaTypeCodec(NamedTuple):
    """A media type: how a JSON value is written in it, and read back.

    ``decode`` raises :class:`ValueError` for bytes that are not of the media type. ``examples`` are bodies to send
    where no value can be written, the first of them before all others: the smallest image, say.
    """

    encode: Callable[[JSON], bytes] | None = None
    decode: Callable[[bytes], JSON] | None = None
    examples: tuple[bytes, ...] = ()


FieldProvider: TypeAlias = Callable[[PersonaView, str], JSON]
"""Returns a believable value of a field, by its record's persona and the JSON Pointer that names its randomness."""

ValuePattern: TypeAlias = Callable[["str | None"], str]
"""Returns what a value (None: there is none) should be instead; empty where it matches."""


class PatternKind(NamedTuple):
    """A kind of pattern for a header, a parameter, a cookie or a body.

    ``build`` gets the operand, the options that are there by name, and a function that reads a pattern within this one.
    It raises :class:`mock_server.errors.InstructionError` (:meth:`JsonReader.wrong`) for an operand of no use.
    ``options`` are the names of members that may stand next to it.
    """

    build: Callable[[JsonReader, Mapping[str, JsonReader], Callable[[JsonReader], ValuePattern]], ValuePattern]
    options: tuple[str, ...] = ()


class StoreOpener(Protocol):
    """Opens what stands at the address of a store."""

    def __call__(self, address: str, worlds: int, memory: int) -> Any:
        """Return a :class:`mock_server.storage.StoreFactory`.

        ``worlds`` bounds the worlds that have records of their own, ``memory`` the bytes that are remembered of what
        was read. Raises :class:`mock_server.errors.StoreError` where nothing can be opened.
        """


class SourceLink(Protocol):
    """A link of the chain that selects the body of a response (``mock_server.mocking.sources``)."""

    def select(self, request: Any) -> Any:
        """Return the ``Selected`` body for a ``NegotiatedRequest``, or None to leave it to the next link."""


SourceFactory: TypeAlias = Callable[[Any, Any, Any], SourceLink]
"""Makes a link of the chain for one contract, from the ``Contract``, its ``Store`` and the ``Settings``."""
