"""An answer that was found and judged, ready to be sent again: as small as it can be kept.

Thousands of answers differ in a token and a body and in nothing else. What they have in common
(:mod:`mock_server.mocking.shared_parts`) is held once, and what a journal wants to know of a request is read from the
question when somebody asks. So a remembered answer costs some 320 bytes beside its body.
"""

from __future__ import annotations

from dataclasses import replace
from marshal import dumps, loads
from time import monotonic, time
from typing import TYPE_CHECKING, Any, TypeAlias

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.memory_size import bytes_of, bytes_of_length
from mock_server.http.asgi import Field, Message
from mock_server.http.messages import Headers, Request, Response, Route
from mock_server.mocking.answer_dependency import AnswerDependency
from mock_server.mocking.shared_parts import CommonLines, CoverageSignature, RequestTarget, ResponseHead
from mock_server.openapi.model import Operation
from mock_server.worlds.journal import LONGEST_BODY, LoggedExchange
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.worlds.exchange_codec import ExchangeCodec

RequestKey: TypeAlias = tuple[Any, ...]
"""Where a request goes, a world's revision, and the field lines that can change it: all that an answer depends on."""
_LINES = 2
"""Where the field lines begin in a question."""
_REPEATED = 512
"""Bytes of an exchange beside its field lines and its body, where the question was another one's, about."""


def _texts_of(lines: list[Field]) -> Headers:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in lines])


def _encoded_fields(lines: list[Field]) -> bytes:
    return b"".join([b"%s:%s\n" % line for line in lines])


class CachedResponse:
    """An answer as ASGI sends it, and what journal and coverage note of it and where it is counted.

    ``own`` is the bytes of what the question alone has of its parts, ``cost`` those of all with the body as it is sent.
    ``others`` are the field lines of the request that change nothing, None where no two requests had the same.
    ``holders`` is how many entries of journals have it, ``stamp`` when it was asked for last, as its :class:`Eviction`
    counts.
    """

    __slots__ = ("_data", "cost", "dependency", "head", "holders", "key", "others", "sign", "stamp", "target")

    def __init__(
        self,
        key: RequestKey,
        own: int,
        target: RequestTarget,
        head: ResponseHead,
        sign: CoverageSignature,
        others: CommonLines | None,
        body: bytes,
        dependency: AnswerDependency | None,
    ) -> None:
        self.key = key
        """What it is found by."""
        self.target = target
        self.head = head
        self.sign = sign
        self.others = others
        self._data = body
        self.dependency = dependency
        self.holders = 0
        self.stamp = 0
        size = bytes_of(self) + bytes_of(key) + own + bytes_of(body) + (dependency.cost if dependency else 0)
        self.cost = _SIZES.setdefault(size, size) if len(_SIZES) < _MANY else size

    @property
    def lines(self) -> list[Field]:
        """The field lines of the request, as far as they are known."""
        selecting = [*self.key[_LINES:]]
        if self.others is None or not self.others.key:
            return selecting
        remaining = iter(selecting)
        return [next(remaining) if line is None else line for line in self.others.key]

    @property
    def body(self) -> bytes:
        """The body; it takes some microseconds to unpack it where it is packed."""
        data = self._data
        return data if len(data) == self.head.length else self.head.packing.unpacked(data)

    @property
    def size(self) -> int:
        """Bytes that go when it goes; fewer than ``cost`` where the body is packed."""
        data = self._data
        if len(data) == self.head.length:
            return self.cost
        return self.cost - bytes_of_length(self.head.length) + bytes_of(data)

    def pack(self) -> bool:
        """Pack the body, and return whether it is packed now and was not before."""
        data = self._data
        packed = self.head.packing.packed(data) if len(data) == self.head.length else None
        if packed is None:
            return False
        self._data = packed
        return True

    @property
    def start(self) -> Message:
        """The message with which the answer begins."""
        return self.head.start

    @property
    def request(self) -> Request:
        """The request that the answer was found for."""
        return replace(self.target.request, headers=_texts_of(self.lines))

    @property
    def route(self) -> Route:
        """What routing made of it."""
        return self.target.route

    @property
    def operation(self) -> Operation | None:
        """The operation that was meant."""
        return self.target.operation

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning, as journals have it."""
        return replace(self.head.answer, body=self.body[:LONGEST_BODY])

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What was found in the two."""
        return self.head.findings

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        return 0, self.head.length

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes, for a journal that several processes share."""
        return codec.known(self) or codec.remember(self, self.encoded_with(self.lines, codec))

    def encoded_with(self, lines: list[Field], codec: ExchangeCodec) -> bytes:
        """Return the exchange of a request with these field lines as bytes."""
        target, head = self.target.encoded(codec), self.head.encoded(codec)
        return codec.joined(target, _encoded_fields(lines), head, (b"", self.body), self.sizes)

    def note(self, world: World, started: float, exchange: LoggedExchange | None = None) -> None:
        """Note in a world that this is the answer to a request that came at ``started`` (by the monotonic clock).

        ``exchange`` is what the journal has of it, where the request was not the same to the last field line.
        """
        elapsed = monotonic() - started
        world.note(exchange or self, time() - elapsed, elapsed, self.sign.shown)
        head = self.head
        request_metric = head.request_metric
        if elapsed <= head.simple:  # what take() would do, without the call
            request_metric.count += 1
            request_metric.seconds += elapsed
        else:
            request_metric.take(elapsed, head.findings)


_SIZES: dict[int, int] = {}
"""Sizes, each as one object: an answer in thousands is as large as many others."""
_MANY = 4096


class RepeatedResponse:
    """A remembered answer to a request that has other field lines, none of which can change it.

    For the journal the lines are packed (:mod:`marshal`, format 0, which nobody but this process reads): one object for
    the garbage collection to look through, and small.
    """

    __slots__ = ("_lines", "cost", "holders", "response")

    def __init__(self, response: CachedResponse, lines: list[Field]) -> None:
        self.response = response
        self._lines = dumps(lines, 0)
        self.holders = 0
        self.cost = _REPEATED + len(self._lines) + response.head.length
        """Bytes that go with it, as if nobody else had the answer: it may not be remembered any more."""

    @property
    def head(self) -> ResponseHead:
        """The head of the answer."""
        return self.response.head

    @property
    def start(self) -> Message:
        """The message with which the answer begins."""
        return self.response.head.start

    @property
    def body(self) -> bytes:
        """The body of the answer."""
        return self.response.body

    @property
    def lines(self) -> list[Field]:
        """The field lines of the request."""
        lines: list[Field] = loads(self._lines)  # noqa: S302 - what this process has packed itself
        return lines

    @property
    def request(self) -> Request:
        """The request that was answered."""
        return replace(self.response.target.request, headers=_texts_of(self.lines))

    @property
    def route(self) -> Route:
        """What routing made of it."""
        return self.response.target.route

    @property
    def operation(self) -> Operation | None:
        """The operation that was meant."""
        return self.response.target.operation

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning, as journals have it."""
        return self.response.answer

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """What was found in the two."""
        return self.response.head.findings

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        return self.response.sizes

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes, for a journal that several processes share."""
        return self.response.encoded_with(self.lines, codec)

    def note(self, world: World, started: float) -> None:
        """Note in a world that this is the answer to a request that came at ``started`` (by the monotonic clock)."""
        self.response.note(world, started, self)
