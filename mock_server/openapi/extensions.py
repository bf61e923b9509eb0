"""The extensions of a contract for the mock server: the ``x-mock-*`` data, checked and frozen.

An unknown key is refused, so that a typing error does not go unnoticed. ``docs/x-mock.md`` explains every key; a
contract without any gets the defaults here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

ROOT_KEYS = (
    "x-mock-resources",
    "x-mock-tokens",
    "x-mock-suffixes",
    "x-mock-failures",
    "x-mock-http",
    "x-mock-rate-limit",
    "x-mock-idempotency",
)
FAILURES = (
    "unauthenticated",
    "invalid_token",
    "not_found",
    "method_not_allowed",
    "trailing_slash",
    "unsupported_media_type",
    "malformed_request",
    "invalid_request",
    "idempotency_conflict",
    "rate_limited",
    "server_error",
)
"""The failures that can have an answer of their own."""

HeadManner = Literal["answer", "refuse"]
SlashManner = Literal["refuse", "redirect", "ignore"]


@dataclass(frozen=True, slots=True)
class Resource:
    """Records of one kind.

    ``schema`` is a reference; ``pins`` are JSON Pointers of enums that a suffix may name; ``complete`` tells whether a
    generated record has every member that its schema names.
    """

    name: str
    schema: str
    handle: str = "handle"
    pins: tuple[str, ...] = ()
    complete: bool = False


@dataclass(frozen=True, slots=True)
class TokenKind:
    """Tokens that begin with ``prefix``: the security schemes that accept them, the resource they select from."""

    prefix: str
    schemes: tuple[str, ...]
    selects: str | None = None


@dataclass(frozen=True, slots=True)
class Suffix:
    """The effect of a reserved end of a token: a failure, or a delay in milliseconds."""

    failure: str | None = None
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """The answer to a failure. ``response`` is a reference, ``example`` the name of one of its examples."""

    name: str
    status: int
    response: str
    example: str = ""
    before_routing: bool = False


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """What a page of another origin may do; ``*`` allows any. ``max_age`` in seconds.

    ``expose_headers`` are the headers of answers that it may read; None: all that the contract documents.
    """

    allow_methods: tuple[str, ...] = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    allow_headers: tuple[str, ...] = ("*",)
    max_age: int = 600
    allow_credentials: bool = True
    expose_headers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The number of requests of one token (``limit``) in each window of ``window`` seconds."""

    limit: int
    window: int


@dataclass(frozen=True, slots=True)
class Idempotency:
    """The header (in lower case) that has the key, and the methods of the operations that use it."""

    header: str = "idempotency-key"
    methods: tuple[str, ...] = ("POST", "PATCH")


@dataclass(frozen=True, slots=True)
class MockExtensions:
    """All the ``x-mock-*`` data of a contract."""

    resources: Mapping[str, Resource] = field(default_factory=dict)
    tokens: tuple[TokenKind, ...] = ()
    """Kinds of tokens; empty: any token is accepted."""
    suffixes: Mapping[str, Suffix] = field(default_factory=dict)
    failures: Mapping[str, Failure] = field(default_factory=dict)
    head: HeadManner = "answer"
    options: HeadManner = "answer"
    trailing_slash: SlashManner = "refuse"
    cors: CorsPolicy = CorsPolicy()
    rate_limit: RateLimit | None = None
    idempotency: Idempotency | None = None

    @property
    def remembers(self) -> bool:
        """Whether an answer may depend on the requests before it."""
        return self.rate_limit is not None or self.idempotency is not None


def read_extensions(document: Mapping[str, JSON], source: LazySourceMap) -> MockExtensions:
    """Return the ``x-mock-*`` data of a document; raises :class:`ContractError` for an unknown key or a wrong value."""
    reader = _ExtensionReader(source)
    for key in document:
        if key.startswith("x-mock-"):
            reader.known(key, ROOT_KEYS, "")
    http = reader.object(document, "x-mock-http", "", ("head", "options", "trailingSlash", "cors"))
    return MockExtensions(
        resources={name: reader.resource(name, node) for name, node in reader.table(document, "x-mock-resources")},
        tokens=tuple(
            reader.token(index, node) for index, node in enumerate(reader.items(document, "x-mock-tokens", ""))
        ),
        suffixes={name: reader.suffix(name, node) for name, node in reader.table(document, "x-mock-suffixes")},
        failures={name: reader.failure(name, node) for name, node in reader.table(document, "x-mock-failures")},
        head=cast("HeadManner", reader.choice(http, "head", "/x-mock-http", ("answer", "refuse"))),
        options=cast("HeadManner", reader.choice(http, "options", "/x-mock-http", ("answer", "refuse"))),
        trailing_slash=cast(
            "SlashManner", reader.choice(http, "trailingSlash", "/x-mock-http", ("refuse", "redirect", "ignore"))
        ),
        cors=reader.cors(http),
        rate_limit=reader.rate_limit(document),
        idempotency=reader.idempotency(document),
    )


def read_binding(operation: Mapping[str, JSON], pointer: str, source: LazySourceMap) -> str | None:
    """Return the resource whose records answer an operation (``x-mock-fixture``); None where there is none."""
    reader = _ExtensionReader(source)
    for key in operation:
        if key.startswith("x-mock-"):
            reader.known(key, ("x-mock-fixture",), pointer)
    if "x-mock-fixture" not in operation:
        return None
    where = f"{pointer}/x-mock-fixture"
    data = reader.members(operation["x-mock-fixture"], where, ("resource", "selectedBy"))
    reader.choice(data, "selectedBy", where, ("token",))
    return reader.text(data, "resource", where)


class _ExtensionReader:
    """Reads members of nodes and checks their types. Every error says where the node is."""

    def __init__(self, source: LazySourceMap) -> None:
        self.source = source

    def resource(self, name: str, node: JSON) -> Resource:
        where = pointer_of("x-mock-resources", name)
        data = self.members(node, where, ("schema", "handle", "pins", "complete"))
        return Resource(
            name,
            self.text(data, "schema", where),
            self.text(data, "handle", where, "handle"),
            tuple(self.texts(data, "pins", where)),
            self.flag(data, "complete", where),
        )

    def token(self, index: int, node: JSON) -> TokenKind:
        where = pointer_of("x-mock-tokens", index)
        data = self.members(node, where, ("prefix", "schemes", "selects"))
        selects = self.text(data, "selects", where, "")
        return TokenKind(self.text(data, "prefix", where), tuple(self.texts(data, "schemes", where)), selects or None)

    def suffix(self, name: str, node: JSON) -> Suffix:
        where = pointer_of("x-mock-suffixes", name)
        data = self.members(node, where, ("failure", "delay"))
        failure = self.text(data, "failure", where, "")
        if failure:
            self.choice(data, "failure", where, FAILURES)
        return Suffix(failure or None, self.whole(data, "delay", where, 0))

    def failure(self, name: str, node: JSON) -> Failure:
        where = pointer_of("x-mock-failures", name)
        self.known(name, FAILURES, "/x-mock-failures")
        data = self.members(node, where, ("status", "response", "example", "beforeRouting"))
        status = self.text(data, "status", where)
        if not re.fullmatch("[1-5][0-9][0-9]", status):
            raise self.refusal(where + "/status", repr(status), "a status from '100' to '599'")
        return Failure(
            name,
            int(status),
            self.text(data, "response", where),
            self.text(data, "example", where, ""),
            self.flag(data, "beforeRouting", where),
        )

    def cors(self, http: Mapping[str, JSON]) -> CorsPolicy:
        where = "/x-mock-http/cors"
        known = ("allowMethods", "allowHeaders", "maxAge", "allowCredentials", "exposeHeaders")
        data = self.members(http.get("cors", {}), where, known)
        plain = CorsPolicy()
        exposed = tuple(self.texts(data, "exposeHeaders", where)) if "exposeHeaders" in data else None
        return CorsPolicy(
            tuple(self.texts(data, "allowMethods", where)) or plain.allow_methods,
            tuple(self.texts(data, "allowHeaders", where)) or plain.allow_headers,
            self.whole(data, "maxAge", where, plain.max_age),
            self.flag(data, "allowCredentials", where, default=True),
            exposed,
        )

    def rate_limit(self, document: Mapping[str, JSON]) -> RateLimit | None:
        key, where = "x-mock-rate-limit", "/x-mock-rate-limit"
        if key not in document:
            return None
        data = self.object(document, key, "", ("limit", "window"))
        limit, window = (self.whole(data, name, where, 0) for name in ("limit", "window"))
        if not limit or not window:
            raise self.refusal(where, repr(dict(data)), "limit and window, each at least 1")
        return RateLimit(limit, window)

    def idempotency(self, document: Mapping[str, JSON]) -> Idempotency | None:
        key, where = "x-mock-idempotency", "/x-mock-idempotency"
        if key not in document:
            return None
        data = self.object(document, key, "", ("header", "methods"))
        plain = Idempotency()
        methods = tuple(method.upper() for method in self.texts(data, "methods", where))
        return Idempotency(self.text(data, "header", where, plain.header).lower(), methods or plain.methods)

    def table(self, data: Mapping[str, JSON], key: str) -> list[tuple[str, JSON]]:
        node = data.get(key, {})
        if not isinstance(node, dict):
            raise self.refusal(pointer_of(key), repr(node), "an object")
        return [*node.items()]

    def object(self, data: Mapping[str, JSON], key: str, where: str, known: tuple[str, ...]) -> Mapping[str, JSON]:
        return self.members(data.get(key, {}), where + pointer_of(key), known)

    def members(self, node: JSON, where: str, known: tuple[str, ...]) -> Mapping[str, JSON]:
        if not isinstance(node, dict):
            raise self.refusal(where, repr(node), "an object")
        for key in node:
            self.known(key, known, where)
        return node

    def known(self, key: str, known: tuple[str, ...], where: str) -> None:
        if key not in known:
            where += pointer_of(key)
            raise self.refusal(where, f"{key!r}{did_you_mean(key, known)}", "one of " + ", ".join(known))

    def items(self, data: Mapping[str, JSON], key: str, where: str) -> list[JSON]:
        value = data.get(key, [])
        if not isinstance(value, list):
            raise self.refusal(where + pointer_of(key), repr(value), "a list")
        return value

    def texts(self, data: Mapping[str, JSON], key: str, where: str) -> list[str]:
        values = self.items(data, key, where)
        if not all(isinstance(value, str) for value in values):
            raise self.refusal(where + pointer_of(key), repr(values), "a list of texts")
        return cast("list[str]", values)

    def text(self, data: Mapping[str, JSON], key: str, where: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self.refusal(where + pointer_of(key), "nothing" if value is None else repr(value), "a text")
        return value

    def whole(self, data: Mapping[str, JSON], key: str, where: str, default: int) -> int:
        value = data.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.refusal(where + pointer_of(key), repr(value), "a whole number of at least 0")
        return value

    def flag(self, data: Mapping[str, JSON], key: str, where: str, *, default: bool = False) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            raise self.refusal(where + pointer_of(key), repr(value), "true or false")
        return value

    def choice(self, data: Mapping[str, JSON], key: str, where: str, choices: tuple[str, ...]) -> str:
        value = self.text(data, key, where, choices[0])
        if value not in choices:
            raise self.refusal(where + pointer_of(key), repr(value), " or ".join(choices))
        return value

    def refusal(self, pointer: str, actual: str, expected: str) -> ContractError:
        return ContractError(
            f"{self.source.place(pointer)}: found {actual}; expected {expected}. Fix the overlay or the contract."
        )
