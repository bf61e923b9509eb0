"""Request patterns: the ``match`` of a scenario, or a search of the journal. WireMock's form is accepted too.

https://wiremock.org/docs/request-matching/ for ``urlPath``, ``queryParameters``, ``bodyPatterns`` and the like. A
pattern is read once and matched often; its matching has a bound, whatever it contains (``bounded``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias
from urllib.parse import unquote

from mock_server.bounded import Budget, TooMuchWorkError, parsed, same
from mock_server.contract.model import Operation
from mock_server.contract.pairs import raw_pairs
from mock_server.contract.security import bearer_token, cookies
from mock_server.contract.source import find
from mock_server.exchange import JSON, Request, Route
from mock_server.instruction import Part, shown
from mock_server.value_pattern import ValuePattern, matcher, path_of, schema_of, value_pattern

KEYS = (
    "operation", "method", "path", "pathParameters", "query", "headers", "token", "body", "schema",
    "url", "urlPath", "urlPattern", "urlPathPattern", "urlPathTemplate",
    "queryParameters", "cookies", "basicAuth", "bodyPatterns",
)  # fmt: skip
"""The keys of a pattern; the lower rows are WireMock's."""
MOST = 64
"""Most headers, parameters or body patterns of one pattern."""


@dataclass(frozen=True)
class _Asked:
    """A request, and its parsed parts, which are parsed when a pattern needs them."""

    request: Request
    route: Route
    operation: Operation | None

    @cached_property
    def query(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, value in raw_pairs(self.request.query):
            found.setdefault(name, []).append(unquote(value.replace("+", " ")))
        return found

    @cached_property
    def body(self) -> str | None:
        return self.request.body.decode("utf-8", "replace") if self.request.body else None

    @cached_property
    def json(self) -> JSON:
        return parsed(self.request.body)

    @property
    def url(self) -> str:
        return self.request.path + ("?" + self.request.query if self.request.query else "")


_Check: TypeAlias = Callable[[_Asked], str]
"""Returns how a request differs, in words; empty where it does not."""


class RequestPattern:
    """A pattern of requests. One without any keys matches every request."""

    def __init__(self, checks: Iterable[_Check], data: JSON) -> None:
        self._checks = tuple(checks)
        self.data = data
        """The JSON that it was read from."""
        named = data.get("operation") if isinstance(data, dict) else None
        self.operation = named if isinstance(named, str) else None
        """The operationId or the key of the one operation that it names, None where it names none."""

    @classmethod
    def from_json(cls, data: JSON, pointer: str = "") -> RequestPattern:
        """Read the pattern at ``pointer``; raises :class:`InstructionError`."""
        part = Part(data, pointer)
        members = part.members(KEYS)
        return cls([check for key, one in members.items() for check in _READERS[key](one, members)], data)

    def matches(self, request: Request, route: Route, operation: Operation | None = None) -> bool:
        """Tell whether a request matches. ``operation`` is that of the route, where the route has one."""
        asked = _Asked(request, route, operation)
        return not any(check(asked) for check in self._checks)

    def differences(self, request: Request, route: Route, operation: Operation | None = None) -> list[str]:
        """Return how a request differs, part by part, in words; empty where it matches."""
        asked = _Asked(request, route, operation)
        return [text for check in self._checks if (text := check(asked))]

    def may_meet(self, operation: Operation) -> bool:
        """Tell whether a request to an operation may match, judging by operation, method and path alone."""
        data = self.data if isinstance(self.data, dict) else {}
        wanted = data.get("operation")
        if wanted is not None and wanted not in (operation.operation_id, operation.key):
            return False
        if data.get("method") is not None and str(data["method"]).upper() not in ("ANY", operation.method):
            return False
        path = data.get("path")
        return not isinstance(path, str) or _same_shape(path, operation.path)


def _same_shape(path: str, template: str) -> bool:
    """Tell whether a path or template may equal (the end of) a path of the other template."""
    own, other = path.split("/"), template.split("/")
    own = own[-len(other) :] if len(own) > len(other) else own
    pairs = zip(own[1:], other[1:], strict=False)
    return len(own) == len(other) and all(a == b or "{" in a or "{" in b for a, b in pairs)


def _difference(what: str, found: object, expected: str) -> str:
    return f"{what}: found {'nothing' if found is None else found}; expected {expected}" if expected else ""


def _operation(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    wanted = part.text()

    def check(asked: _Asked) -> str:
        key = asked.operation.key if asked.operation else asked.route.operation
        named = asked.operation.operation_id if asked.operation else None
        return "" if wanted in (key, named) else _difference("operation", named or key or "none", shown(wanted))

    return [check]


def _method(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    wanted = part.text().upper()
    if not re.fullmatch(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,64}", wanted):
        raise part.wrong("a method such as GET, or ANY")
    return [
        lambda asked: (
            "" if wanted in ("ANY", asked.request.method) else _difference("method", asked.request.method, wanted)
        )
    ]


def _url(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    wanted = part.text()
    return [lambda asked: "" if asked.url == wanted else _difference("url", asked.url, wanted)]


def _url_path(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    wanted = part.text()
    return [lambda asked: "" if asked.request.path == wanted else _difference("path", asked.request.path, wanted)]


def _by_regex(what: str, seen: Callable[[_Asked], str]) -> Callable[[Part, Mapping[str, Part]], list[_Check]]:
    def read(part: Part, _: Mapping[str, Part]) -> list[_Check]:
        fits, expected = matcher(part), f"one that the pattern {part.value} fits"
        return [lambda asked: "" if fits(seen(asked)) else _difference(what, seen(asked), expected)]

    return read


def _path(part: Part, members: Mapping[str, Part]) -> list[_Check]:
    """Return the check of a literal path or a template; the values of its parameters have patterns of their own."""
    template = part.text()
    if not template.startswith("/"):
        raise part.wrong("a path that begins with /")
    names = re.findall(r"\{([^{}/]+)\}", template)
    pieces = re.split(r"\{[^{}/]+\}", template)
    # One segment is no longer than the path: [^/]+ between literals cannot backtrack far, and parts are few.
    if len(names) > MOST:
        raise part.refusal("limit", f"{len(names)} parameters", f"at most {MOST}")
    shape = re.compile("([^/]+?)".join(map(re.escape, pieces))) if _is_simple(template) else None
    if shape is None:
        raise part.wrong("a template with at most one parameter in each segment")
    patterns = {} if "pathParameters" not in members else _patterns(members["pathParameters"])
    for name in patterns.keys() - {*names}:
        one = Part(members["pathParameters"].value, f"{members['pathParameters'].pointer}/{name}")
        raise one.refusal("unknown-key", f"the parameter {name!r}", "one of " + (", ".join(names) or "none"))

    def check(asked: _Asked) -> str:
        # Routing has matched this very template, and has the values of its parameters already.
        own = asked.operation is not None and asked.operation.path == template
        match = None if own else shape.fullmatch(asked.request.path)
        if match is None and not own:
            return _difference("path", asked.request.path, template)
        found = dict(zip(names, match.groups(), strict=True)) if match else dict(asked.route.path_parameters)
        wrong = [
            _difference(f"path {name}", found.get(name), pattern(unquote(found[name]) if name in found else None))
            for name, pattern in patterns.items()
        ]
        return "; ".join(filter(None, wrong))

    return [check]


def _is_simple(template: str) -> bool:
    return all(segment.count("{") <= 1 for segment in template.split("/"))


def _path_parameters(part: Part, members: Mapping[str, Part]) -> list[_Check]:
    """Return the check of the operation's path parameters; with a template in the pattern, the template checks them."""
    patterns = _patterns(part)
    if members.keys() & {"path", "urlPathTemplate"}:
        return []

    def check(asked: _Asked) -> str:
        found = asked.route.path_parameters
        wrong = [
            _difference(f"path {name}", found.get(name), pattern(unquote(found[name]) if name in found else None))
            for name, pattern in patterns.items()
        ]
        return "; ".join(filter(None, wrong))

    return [check]


def _patterns(part: Part) -> dict[str, ValuePattern]:
    entries = part.entries()
    if len(entries) > MOST:
        raise part.refusal("limit", f"{len(entries)} names", f"at most {MOST}")
    return {name: value_pattern(one) for name, one in entries.items()}


def _named(
    what: str, seen: Callable[[_Asked, str], list[str]], fold: Callable[[str], str] = str
) -> Callable[[Part, Mapping[str, Part]], list[_Check]]:
    def read(part: Part, _: Mapping[str, Part]) -> list[_Check]:
        return [_one_of(f"{what} {name}", fold(name), seen, pattern) for name, pattern in _patterns(part).items()]

    return read


def _one_of(what: str, name: str, seen: Callable[[_Asked, str], list[str]], pattern: ValuePattern) -> _Check:
    """Return a check that one of several values matches; without values, the pattern gets None."""

    def check(asked: _Asked) -> str:
        values = seen(asked, name)
        wanted = [pattern(value) for value in values] or [pattern(None)]
        return "" if "" in wanted else _difference(what, ", ".join(values) if values else None, wanted[0])

    return check


def _header_values(asked: _Asked, name: str) -> list[str]:
    return asked.request.header_values(name)


def _query_values(asked: _Asked, name: str) -> list[str]:
    return asked.query.get(name, [])


def _cookie_values(asked: _Asked, name: str) -> list[str]:
    return [value for key, value in cookies(asked.request).items() if key == name]


def _token(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    pattern = value_pattern(part)

    def check(asked: _Asked) -> str:
        expected = pattern(bearer_token(asked.request))
        return f"token: found another; expected {expected}" if expected else ""

    return [check]


def _basic_auth(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    members = part.members(("username", "password"))
    if len(members) < 2:
        raise part.wrong("username and password")
    pair = f"{members['username'].text()}:{members['password'].text()}"
    wanted = "Basic " + base64.b64encode(pair.encode()).decode()
    return [
        lambda asked: (
            "" if asked.request.header("authorization") == wanted else "basicAuth: found other credentials or none"
        )
    ]


def _body(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    """Return the checks of JSON Pointers (equal) and JSONPaths (one result is equal; true: there is a result)."""
    entries = part.entries()
    if len(entries) > MOST:
        raise part.refusal("limit", f"{len(entries)} places", f"at most {MOST}")
    return [_body_at(place, one) for place, one in entries.items()]


def _body_at(place: str, part: Part) -> _Check:
    wanted = part.value
    if place.startswith("$"):
        search = path_of(Part(place, part.pointer))
    elif place.startswith("/") or not place:
        search = _pointed(place)
    else:
        raise part.refusal("value", shown(place), "a JSON Pointer (/email) or a JSONPath ($.email)")

    def fits(value: JSON) -> bool:
        found = search(value)
        if place.startswith("$") and isinstance(wanted, bool):
            return bool(found) == wanted
        return any(same(one, wanted, Budget()) for one in found)

    return _of_json(f"body {place}", shown(wanted), fits)


def _pointed(pointer: str) -> Callable[[JSON], list[JSON]]:
    def search(value: JSON) -> list[JSON]:
        try:
            return [find(value, pointer)]
        except (KeyError, IndexError, ValueError, TypeError):
            return []

    return search


def _of_json(what: str, expected: str, fits: Callable[[JSON], bool]) -> _Check:
    def check(asked: _Asked) -> str:
        try:
            return "" if fits(asked.json) else f"{what}: found another value or none; expected {expected}"
        except ValueError:
            return f"{what}: found no JSON; expected {expected}"
        except (TooMuchWorkError, RecursionError):
            return f"{what}: found a body too large to be looked through; expected {expected}"

    return check


def _schema(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    return [_of_json("body", "a value that keeps the schema", schema_of(part))]


def _body_patterns(part: Part, _: Mapping[str, Part]) -> list[_Check]:
    def check_of(pattern: ValuePattern) -> _Check:
        return lambda asked: _difference("body", None if asked.body is None else shown(asked.body), pattern(asked.body))

    return [check_of(value_pattern(one)) for one in part.items(MOST)]


_READERS: Mapping[str, Callable[[Part, Mapping[str, Part]], list[_Check]]] = {
    "operation": _operation,
    "method": _method,
    "path": _path,
    "pathParameters": _path_parameters,
    "query": _named("query", _query_values),
    "headers": _named("header", _header_values, str.lower),
    "token": _token,
    "body": _body,
    "schema": _schema,
    "url": _url,
    "urlPath": _url_path,
    "urlPattern": _by_regex("url", lambda asked: asked.url),
    "urlPathPattern": _by_regex("path", lambda asked: asked.request.path),
    "urlPathTemplate": _path,
    "queryParameters": _named("query", _query_values),
    "cookies": _named("cookie", _cookie_values),
    "basicAuth": _basic_auth,
    "bodyPatterns": _body_patterns,
}
