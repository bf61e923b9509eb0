"""What thousands of remembered answers have in common, each part held once: where they go, heads, coverage."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from sys import intern
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.memory_size import bytes_of, footprint, footprint_of_line
from mock_server.http.asgi import Field, Scope, response_start
from mock_server.http.messages import Exchange, Request, Response, Route
from mock_server.mocking.body_packing import BodyPacking
from mock_server.mocking.request_metrics import QUICK, RequestMetric
from mock_server.mocking.selecting_headers import HeaderNames
from mock_server.openapi.model import Operation
from mock_server.worlds.coverage import CoverageHits

if TYPE_CHECKING:
    from mock_server.worlds.exchange_codec import ExchangeCodec

SiteKey: TypeAlias = tuple[str, bytes, bytes]
"""Method, raw path and query string of requests."""
OtherLines: TypeAlias = tuple[Field | None, ...]
"""Field lines in their order, with None in place of each that can change an answer; empty where there are only such."""


class RequestSite:
    """What requests with one method, path and query have in common, and which of their headers can change an answer.

    ``is_bare`` tells whether there were requests with such headers alone.
    """

    __slots__ = ("cost", "holders", "is_bare", "key", "selecting")

    def __init__(self, key: SiteKey, selecting: HeaderNames) -> None:
        self.key = key
        self.is_bare = selecting is None
        self.selecting = selecting
        self.holders = 0
        self.cost = bytes_of(self) + footprint(key)

    def selecting_lines(self, scope: Scope) -> list[Field]:
        """Return the field lines of a request that can change its answer, in their order."""
        selecting = self.selecting
        if selecting is None:
            return [*scope["headers"]]
        return [line for line in scope["headers"] if line[0] in selecting]

    def other_lines(self, scope: Scope) -> OtherLines:
        """Return all field lines of a request in their order, with None in place of each that can change its answer."""
        selecting = self.selecting
        if selecting is None:
            return ()
        lines = tuple([None if line[0] in selecting else line for line in scope["headers"]])
        return lines if any(lines) else ()


class RequestTarget:
    """What requests that go to one place have in common: all but their headers, and where routing led."""

    __slots__ = ("_encoded", "cost", "holders", "key", "operation", "request", "route", "site")

    def __init__(
        self, key: Hashable, site: RequestSite, request: Request, route: Route, operation: Operation | None
    ) -> None:
        self.key = key
        self.site = site
        self.request = request
        """Without headers."""
        self.route = route
        self.operation = operation
        self.holders = 0
        self.cost = bytes_of(self) + footprint((request, route)) + bytes_of(key)
        self._encoded = b""

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the same as bytes, for a journal that several processes share."""
        if not self._encoded:
            self._encoded = codec.target(self.request, self.route, self.operation)
        return self._encoded


class ResponseHead:
    """What answers have in common that differ in their bodies alone: head, findings, and where they are counted."""

    __slots__ = (
        "_encoded",
        "answer",
        "cost",
        "findings",
        "holders",
        "key",
        "length",
        "packing",
        "request_metric",
        "simple",
        "start",
    )

    def __init__(
        self,
        key: Hashable,
        answer: Response,
        length: int,
        findings: tuple[Diagnostic, ...],
        request_metric: RequestMetric,
        packing: BodyPacking,
    ) -> None:
        self.key = key
        self.answer = answer
        """Without a body."""
        self.length = length
        """Bytes of the body."""
        self.start = response_start(answer.status, answer.headers, length)
        self.findings = findings
        self.request_metric = request_metric
        self.packing = packing
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


class CommonLines:
    """Field lines that can change no answer, as requests of one client have them again and again."""

    __slots__ = ("cost", "holders", "key")

    def __init__(self, key: OtherLines) -> None:
        self.key = key
        """The lines, with None in place of those that can change the answer; empty where there are no others."""
        self.holders = 0
        self.cost = bytes_of(self) + footprint(key)


_Part = TypeVar("_Part", RequestSite, RequestTarget, ResponseHead, CoverageSignature, CommonLines)


class SharedParts:
    """What remembered answers share, each held as long as one of them has it. ``held`` is the bytes of all."""

    LONGEST = 2048
    """Bytes of other field lines that are known: a client may send as many as it likes."""
    NUMBER = 1024
    """Other field lines that were seen once; where there are more, all are forgotten."""

    def __init__(self) -> None:
        self.sites: dict[SiteKey, RequestSite] = {}
        """By method, path and query as they were sent."""
        self._targets: dict[Hashable, RequestTarget] = {}
        self._heads: dict[Hashable, ResponseHead] = {}
        self._packings: dict[RequestMetric, BodyPacking] = {}
        self._signs: dict[Hashable, CoverageSignature] = {}
        self._others: dict[OtherLines, CommonLines] = {}
        self._seen: set[int] = set()
        """Digests of other lines that came once."""
        self.held = 0

    def target(
        self, scope: Scope, exchange: Exchange, operation: Operation | None, selecting: HeaderNames
    ) -> RequestTarget:
        """Return where an exchange went, for one more holder. ``selecting`` names what can change its answer."""
        site_key: SiteKey = (intern(scope["method"]), scope["raw_path"], scope["query_string"])
        site = self.sites.get(site_key)
        if site is None:
            site = self.sites[site_key] = RequestSite(site_key, selecting)
        request = exchange.request
        key = (site, request.path, request.origin, exchange.route.operation)
        target = self._targets.get(key)
        if target is None:
            request = replace(request, headers=(), body=b"")
            target = self._targets[key] = RequestTarget(key, self._taken(site), request, exchange.route, operation)
        return self._taken(target)

    def others(self, lines: OtherLines) -> CommonLines | None:
        """Return field lines that change no answer, for one more holder; None where they did not come before.

        So what is new with each request, such as a trace id, is held by no answer.
        """
        common = self._others.get(lines)
        if common is None:
            digest = hash(lines)
            if lines and digest not in self._seen:
                if len(self._seen) >= self.NUMBER:
                    self._seen.clear()
                self._seen.add(digest)
                return None
            if footprint(lines) > self.LONGEST:
                return None
            common = self._others[lines] = CommonLines(lines)
        return self._taken(common)

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
            packing = self._packings.get(request_metric)
            if packing is None:
                packing = self._packings[request_metric] = BodyPacking()
            findings = exchange.findings
            head = self._heads[key] = ResponseHead(key, answer, length, findings, request_metric, packing)
        return self._taken(head)

    def sign(self, hits: CoverageHits) -> CoverageSignature:
        """Return what an answer shows, for one more holder."""
        key = (hits.coverage_target, hits.keys)
        sign = self._signs.get(key)
        if sign is None:
            sign = self._signs[key] = CoverageSignature(key, hits)
        return self._taken(sign)

    def release(self, *parts: RequestTarget | ResponseHead | CoverageSignature | CommonLines | None) -> None:
        """Have one holder less of each of these parts."""
        for part in parts:
            if part is None or not self._is_let_go(part):
                continue
            if isinstance(part, RequestTarget):
                del self._targets[part.key]
                if self._is_let_go(part.site):
                    del self.sites[part.site.key]
            elif isinstance(part, ResponseHead):
                del self._heads[part.key]
            elif isinstance(part, CoverageSignature):
                del self._signs[part.key]
            else:
                del self._others[part.key]

    def _taken(self, part: _Part) -> _Part:
        if not part.holders:
            self.held += part.cost
        part.holders += 1
        return part

    def _is_let_go(self, part: RequestSite | RequestTarget | ResponseHead | CoverageSignature | CommonLines) -> bool:
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


_T = TypeVar("_T")


def _bounded(known: dict[_T, _T], number: int) -> dict[_T, _T]:
    # A plain dictionary, for every request: a sized cache takes ten times as long to look up.
    if len(known) >= number:
        known.clear()
    return known
