"""Answers and values of requests that need no second look: quickly read, quickly judged, and all well.

jsonschema-rs says in microseconds what takes openapi-core a millisecond. Its yes is taken; whatever else there is to
say of an answer (and whether its no was right) openapi-core says, which knows how to say it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mock_server.contract.coercion import UnreadableError
from mock_server.contract.media import essence_of, read_json
from mock_server.contract.model import BODYLESS, FRAMING, Header, Response
from mock_server.contract.parameters import Parameter, Sent, read_parameter
from mock_server.exchange import JSON, Answer, Headers, Request, Route

Accepts = Callable[[JSON], bool]
AcceptsOf = Callable[[JSON], Accepts]
"""From a schema of the contract to whether it accepts a value."""
_NOWHERE = Route()
_REMEMBERED = 256
"""Headers that are remembered of each response."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a documented response takes, by media type and header."""

    bodies: dict[str, Accepts]
    headers: tuple[tuple[Parameter, Accepts], ...]
    _known: dict[Headers, bool] = field(default_factory=dict)
    """What was found of headers before: most answers have the same."""

    def of(self, answer: Answer) -> bool:
        """Whether an answer certainly keeps the contract; False where somebody has to look closer."""
        if self.headers and not self._has_known_headers(answer):
            return False
        if not self.bodies or answer.status in BODYLESS:
            return not self.bodies and not answer.body and answer.header("content-type") is None
        accepts = self.bodies.get(essence_of(answer.header("content-type") or ""))
        if accepts is None:
            return False
        try:
            return accepts(read_json(answer.body if answer.judged is None else answer.judged))
        except ValueError:
            return False

    def _has_known_headers(self, answer: Answer) -> bool:
        known = self._known.get(answer.headers)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[answer.headers] = self._has_good_headers(answer)
        return known

    def _has_good_headers(self, answer: Answer) -> bool:
        lines = tuple((name.lower(), value) for name, value in answer.headers)
        sent = Sent(Request("", "", headers=lines), _NOWHERE)
        for parameter, accepts in self.headers:
            try:
                readings = parameter.readings(sent)
                good = not parameter.required if readings is None else any(map(accepts, readings))
            except UnreadableError:
                return False
            if not good:
                return False
        return True


def acceptance_of(response: Response, accepts_of: AcceptsOf, resolve: Callable[[JSON], JSON]) -> Acceptance | None:
    """What a response takes; None where it has a header of a name that parameters do not have.

    Media ranges and what is no JSON are left out: they are looked at closer.
    """
    bodies = {
        essence_of(media.name): _anything if media.schema is None else taking(media.schema, accepts_of, resolve)
        for media in response.content
        if media.is_json and "*" not in media.name
    }
    headers: list[tuple[Parameter, Accepts]] = []
    for header in response.headers:
        parameter = _parameter(header, resolve)
        if parameter is None:
            return None
        if header.name.lower() not in FRAMING:
            headers.append((parameter, accepts_of(header.schema)))
    return Acceptance(bodies, tuple(headers))


_BOUNDS = {"int32": 2**31, "int64": 2**63}
"""The numbers that OpenAPI's formats leave (Format Registry), from minus this to below it. To jsonschema-rs, formats
are of texts alone."""


def taking(schema: JSON, accepts_of: AcceptsOf, resolve: Callable[[JSON], JSON]) -> Accepts:
    """Whether a value certainly keeps a schema; what finds it out is made when it is first asked.

    A number that might be too large for its format is left to who knows where it stands, as is a request without
    the members that only answers have (``readOnly``).
    """
    accepts: Accepts | None = None
    bound: int | None = None

    def takes(value: JSON) -> bool:
        nonlocal accepts, bound
        if accepts is None:
            named = _formats(schema, resolve)
            bound = min((_BOUNDS[name] for name in named & _BOUNDS.keys()), default=None)
            accepts = accepts_of(schema)
        try:
            return accepts(value) and (bound is None or _is_within(value, bound))
        except (ValueError, RecursionError):
            return False

    return takes


def _formats(schema: JSON, resolve: Callable[[JSON], JSON]) -> set[str]:
    """The formats that stand in a schema and in all that it refers to."""
    found: set[str] = set()
    seen: set[int] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            name = node.get("format")
            found |= {name} if isinstance(name, str) else set()
            waiting += [*node.values(), *([resolve(node)] if "$ref" in node else [])]
    return found


def _is_within(value: JSON, bound: int) -> bool:
    """Whether all whole numbers of a value are of a size."""
    if isinstance(value, int):
        return -bound <= value < bound
    if isinstance(value, dict):
        return all(_is_within(one, bound) for one in value.values())
    return not isinstance(value, list) or all(_is_within(one, bound) for one in value)


def _parameter(header: Header, resolve: Callable[[JSON], JSON]) -> Parameter | None:
    node: dict[str, JSON] = {"name": header.name, "in": "header", "required": header.required}
    if header.is_json:
        node["content"] = {"application/json": {"schema": header.schema}}
    else:
        node |= {"schema": header.schema, "explode": header.explode}
    return read_parameter(node, resolve)


def _anything(value: JSON) -> bool:
    return True
