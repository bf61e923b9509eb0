"""An answer that was found and judged, ready to be sent again: as small as it can be kept.

Thousands of answers differ in a token and a body and in nothing else. What they have in common (:class:`RequestTarget`,
:class:`ResponseHead`) is held once, and what a journal wants to know of a request is read from the question when
somebody asks. So a remembered answer costs some 400 bytes beside its body.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from hashlib import blake2b
from marshal import dumps
from time import monotonic, time
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from mock_server.core.deadline import WaitNeeded, without_waiting
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import StoreError, StoreLostError
from mock_server.core.memory_size import bytes_of, footprint, footprint_of_line
from mock_server.http.asgi import Field, response_start
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.mocking.request_metrics import QUICK, RequestMetric
from mock_server.openapi.model import Operation
from mock_server.storage import Record, RecordReader, Store
from mock_server.worlds.coverage import CoverageHits
from mock_server.worlds.journal import LONGEST_BODY
from mock_server.worlds.state.effects.later_rows import LATER, due_of, first_in
from mock_server.worlds.world import World

if TYPE_CHECKING:
    from mock_server.worlds.exchange_codec import ExchangeCodec

RequestKey: TypeAlias = tuple[Any, ...]
"""A world's revision, method, raw path, query string and the field lines: all that an answer depends on."""
_FIELDS = 4
"""Where the field lines begin in a question."""


class RecordDependency:
    """The record that an answer was made from, in a store that others change too; or that there was none.

    Not the record itself, which is ten times the answer, but a digest of it.
    """

    __slots__ = ("_base", "_digest", "_revision", "_sought")

    def __init__(self, base: Store, sought: tuple[str, str], record: Record | None, revision: int) -> None:
        self._base = base
        self._sought = sought
        self._digest = _digest_of(record)
        self._revision = revision

    @property
    def cost(self) -> int:
        """Bytes that this holds."""
        return bytes_of(self) + footprint(self._sought) + bytes_of(self._digest) + bytes_of(self._revision)

    def still_holds(self, world: World) -> bool:
        """Whether the record is what it was. While nothing in the store changes, that is to compare two numbers."""
        records = world.store(self._base)
        revision = records.revision
        if revision == self._revision:
            return True
        if revision < 0:  # the store is lost, or somebody has locked it
            return False
        try:
            with without_waiting():
                same = _digest_of(records.get(*self._sought)) == self._digest
        except (StoreError, WaitNeeded):
            return False
        if same:
            self._revision = revision
        return same


class VersionDependency:
    """The versions of the resources that an answer was made from: a change of another resource leaves it alone.

    Where steps are taken later, it is good until the first of them are due.
    """

    __slots__ = ("_base", "_due", "_records", "_versions")

    def __init__(self, base: Store, records: RecordReader, resources: Sequence[str]) -> None:
        self._base = base
        self._records = records
        self._versions = tuple([(resource, records.version(resource)) for resource in resources])
        row = first_in(records) if LATER in resources else None
        self._due = None if row is None else due_of(row)

    @property
    def cost(self) -> int:
        """Bytes that this holds."""
        return bytes_of(self) + footprint(self._versions) + bytes_of(self._due)

    def still_holds(self, world: World) -> bool:
        """Whether none of the resources has changed, and they are still this world's."""
        records = self._records
        if world.store(self._base) is not records or (self._due is not None and world.now() >= self._due):
            return False
        return all(version >= 0 and records.version(resource) == version for resource, version in self._versions)


def dependency_of(
    base: Store, world: World, answer: Response, before: int
) -> RecordDependency | VersionDependency | None:
    """Return what an answer was made from, None where nothing can change it.

    Raises :class:`StoreError` where that has changed meanwhile, or is lost.
    """
    if answer.reads or (answer.sought is not None and not base.is_shared):
        resources = answer.reads or ((answer.sought[0],) if answer.sought is not None else ())
        records = world.store(base)
        if records is base and not base.is_shared:
            return None  # a world without changes: its first one makes all its answers anew
        if base.is_shared and (before < 0 or records.revision != before):
            raise StoreLostError("the store has changed while an answer was made")
        return VersionDependency(base, records, resources)
    if answer.sought is None:
        return None
    records = world.store(base)
    try:
        with without_waiting():
            record = records.get(*answer.sought)
    except WaitNeeded:
        raise StoreLostError("somebody has locked the store") from None
    if before < 0 or records.revision != before:
        raise StoreLostError("the store has changed while an answer was made")
    return RecordDependency(base, answer.sought, record, before)


def _digest_of(record: Record | None) -> bytes:
    if record is None:
        return b""
    return blake2b(dumps((record.value, {**record.hidden}, record.location), 0), digest_size=16).digest()


class RequestTarget:
    """What requests that go to one place have in common: all but their headers, and where routing led."""

    __slots__ = ("_encoded", "common", "cost", "holders", "key", "operation", "request", "route")

    def __init__(
        self, key: Hashable, request: Request, route: Route, operation: Operation | None, common: tuple[Any, ...]
    ) -> None:
        self.key = key
        self.common = common
        """What their questions have in common."""
        self.request = request
        """Without headers."""
        self.route = route
        self.operation = operation
        self.holders = 0
        self.cost = bytes_of(self) + footprint((common, request, route)) + bytes_of(key)
        self._encoded = b""

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the same as bytes, for a journal that several processes share."""
        if not self._encoded:
            self._encoded = codec.target(self.request, self.route, self.operation)
        return self._encoded


class ResponseHead:
    """What answers have in common that differ in their bodies alone: head, findings, and where they are counted."""

    __slots__ = ("_encoded", "answer", "cost", "findings", "holders", "key", "request_metric", "simple", "start")

    def __init__(
        self,
        key: Hashable,
        answer: Response,
        length: int,
        findings: tuple[Diagnostic, ...],
        request_metric: RequestMetric,
    ) -> None:
        self.key = key
        self.answer = answer
        """Without a body."""
        self.start = response_start(answer.status, answer.headers, length)
        self.findings = findings
        self.request_metric = request_metric
        self.simple = -1.0 if findings else QUICK
        """Seconds up to which there is no more to count than the request and its time."""
        self.holders = 0
        self.cost = bytes_of(self) + bytes_of(key) + footprint((answer, self.start, findings))
        self._encoded = b""

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the answer without its body, and the findings, as bytes for a journal that several processes share."""
        if not self._encoded:
            self._encoded = codec.head(self.answer, self.findings)
        return self._encoded


class CoverageSignature:
    """What of an operation answers show alike."""

    __slots__ = ("cost", "holders", "key", "shown")

    def __init__(self, key: Hashable, hits: CoverageHits) -> None:
        self.key = key
        self.shown = hits
        self.holders = 0
        self.cost = bytes_of(self) + bytes_of(key) + bytes_of(hits) + footprint(hits.keys)


_P = TypeVar("_P", RequestTarget, ResponseHead, CoverageSignature)
_T = TypeVar("_T")


class CachedResponse:
    """An answer as ASGI sends it, and what journal and coverage note of it and where it is counted.

    ``own`` is the bytes of what the question alone has of its parts, ``cost`` those that go when it goes. ``holders``
    is how many entries of journals have it, ``stamp`` when it was asked for last, as its :class:`Eviction` counts.
    """

    __slots__ = ("_encoded", "body", "cost", "dependency", "head", "holders", "request_key", "sign", "stamp", "target")

    def __init__(
        self,
        request_key: RequestKey,
        own: int,
        target: RequestTarget,
        head: ResponseHead,
        sign: CoverageSignature,
        body: bytes,
        dependency: RecordDependency | VersionDependency | None,
    ) -> None:
        self.request_key = request_key
        self.target = target
        self.head = head
        self.sign = sign
        self.body = body
        self.dependency = dependency
        self.holders = 0
        self.stamp = 0
        self._encoded = b""
        size = bytes_of(self) + bytes_of(request_key) + own + bytes_of(body) + (dependency.cost if dependency else 0)
        self.cost = _SIZES.setdefault(size, size) if len(_SIZES) < _MANY else size

    @property
    def key(self) -> RequestKey:
        """What it is found by."""
        return self.request_key

    @property
    def request(self) -> Request:
        """The request that the answer was found for."""
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.request_key[_FIELDS:]]
        return replace(self.target.request, headers=tuple(fields))

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
        return 0, len(self.body)

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes, for a journal that several processes share."""
        data = self._encoded
        if not data:
            fields = b"".join([b"%s:%s\n" % line for line in self.request_key[_FIELDS:]])
            bodies = (b"", self.body)
            data = codec.joined(self.target.encoded(codec), fields, self.head.encoded(codec), bodies, self.sizes)
            self._encoded = data
            codec.remember(self, len(data))
        return data

    def forget_encoded(self) -> None:
        """Keep the exchange as bytes no longer."""
        self._encoded = b""

    def note(self, world: World, started: float) -> None:
        """Note in a world that this is the answer to a request that came at ``started`` (by the monotonic clock)."""
        elapsed = monotonic() - started
        world.note(self, time() - elapsed, elapsed, self.sign.shown)
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


class SharedParts:
    """What remembered answers share, each held as long as one of them has it. ``held`` is the bytes of all."""

    def __init__(self) -> None:
        self._targets: dict[Hashable, RequestTarget] = {}
        self._heads: dict[Hashable, ResponseHead] = {}
        self._signs: dict[Hashable, CoverageSignature] = {}
        self.held = 0

    def target(self, exchange: Exchange, operation: Operation | None, common: tuple[Any, ...]) -> RequestTarget:
        """Return where an exchange went, for one more holder. ``common`` is what its question begins with."""
        request = exchange.request
        key = (common, request.path, request.origin, exchange.route.operation)
        target = self._targets.get(key)
        if target is None:
            request = replace(request, headers=(), body=b"")
            target = self._targets[key] = RequestTarget(key, request, exchange.route, operation, common)
        return self._taken(target)

    def head(self, exchange: Exchange, request_metric: RequestMetric) -> ResponseHead:
        """Return the head of an exchange's answer, for one more holder."""
        answer, length = exchange.answer, len(exchange.answer.body)
        # What lasts has nothing else: no delay, no stream, nothing that goes wrong on the way.
        key = (
            answer.status,
            answer.headers,
            answer.source,
            answer.scenario,
            answer.findings,
            length,
            exchange.findings,
            request_metric.operation,
            request_metric.method,
        )
        head = self._heads.get(key)
        if head is None:
            answer = replace(answer, body=b"", validated=None, sought=None)
            head = self._heads[key] = ResponseHead(key, answer, length, exchange.findings, request_metric)
        return self._taken(head)

    def sign(self, hits: CoverageHits) -> CoverageSignature:
        """Return what an answer shows, for one more holder."""
        key = (hits.coverage_target, hits.keys)
        sign = self._signs.get(key)
        if sign is None:
            sign = self._signs[key] = CoverageSignature(key, hits)
        return self._taken(sign)

    def release(self, ready: CachedResponse) -> None:
        """Have one holder less of what an answer shares."""
        if self._is_let_go(ready.target):
            del self._targets[ready.target.key]
        if self._is_let_go(ready.head):
            del self._heads[ready.head.key]
        if self._is_let_go(ready.sign):
            del self._signs[ready.sign.key]

    def _taken(self, part: _P) -> _P:
        if not part.holders:
            self.held += part.cost
        part.holders += 1
        return part

    def _is_let_go(self, part: RequestTarget | ResponseHead | CoverageSignature) -> bool:
        part.holders -= 1
        if part.holders:
            return False
        self.held -= part.cost
        return True


class SharedFieldLines:
    """Field lines that many questions have in common, as one object each.

    A line that comes a second time is one of them. Long ones are not: a client may send as many as it likes.
    """

    LONGEST = 256
    """Bytes of a line, name and value."""
    NUMBER = 1024
    """Lines that are known; where there are more, all are forgotten, and those that come again are known again."""

    def __init__(self) -> None:
        self._new: set[Field] = set()
        self._common: dict[Field, Field] = {}
        self._names: dict[bytes, bytes] = {}

    def shared(self, line: Field) -> tuple[Field, int]:
        """Return a line to be held in place of this one, and how many bytes it takes that are not held anyway."""
        common = self._common.get(line)
        if common is not None:
            return common, 0
        name, value = line
        if len(name) + len(value) > self.LONGEST:
            return line, footprint_of_line(name, value)
        if line in self._new:
            self._new.discard(line)
            _bounded(self._common, self.NUMBER)[line] = line
            return line, footprint_of_line(name, value)
        if len(self._new) >= self.NUMBER:
            self._new.clear()
        name = _bounded(self._names, self.NUMBER).setdefault(name, name)
        line = (name, value)
        self._new.add(line)
        return line, footprint_of_line(name, value) - bytes_of(name)


def _bounded(known: dict[_T, _T], number: int) -> dict[_T, _T]:
    # A plain dictionary, for every request: a sized cache takes ten times as long to look up.
    if len(known) >= number:
        known.clear()
    return known
