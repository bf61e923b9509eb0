"""What travels through the house: requests, answers, findings, and the exchange that they make up.

Everything here is frozen and knows nothing of the rooms that pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
"""A value as JSON knows it (RFC 8259)."""

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Field lines in the order they stand on the wire. Names of requests are in lower case."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, said so that the reader can mend it.

    ``rule`` is a stable name (``dangling-reference``), ``location`` is where a person looks
    (``polar.yaml:12``, ``header authorization``), ``pointer`` is a JSON Pointer (RFC 6901) into it.
    """

    rule: str
    location: str
    found: str
    expected: str
    pointer: str = ""
    remedy: str = ""
    severity: str = "error"
    """``error``; ``repaired`` for a defect of a contract that has one safe repair; ``warning`` for what is passed over
    in a request."""

    def __str__(self) -> str:
        where = f"{self.location} {self.pointer}".strip()
        text = f"{where}: {self.found}; expected {self.expected} [{self.rule}]"
        return f"{text}. {self.remedy}" if self.remedy else text

    def as_json(self) -> dict[str, JSON]:
        """The finding as a member of a problem document; empty parts are left out."""
        parts = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came.

    ``path`` is decoded, ``raw_path`` as sent, both without the prefix of a world; ``query`` is raw, ``origin`` is the
    scheme and host that the client asked (``http://localhost:4010``).
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    origin: str = ""
    raw_path: str = ""
    """Empty where nobody knows it; then ``path`` is all there is."""

    def header(self, name: str) -> str | None:
        """The first field line of that (lower-case) name: a second ``Authorization`` is not looked at."""
        for key, value in self.headers:  # a loop: a generator takes three times as long, and this is asked often
            if key == name:
                return value
        return None

    def header_values(self, name: str) -> list[str]:
        """Every field line of that (lower-case) name, in order."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes wrong on the wire, beside an answer that is well in itself.

    ``cut`` closes the connection: ``before_headers``, or ``mid_body`` after half of the body. ``trickle`` is bytes of
    the body per second (0: all at once). ``overstate`` announces more bytes than come. ``hang`` never answers.
    ``cut_after`` closes the connection after so many items of a stream; None lets it end.
    """

    cut: str = ""
    trickle: int = 0
    overstate: bool = False
    hang: bool = False
    cut_after: int | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that leaves item by item: what its items are made from, so that none has to be held.

    ``operation`` is the key, ``response`` the key of the response (``200``, ``2XX``), ``media`` the index of its media
    type. There are ``count`` items, drawn from ``seed`` and ``identity``; ``interval`` is in milliseconds.
    ``is_exemplary`` says whether what the contract shows is sent, ``is_judged`` whether the contract has a say.

    Items that an example or a scenario gives are JSON texts in ``given`` (None: nobody gives any). ``patches``
    (RFC 7396) change each item, ``breaks`` what is at a JSON Pointer into the list of all; both hold JSON texts.
    ``garble`` spoils the item number ``garbled``. Of a stream that has ended, ``sent`` is the number of items that left
    and ``end`` says how it came to that: ``complete``, ``cut``, ``client gone``, ``server stopped`` or ``failed``.
    """

    operation: str
    response: str
    media: int
    count: int
    seed: int
    identity: str
    interval: int = 0
    is_exemplary: bool = True
    is_judged: bool = True
    given: tuple[str, ...] | None = None
    patches: tuple[str, ...] = ()
    breaks: tuple[tuple[str, str], ...] = ()
    garble: str = ""
    garbled: int = 0
    sent: int = 0
    end: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it will be sent, and what to do with the wire.

    ``delay`` is in milliseconds. ``reason`` says where on the ladder the answer came from. ``judged`` is the
    JSON text of the value that the body was written from; None where the body is that itself, empty where no
    schema can be held against it. ``findings`` say what the contract offered and could not be sent. ``wire`` is what
    happens on the way. ``sought`` is the record that was looked for, by resource and handle: where it changes, or comes
    to be, the answer is another. ``stream`` is there where the body leaves item by item; ``body`` then is empty, or as
    much of what has left as a journal keeps.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    reason: str = ""
    delay: int = 0
    judged: bytes | None = None
    findings: tuple[Finding, ...] = ()
    wire: Wire | None = None
    sought: tuple[str, str] | None = None
    stream: Stream | None = None
    pieces: Iterator[bytes] | None = None
    """The body of an answer of control that is too large to be held, piece by piece; ``body`` then is empty."""

    def header(self, name: str) -> str | None:
        """The first field line of that name, whatever its case."""
        lower_name = name.lower()
        for key, value in self.headers:
            if key.lower() == lower_name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """What routing made of a method and a path.

    ``operation`` is the key of the operation, None where there is none. Then ``allow`` holds the
    methods that the path does have (empty: no such path), and ``redirect`` the path without the
    trailing slash where the contract wants that redirected. ``path_parameters`` are as sent as far as reserved
    characters go (RFC 3986, 2.2): what divides a value stands there plain, what is data of it encoded. ``others`` are
    further operations of the same method and path, which only their fragments (``/pets#find``) tell apart in the
    contract.
    """

    operation: str | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    redirect: str | None = None
    others: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, what was found in it and in the answer, and the answer that is sent."""

    request: Request
    route: Route
    answer: Answer
    findings: tuple[Finding, ...] = ()
