"""The messages of the server: requests, answers, findings, and the exchange that they make up.

Everything here is frozen and does not depend on the modules that use it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from mock_server.core.diagnostics import Diagnostic

Headers: TypeAlias = tuple[tuple[str, str], ...]
"""Field lines in the order in which they are sent. Names in requests are in lower case."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was received.

    ``path`` is decoded, ``raw_path`` as sent, both without the prefix of a world; ``query`` is raw, ``origin`` is the
    scheme and host of the request (``http://localhost:4010``).
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    origin: str = ""
    raw_path: str = ""
    """Empty where it is not known; then only ``path`` is used."""

    def header(self, name: str) -> str | None:
        """Return the first field line of that (lower-case) name, or None: a second ``Authorization`` is ignored."""
        for key, value in self.headers:  # a loop: a generator takes three times as long, and this is called often
            if key == name:
                return value
        return None

    def header_values(self, name: str) -> list[str]:
        """Return every field line of that (lower-case) name, in order."""
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True, slots=True)
class TransportFault:
    """A fault in sending an answer that is valid in itself.

    ``cut`` closes the connection: ``before_headers``, or ``mid_body`` after half of the body. ``trickle`` is bytes of
    the body per second (0: all at once). ``overstate`` announces more bytes than are sent. ``hang`` never answers.
    ``cut_after`` closes the connection after so many items of a stream; None lets it end.
    """

    cut: str = ""
    trickle: int = 0
    overstate: bool = False
    hang: bool = False
    cut_after: int | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A body that is sent item by item: what its items are made from, so that they need not be in memory.

    ``operation`` is the key, ``response`` the key of the response (``200``, ``2XX``), ``media`` the index of its media
    type. There are ``count`` items, drawn from ``seed`` and ``identity``; ``interval`` is in milliseconds.
    ``is_exemplary`` tells whether the contract's samples are sent, ``is_judged`` whether items are validated. Items of
    an example or a scenario are JSON texts in ``given`` (None: items are generated). ``patches`` (RFC 7396) change each
    item, ``breaks`` what is at a JSON Pointer into the list of all; both hold JSON texts. ``garble`` spoils the item
    number ``garbled``. Once a stream has ended, ``sent`` is the number of items that were sent and ``end`` tells why it
    ended: ``complete``, ``cut``, ``client gone``, ``server stopped`` or ``failed``.
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
class Response:
    """An answer as it will be sent, and the fault with which it is sent.

    ``delay`` is in milliseconds. ``reason`` names the source of the answer. ``judged`` is the JSON text of the value
    that the body was written from; None where the body is that itself, empty where no schema can validate it.
    ``findings`` are about what the contract offered and could not be sent. ``wire`` is a fault in sending. ``sought``
    is the record that was looked up, by resource and handle: the answer depends on it, or on its absence. ``stream`` is
    set where the body is sent item by item; ``body`` is then empty, or as much of what was sent as a journal keeps.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    reason: str = ""
    delay: int = 0
    judged: bytes | None = None
    findings: tuple[Diagnostic, ...] = ()
    wire: TransportFault | None = None
    sought: tuple[str, str] | None = None
    stream: Stream | None = None
    pieces: Iterator[bytes] | None = None
    """The body of an answer of control that is too large to be held, piece by piece; ``body`` then is empty."""

    def header(self, name: str) -> str | None:
        """Return the first field line of that name in any case, or None."""
        lower_name = name.lower()
        for key, value in self.headers:
            if key.lower() == lower_name:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """The result of routing a method and a path.

    ``operation`` is the key of the operation, None where there is none. Then ``allow`` has the methods that the path
    does have (empty: no such path), and ``redirect`` the path without the trailing slash where the contract wants a
    redirect. ``path_parameters`` are still encoded as far as reserved characters go (RFC 3986, 2.2): a delimiter in a
    value is plain, the same character as data is encoded. ``others`` are further operations of the same method and
    path, which only their fragments (``/pets#find``) tell apart in the contract.
    """

    operation: str | None = None
    path_parameters: Mapping[str, str] = field(default_factory=dict)
    allow: tuple[str, ...] = ()
    redirect: str | None = None
    others: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the findings about it and the answer, and the answer that is sent."""

    request: Request
    route: Route
    answer: Response
    findings: tuple[Diagnostic, ...] = ()
