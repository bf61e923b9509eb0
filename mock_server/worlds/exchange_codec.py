"""Exchanges as bytes, for a journal that several processes share.

An exchange is five parts with their lengths before them: the target (JSON), the field lines of the request, the head of
the response (JSON), and the two bodies. Targets and heads of remembered answers are encoded once, so that an entry of
such an answer costs little more than to copy it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from struct import Struct
from typing import Any

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.json_codec import (
    diagnostic_from_json,
    diagnostic_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Headers, Request, Response, Route
from mock_server.openapi.model import Contract, Operation
from mock_server.worlds.journal import LONGEST_BODY, LoggedExchange

_LENGTHS = Struct("<4I2Q")
"""Lengths of the first four parts; the sizes of the two bodies as they were sent."""
REMEMBERED = 16 * 1024 * 1024
"""Bytes of the exchanges that are kept as bytes."""
_TARGETS = 256
"""Targets and heads that are remembered as they were read: most entries of a journal have few of them."""


class ExchangeCodec:
    """Writes and reads exchanges. An operation is named by its key and the base path of its contract."""

    def __init__(self, contracts: Sequence[tuple[str, Contract]]) -> None:
        self._contracts = dict(contracts)
        self._remembered: dict[LoggedExchange, bytes] = {}
        self._held = 0
        self._base_paths = {
            id(operation): base_path for base_path, contract in contracts for operation in contract.operations.values()
        }

    def target(self, request: Request, route: Route, operation: Operation | None) -> bytes:
        """Return the part of a request that is neither header nor body, and where routing led, as bytes."""
        base_path = None if operation is None else self._base_paths.get(id(operation))
        values = (
            request.method,
            request.path,
            request.query,
            request.origin,
            request.raw_path,
            base_path,
            route.operation,
            dict(route.path_parameters),
            route.allow,
            route.redirect,
        )
        return json.dumps(values).encode()

    def encoded(self, exchange: LoggedExchange) -> bytes:
        """Return an exchange as bytes, none of whose parts are known as such."""
        request, answer = exchange.request, exchange.answer
        fields = "".join([f"{name}:{value}\n" for name, value in request.headers]).encode("latin-1", "replace")
        return self.joined(
            self.target(request, exchange.route, exchange.operation),
            fields,
            self.head(answer, exchange.findings),
            (request.body, answer.body),
            exchange.sizes,
        )

    def head(self, answer: Response, findings: Iterable[Diagnostic]) -> bytes:
        """Return what a response has beside its body, and the findings about the exchange, as bytes."""
        stream = answer.stream and replace(answer.stream, given=None, patches=(), breaks=())
        response = response_to_json(replace(answer, body=b"", wire=None, stream=stream))
        return json.dumps([response, [diagnostic_to_json(finding) for finding in findings]]).encode()

    def joined(
        self, target: bytes, fields: bytes, head: bytes, bodies: tuple[bytes, bytes], sizes: tuple[int, int]
    ) -> bytes:
        """Return an exchange as bytes; of its bodies the beginnings. ``fields`` are lines, each ``name:value``."""
        request_body, response_body = bodies
        if len(request_body) > LONGEST_BODY or len(response_body) > LONGEST_BODY:
            request_body, response_body = request_body[:LONGEST_BODY], response_body[:LONGEST_BODY]
        lengths = _LENGTHS.pack(len(target), len(fields), len(head), len(request_body), *sizes)
        return b"".join((lengths, target, fields, head, request_body, response_body))

    def known(self, exchange: LoggedExchange) -> bytes:
        """Return an exchange that is noted again and again as bytes; empty where it is not remembered."""
        return self._remembered.get(exchange, b"")

    def remember(self, exchange: LoggedExchange, data: bytes) -> bytes:
        """Remember an exchange as bytes, and return these. They have a bound: the oldest are forgotten."""
        self._remembered[exchange] = data
        self._held += len(data)
        while self._held > REMEMBERED:
            self._held -= len(self._remembered.pop(next(iter(self._remembered))))
        return data

    def operation(self, base_path: str | None, key: str | None) -> Operation | None:
        """Return the operation of a name; None where there is none, or it is not served any more."""
        contract = None if base_path is None else self._contracts.get(base_path)
        return None if contract is None else contract.operations.get(key or "")


class EncodedExchange:
    """The contents of entries that came as bytes. What is asked for is read then."""

    def __init__(self, data: bytes, codec: ExchangeCodec) -> None:
        self._data = data
        self._codec = codec
        self.holders = 0

    @property
    def cost(self) -> int:
        """Bytes of memory that it holds."""
        return len(self._data)

    def encoded(self, codec: ExchangeCodec) -> bytes:
        """Return the exchange as bytes."""
        return self._data

    @property
    def sizes(self) -> tuple[int, int]:
        """Bytes of the two bodies as they were sent."""
        *_, request_size, response_size = _LENGTHS.unpack_from(self._data)
        return request_size, response_size

    @property
    def request(self) -> Request:
        """The request; of a long body the beginning."""
        method, path, query, origin, raw_path, *_ = self._target
        headers = _headers(self._parts[1])
        return Request(method, path, query, headers, self._parts[3], origin, raw_path)

    @property
    def route(self) -> Route:
        """What routing made of the request."""
        *_, operation, path_parameters, allow, redirect = self._target
        return Route(operation, path_parameters, tuple(allow), redirect)

    @property
    def operation(self) -> Operation | None:
        """The operation that the request matched."""
        return self._codec.operation(*self._target[5:7])

    @property
    def answer(self) -> Response:
        """The answer; of a long body the beginning, and of a stream how it ended."""
        return replace(_head(self._parts[2])[0], body=self._parts[4])

    @property
    def findings(self) -> tuple[Diagnostic, ...]:
        """The findings about request and answer."""
        return _head(self._parts[2])[1]

    @cached_property
    def _parts(self) -> tuple[bytes, ...]:
        lengths = _LENGTHS.unpack_from(self._data)[:4]
        parts, begin = [], _LENGTHS.size
        for length in lengths:
            parts.append(self._data[begin : begin + length])
            begin += length
        return (*parts, self._data[begin:])

    @property
    def _target(self) -> Sequence[Any]:
        return _target(self._parts[0])


@lru_cache(_TARGETS)
def _target(part: bytes) -> tuple[Any, ...]:
    return tuple(json.loads(part))


@lru_cache(_TARGETS)
def _head(part: bytes) -> tuple[Response, tuple[Diagnostic, ...]]:
    response, findings = json.loads(part)
    return response_from_json(response), tuple(map(diagnostic_from_json, findings))


@lru_cache(_TARGETS)
def _headers(part: bytes) -> Headers:
    lines = (line.partition(":") for line in part.decode("latin-1").split("\n")[:-1])
    return tuple((name, value) for name, _, value in lines)
