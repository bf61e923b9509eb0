"""The extensions of a contract for the mock server: the ``x-mock-*`` data, checked and frozen.

An unknown key is refused, so that a typing error does not go unnoticed. ``docs/x-mock.md`` explains every key; a
contract without any gets the defaults here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, cast

from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.effect_names import ABSENT, EFFECTS, referred_in_effects
from mock_server.openapi.failure_extensions import FAILURES, Failure, read_failures
from mock_server.openapi.node_reader import NodeReader
from mock_server.openapi.state_extensions import (
    OPERATION_KEYS,
    RESOURCE_KEYS,
    ResourceCorrection,
    StateMode,
    read_resource_correction,
    read_state_mode,
    referred_failures,
)
from mock_server.openapi.webhook_extensions import WEBHOOKS, WebhookPlan, read_webhook_plan

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
    "x-mock-state",
    WEBHOOKS,
)
HeadManner = Literal["answer", "refuse"]
SlashManner = Literal["refuse", "redirect", "ignore"]


@value_class
class Resource:
    """Records of one kind, as fixtures hold them.

    ``schema`` is a reference; ``pins`` are JSON Pointers of enums that a suffix may name; ``complete`` tells whether a
    generated record has every member that its schema names.
    """

    name: str
    schema: str
    handle: str = "handle"
    pins: tuple[str, ...] = ()
    complete: bool = False
    views: tuple[str, ...] = ()
    """References to further schemas that show the same records."""


@value_class
class TokenRecords:
    """The records of a resource that have tokens: ``member`` has the token, ``expires`` the time when it ends.

    ``relation`` is the member that names the record which the token selects.
    """

    resource: str
    member: str
    relation: str
    expires: str = ""


@value_class
class TokenKind:
    """Tokens that begin with ``prefix``: the security schemes that accept them, the resource they select from.

    ``through`` are the records that have such tokens, where clients create them. ``refuses`` names the failure of a
    member that a body sent with such a token must not have, ``requires`` that of one which it must have.
    """

    prefix: str
    schemes: tuple[str, ...]
    selects: str | None = None
    through: TokenRecords | None = None
    refuses: Mapping[str, str] = field(default_factory=dict, hash=False)
    requires: Mapping[str, str] = field(default_factory=dict, hash=False)


@value_class
class Suffix:
    """The effect of a reserved end of a token: a failure, or a delay in milliseconds."""

    failure: str | None = None
    delay: int = 0


@value_class
class CorsPolicy:
    """What a page of another origin may do; ``*`` allows any. ``max_age`` in seconds.

    ``expose_headers`` are the headers of answers that it may read; None: all that the contract documents.
    """

    allow_methods: tuple[str, ...] = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    allow_headers: tuple[str, ...] = ("*",)
    max_age: int = 600
    allow_credentials: bool = True
    expose_headers: tuple[str, ...] | None = None


@value_class
class RateLimit:
    """The number of requests of one token (``limit``) in each window of ``window`` seconds."""

    limit: int
    window: int


@value_class
class Idempotency:
    """The header (in lower case) that has the key, and the methods of the operations that use it."""

    header: str = "idempotency-key"
    methods: tuple[str, ...] = ("POST", "PATCH")


@value_class
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
    state: StateMode | None = None
    """The mode of state that the contract asks for; None where it leaves that to the setting."""
    corrections: Mapping[str, ResourceCorrection] = field(default_factory=dict)
    """What is said of resources, by name, besides what is inferred."""
    webhooks: WebhookPlan = field(default_factory=WebhookPlan)
    """How events are delivered."""

    @property
    def has_token_records(self) -> bool:
        """Whether tokens of some kind are those of records that clients create."""
        return any(kind.through is not None for kind in self.tokens)

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
    corrections = reader.corrections(document)
    resources = (reader.resource(name, node) for name, node in reader.table(document, "x-mock-resources"))
    failures = (*(name for name, _ in reader.table(document, "x-mock-failures")), *FAILURES)
    referred = referred_failures(document.get("x-mock-resources")) | _of_tokens(document.get("x-mock-tokens"))
    referred |= referred_in_effects(document)
    return MockExtensions(
        resources={resource.name: resource for resource in resources if resource.schema},
        tokens=tuple(
            reader.token(index, node, failures)
            for index, node in enumerate(reader.items(document, "x-mock-tokens", ""))
        ),
        suffixes={name: reader.suffix(name, node) for name, node in reader.table(document, "x-mock-suffixes")},
        failures=read_failures(dict(reader.table(document, "x-mock-failures")), source, referred),
        head=cast("HeadManner", reader.choice(http, "head", "/x-mock-http", ("answer", "refuse"))),
        options=cast("HeadManner", reader.choice(http, "options", "/x-mock-http", ("answer", "refuse"))),
        trailing_slash=cast(
            "SlashManner", reader.choice(http, "trailingSlash", "/x-mock-http", ("refuse", "redirect", "ignore"))
        ),
        cors=reader.cors(http),
        rate_limit=reader.rate_limit(document),
        idempotency=reader.idempotency(document),
        state=read_state_mode(document, source),
        corrections=corrections,
        webhooks=read_webhook_plan(document, source),
    )


def _of_tokens(tokens: JSON) -> set[str]:
    """Return the names of failures that ``x-mock-tokens`` refers to; wrong data has none."""
    entries = [entry for entry in tokens if isinstance(entry, dict)] if isinstance(tokens, list) else []
    tables = [entry.get(key) for entry in entries for key in ("refuses", "requires")]
    return {str(name) for table in tables if isinstance(table, dict) for name in table.values()}


def read_binding(operation: Mapping[str, JSON], pointer: str, source: LazySourceMap) -> str | None:
    """Return the resource whose records answer an operation (``x-mock-fixture``); None where there is none."""
    reader = _ExtensionReader(source)
    for key in operation:
        if key.startswith("x-mock-"):
            reader.known(key, ("x-mock-fixture", *OPERATION_KEYS, EFFECTS, ABSENT), pointer)
    if "x-mock-fixture" not in operation:
        return None
    where = f"{pointer}/x-mock-fixture"
    data = reader.members(operation["x-mock-fixture"], where, ("resource", "selectedBy"))
    reader.choice(data, "selectedBy", where, ("token",))
    return reader.text(data, "resource", where)


class _ExtensionReader(NodeReader):
    """Reads each part of the data."""

    def corrections(self, document: Mapping[str, JSON]) -> dict[str, ResourceCorrection]:
        """Return what is said of the state of resources, by name."""
        failures = (*(name for name, _ in self.table(document, "x-mock-failures")), *FAILURES)
        read = (
            read_resource_correction(name, self._resource(name, node), self.source, failures)
            for name, node in self.table(document, "x-mock-resources")
        )
        return {correction.name: correction for correction in read if correction is not None}

    def _resource(self, name: str, node: JSON) -> Mapping[str, JSON]:
        known = ("schema", "handle", "pins", "complete", *RESOURCE_KEYS)
        return self.members(node, pointer_of("x-mock-resources", name), known)

    def resource(self, name: str, node: JSON) -> Resource:
        """Return a resource as fixtures need it; without a schema it is only there to correct what is inferred."""
        where = pointer_of("x-mock-resources", name)
        data = self._resource(name, node)
        is_fixture = not data.keys() & {*RESOURCE_KEYS} or bool(data.keys() & {"handle", "pins", "complete"})
        return Resource(
            name,
            self.text(data, "schema", where, None if is_fixture else ""),
            self.text(data, "handle", where, "handle"),
            tuple(self.texts(data, "pins", where)),
            self.flag(data, "complete", where),
            tuple(self.texts(data, "views", where)),
        )

    def token(self, index: int, node: JSON, failures: Collection[str]) -> TokenKind:
        where = pointer_of("x-mock-tokens", index)
        data = self.members(node, where, ("prefix", "schemes", "selects", "through", "refuses", "requires"))
        selects = self.text(data, "selects", where, "")
        return TokenKind(
            self.text(data, "prefix", where),
            tuple(self.texts(data, "schemes", where)),
            selects or None,
            self.token_records(data, where, selects) if "through" in data else None,
            self.failure_table(data, "refuses", where, failures),
            self.failure_table(data, "requires", where, failures),
        )

    def token_records(self, token: Mapping[str, JSON], where: str, selects: str) -> TokenRecords:
        """Return the records that have tokens of a kind, which has to select something."""
        data = self.object(token, "through", where, ("resource", "member", "relation", "expires"))
        where += "/through"
        if not selects:
            raise self.refusal(where, "`through` without `selects`", "the resource that the token selects from")
        resource, member, relation = (self.text(data, key, where) for key in ("resource", "member", "relation"))
        return TokenRecords(resource, member, relation, self.text(data, "expires", where, ""))

    def failure_table(
        self, data: Mapping[str, JSON], key: str, where: str, failures: Collection[str]
    ) -> Mapping[str, str]:
        """Return the failures of members of a body, by their names."""
        node = data.get(key, {})
        if not isinstance(node, dict):
            raise self.refusal(where + pointer_of(key), repr(node), "an object with the name of a failure for each")
        for member in node:
            failure = self.text(node, member, where + pointer_of(key))
            if failure not in failures:
                found = f"the failure {failure!r}{did_you_mean(failure, failures)}"
                raise self.refusal(where + pointer_of(key, member), found, "a name of x-mock-failures")
        return {member: str(failure) for member, failure in node.items()}

    def suffix(self, name: str, node: JSON) -> Suffix:
        where = pointer_of("x-mock-suffixes", name)
        data = self.members(node, where, ("failure", "delay"))
        failure = self.text(data, "failure", where, "")
        if failure:
            self.choice(data, "failure", where, FAILURES)
        return Suffix(failure or None, self.whole(data, "delay", where, 0))

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
