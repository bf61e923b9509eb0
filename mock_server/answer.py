"""The ladder: how a request to an operation, or a failure, gets its answer.

What ``Prefer`` asks, then a fixture, then an example of the contract, then generated data. Nothing here
says whether the answer keeps the contract; the engine asks the judge.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass

from mock_server.contract.load import response_of
from mock_server.contract.manners import Resource
from mock_server.contract.model import Contract, Header, MediaType, Operation, Response
from mock_server.contract.security import Caller
from mock_server.contract.source import find
from mock_server.errors import GenerationError
from mock_server.exchange import JSON, Answer, Finding, Headers, Request
from mock_server.generate.document import Document
from mock_server.generate.seeds import Draw
from mock_server.generate.variants import Variant, variants
from mock_server.generate.walker import generate
from mock_server.maker import Maker
from mock_server.prefer import Preferences
from mock_server.problem import problem
from mock_server.refusal import STATUSES, documented, findings_header, informed
from mock_server.settings import Settings
from mock_server.store import Record, Store

_CHALLENGES = {"Basic": ' realm="*"', "Digest": ' realm="*", nonce="mock"'}
"""What a challenge cannot do without (RFC 7617, 2; RFC 7616, 3.3)."""

LISTS = 64
"""Lists of variants that are kept: a list costs seconds, and a client walks through one."""


class _CannotHonourError(Exception):
    """A preference for what the answer does not have. The message is for the client."""


@dataclass(frozen=True, slots=True)
class Question:
    """A request that was found good: to which operation, by whom, and what it prefers."""

    operation: Operation
    request: Request
    caller: Caller
    preferences: Preferences


class Ladder:
    """Chooses answers for one contract from one store."""

    def __init__(self, contract: Contract, store: Store, settings: Settings) -> None:
        self._contract = contract
        self._store = store
        self._settings = settings
        self._schemas = Document(dict(contract.document), contract.openapi)
        self._variants: dict[tuple[str, str, int], list[Variant]] = {}
        self._failures = {
            name: response_of(contract.document, str(failure.status), {"$ref": failure.response})
            for name, failure in contract.manners.failures.items()
        }
        fill = not settings.no_fill_properties
        self._makers = {
            name: Maker(contract, resource, self._schemas, fill_properties=fill)
            for name, resource in contract.manners.resources.items()
        }

    def answer(self, question: Question) -> Answer:
        """The answer to a good request."""
        asked = question.preferences
        response, status = self._response(question)
        if response is None:
            documented = ", ".join(question.operation.responses) or "none"
            detail = f"Found the preference code={asked.code}; expected a documented status: {documented}."
            return problem("preference", 400, detail)
        media = _media_type(response, asked.example)
        try:
            body, reason, example = self._body(question, response, media)
            headers = self._headers(response, example, question)
        except GenerationError as error:
            return problem("no-answer", 500, f"{question.operation.key} {status}: {error}")
        except _CannotHonourError as error:
            return problem("preference", 400, str(error))
        return Answer(status, _typed(media, body, headers), body, reason)

    def failure(
        self, name: str, operation: Operation | None, findings: tuple[Finding, ...] = (), headers: Headers = ()
    ) -> Answer:
        """The contract's own answer to a failure, or a problem document where it has none.

        ``headers`` are those whose values only the request tells (``Allow``, ``Location``).
        """
        told = findings_header(findings)
        failures = self._contract.manners.failures
        failure = failures.get("invalid_request" if name == "malformed_request" and name not in failures else name)
        if failure is not None:
            return self._filled(self._failures[failure.name], failure.status, failure.example, (*headers, *told))
        if name == "trailing_slash":
            return Answer(307, headers, reason="problem")
        if name in ("unauthenticated", "invalid_token"):
            headers = (*headers, ("WWW-Authenticate", self._challenge(operation)))
        detail = "; ".join(str(finding) for finding in findings)
        for response, status in documented(operation, name):
            own = problem(name.replace("_", "-"), status, detail, findings)
            with contextlib.suppress(GenerationError):
                return self._refused(response, status, own, (*headers, *told))
        status = STATUSES[name][0]
        return problem(name.replace("_", "-"), status, detail, findings, headers=(*headers, *told))

    def _refused(self, response: Response, status: int, own: Answer, given: Headers) -> Answer:
        """A response of the contract: by its example, or generated with what is known of the failure in it."""
        example, media = _first_example(response), _media_type(response, None)
        if media is None or media.examples:
            return self._filled(response, status, example, given)
        schema: JSON = True if media.schema is None else media.schema
        draw = Draw(self._settings.seed, "failure", f"{status}")
        value = generate(schema, draw, self._schemas, fill_properties=not self._settings.no_fill_properties)
        if media.is_json:
            value = informed(value, self._schemas.root(schema).accepts, own)
        body = _encoded(media, value)
        return Answer(status, _typed(media, body, self._beside(response, "", given)), body, "failure")

    def _beside(self, response: Response, example: str, given: Headers) -> Headers:
        """The headers of a response; those given take the place of its own."""
        headers = {name.lower(): (name, value) for name, value in self._headers(response, example, None)}
        return tuple((headers | {name.lower(): (name, value) for name, value in given}).values())

    def _challenge(self, operation: Operation | None) -> str:
        """The challenge of a 401 (RFC 9110, 11.6.1), from the operation's schemes."""
        names = [name for alternative in (operation.security if operation else ()) for name in alternative]
        kinds = [self._contract.schemes[name] for name in names if name in self._contract.schemes]
        schemes = [one.scheme.capitalize() if one.type == "http" else "Bearer" for one in kinds]
        return ", ".join(f"{name}{_CHALLENGES.get(name, '')}" for name in dict.fromkeys(schemes)) or "Bearer"

    def _filled(self, response: Response, status: int, example: str, given: Headers) -> Answer:
        """An answer from a response's examples of one name."""
        media = _media_type(response, example or None)
        body = b"" if media is None else _encoded(media, media.examples.get(example, media.examples.get("")))
        return Answer(status, _typed(media, body, self._beside(response, example, given)), body, "failure")

    def _response(self, question: Question) -> tuple[Response | None, int]:
        """The response that is preferred, or the lowest 2XX, or else the first that there is."""
        operation, code = question.operation, question.preferences.code
        if code is not None:
            return operation.response_for(code), code
        named = question.preferences.example
        for status, response in operation.responses.items() if named else ():
            if any(named in media.examples for media in response.content):
                return response, _a_status(status)
        good = sorted(int(status) for status in operation.responses if status.isdigit() and status[0] == "2")
        if good:
            return operation.responses[str(good[0])], good[0]
        for status, response in operation.responses.items():
            return response, _a_status(status)
        return Response("200"), 200

    def _body(self, question: Question, response: Response, media: MediaType | None) -> tuple[bytes, str, str]:
        """The body, where it came from, and the name of the example (for the headers beside it)."""
        asked = question.preferences
        if asked.example is not None:
            if media is None or asked.example not in media.examples:
                raise _no_such_example(asked.example, response)
            return _encoded(media, media.examples[asked.example]), "example", asked.example
        if asked.variant is not None:
            return self._variant(question, response, media), "generated", ""
        if media is None:
            return b"", "contract", ""
        generated = asked.dynamic or asked.seed is not None
        resource = self._resource(question.operation, media)
        record = self._record(question, resource)
        if record is not None and not generated:
            return _encoded(media, record.value), "fixture", ""
        if media.examples and resource is None and not generated and not self._settings.dynamic:
            name = "" if "" in media.examples else next(iter(media.examples))
            return _encoded(media, media.examples[name]), "example", name
        return _encoded(media, self._generated(question, media, resource, record)), "generated", ""

    def _variant(self, question: Question, response: Response, media: MediaType | None) -> bytes:
        asked = question.preferences
        found = [] if media is None else self._listed(question.operation, response, media, asked.seed)
        number = asked.variant or 0
        if media is None or number >= len(found):
            expected = f"a number from 0 to {len(found) - 1}" if found else "no variant, since the answer has no body"
            shown = f"{question.operation.key} {response.status} has {len(found)} variants"
            raise _CannotHonourError(f"Found the preference variant={number}; expected {expected}: {shown}.")
        return _encoded(media, found[number].value)

    def variants(self, operation: Operation) -> list[Variant]:
        """The variants of the answer that an operation gives when it is asked for nothing else.

        Raises :class:`GenerationError` where no answer can be made.
        """
        question = Question(operation, Request(operation.method, operation.path), Caller(), Preferences())
        response, _ = self._response(question)
        media = None if response is None else _media_type(response, None)
        return [] if response is None or media is None else self._listed(operation, response, media, None)

    def _listed(self, operation: Operation, response: Response, media: MediaType, seed: int | None) -> list[Variant]:
        """All variants of an answer: the same for whoever asks, so that a number means the same to all."""
        seed = self._settings.seed if seed is None else seed
        key = (operation.key, f"{response.status} {media.name}", seed)
        if key not in self._variants:
            while len(self._variants) >= LISTS:
                self._variants.pop(next(iter(self._variants)))
            schema = True if media.schema is None else media.schema
            draw = Draw(seed, operation.resource or operation.key, "variant")
            self._variants[key] = variants(
                schema, draw, self._schemas, fill_properties=not self._settings.no_fill_properties
            )
        return self._variants[key]

    def _resource(self, operation: Operation, media: MediaType) -> Resource | None:
        """The resource whose records this answer is about."""
        resource = self._contract.manners.resources.get(operation.resource or "")
        return resource if resource is not None and media.schema == {"$ref": resource.schema} else None

    def _record(self, question: Question, resource: Resource | None) -> Record | None:
        kind = question.caller.kind
        if resource is None or kind is None or kind.selects != resource.name:
            return None
        return self._store.get(resource.name, question.caller.suffix)

    def _generated(
        self, question: Question, media: MediaType, resource: Resource | None, record: Record | None
    ) -> JSON:
        asked, caller = question.preferences, question.caller
        seed = self._settings.seed if asked.seed is None else asked.seed
        if resource is None:
            query = "&".join(part for part in question.request.query.split("&") if not part.startswith("__"))
            identity = f"{caller.token or ''} {question.request.path}?{query}"
            draw = Draw(seed, question.operation.key, identity)
            schema: JSON = True if media.schema is None else media.schema
            fill = not self._settings.no_fill_properties
            return generate(schema, draw, self._schemas, fill_properties=fill)
        maker = self._makers[resource.name]
        pins = maker.pins_named(caller.suffix) or _pins_of(resource, record)
        return maker.value(caller.suffix, seed, pins)

    def _headers(self, response: Response, example: str, question: Question | None) -> Headers:
        pairs = ((header.name, self._header(header, example, question)) for header in response.headers)
        return tuple((name, value) for name, value in pairs if value is not None)

    def _header(self, header: Header, example: str, question: Question | None) -> str | None:
        value = header.value_for(example)
        if value is None and header.required:
            identity = question.request.path if question else ""
            draw = Draw(self._settings.seed, "header", identity)
            value = generate(header.schema, draw, self._schemas)
        if value is None:
            return None
        return json.dumps(value, separators=(",", ":")) if header.is_json else _simple(value, header.explode)


def _no_such_example(name: str, response: Response) -> _CannotHonourError:
    named = ", ".join(sorted(one for media in response.content for one in media.examples if one)) or "none"
    return _CannotHonourError(f"Found the preference example={name!r}; expected one of: {named}.")


def _pins_of(resource: Resource, record: Record | None) -> dict[str, JSON]:
    """What makes another record one of the same kind."""
    pins: dict[str, JSON] = {}
    for pin in resource.pins if record is not None else ():
        with contextlib.suppress(KeyError):  # this record has nothing there
            pins[pin] = find(record.value, pin) if record is not None else None
    return pins


def _simple(value: JSON, explode: bool) -> str:
    """A value in the style ``simple``, which is that of all headers (OpenAPI 3.1, "Style Values")."""
    if isinstance(value, list):
        return ",".join(_simple(one, explode) for one in value)
    if isinstance(value, dict):
        between = "=" if explode else ","
        return ",".join(f"{name}{between}{_simple(one, explode)}" for name, one in value.items())
    return value if isinstance(value, str) else json.dumps(value)


def _typed(media: MediaType | None, body: bytes, headers: Headers) -> Headers:
    if media is None:
        return headers
    kind, _, _ = media.name.partition("/")
    ranges = {"*": "application/json", "application": "application/json", "text": "text/plain"}
    name = ranges.get(kind, "application/octet-stream") if media.name.endswith("/*") else media.name
    return (("content-type", name), *headers)


def _media_type(response: Response, example: str | None) -> MediaType | None:
    """The media type that has the example, or the first of JSON, or the first."""
    if example is not None:
        for media in response.content:
            if example in media.examples:
                return media
    return next((media for media in response.content if media.is_json), next(iter(response.content), None))


def _first_example(response: Response) -> str:
    media = _media_type(response, None)
    return "" if media is None or "" in media.examples else next(iter(media.examples), "")


def _a_status(key: str) -> int:
    """A status for a key: ``2XX`` is 200, ``default`` is 200 too, for want of anything better."""
    return int(key) if key.isdigit() else int(key[0]) * 100 if key[:1].isdigit() else 200


def _encoded(media: MediaType, value: JSON) -> bytes:
    if isinstance(value, str) and not media.is_json:
        return value.encode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
