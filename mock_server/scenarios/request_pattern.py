"""Request patterns: the ``match`` of a scenario, or a search of the journal. WireMock's form is accepted too.

https://wiremock.org/docs/request-matching/ for ``urlPath``, ``queryParameters``, ``bodyPatterns`` and the like. A
pattern is read once and matched often; its matching has a bound, whatever it contains (``bounded``).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TypeAlias
from urllib.parse import unquote

from mock_server.core.json_pointer import value_at
from mock_server.core.json_reader import JsonReader
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.form_pairs import raw_pairs
from mock_server.http.messages import Request, Route
from mock_server.openapi.model import Operation
from mock_server.openapi.security import bearer_token, cookies
from mock_server.plugins import ValuePattern
from mock_server.scenarios.safe_matching import MOST_PATTERNS, StepBudget, StepBudgetExceededError, json_equal, parsed
from mock_server.scenarios.value_patterns import matcher, path_of, schema_of, value_pattern

KEYS = (
    "operation",
    "method",
    "path",
    "pathParameters",
    "query",
    "headers",
    "token",
    "body",
    "schema",
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "urlPathTemplate",
    "queryParameters",
    "cookies",
    "basicAuth",
    "bodyPatterns",
)
"""The keys of a pattern; the lower rows are WireMock's."""
OF_SCENARIOS = (*KEYS, "record")
"""The keys of the ``match`` of a scenario, which is asked while the records are there that the request is about."""
MOST = 64
"""Most headers, parameters or body patterns of one pattern."""


RecordLookup: TypeAlias = Callable[[], Mapping[str, JSON] | None]
"""Returns the record that a request is about, as it is now; None where there is none."""


def no_record() -> None:
    """Return no record: a lookup where nothing keeps any."""


@value_class(slots=False)
class _RequestView:
    """A request, and its parsed parts, which are parsed when a pattern needs them."""

    request: Request
    route: Route
    operation: Operation | None
    lookup: RecordLookup = no_record

    @cached_property
    def query(self) -> dict[str, list[str]]:
        parameters: dict[str, list[str]] = {}
        for name, value in raw_pairs(self.request.query):
            parameters.setdefault(name, []).append(unquote(value.replace("+", " ")))
        return parameters

    @cached_property
    def body(self) -> str | None:
        return self.request.body.decode("utf-8", "replace") if self.request.body else None

    @cached_property
    def json(self) -> JSON:
        return parsed(self.request.body)

    @cached_property
    def record(self) -> Mapping[str, JSON] | None:
        return self.lookup()

    @property
    def url(self) -> str:
        return self.request.path + ("?" + self.request.query if self.request.query else "")


_Check: TypeAlias = Callable[[_RequestView], str]
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
        self.needs_record = isinstance(data, dict) and "record" in data
        """Whether it asks for something of the record that a request is about."""
        self.reads_any_header = not isinstance(data, dict) or not {"headers", "cookies"}.isdisjoint(data)
        """Whether it may ask for other headers than ``Authorization``."""

    @classmethod
    def from_json(cls, data: JSON, pointer: str = "", keys: tuple[str, ...] = KEYS) -> RequestPattern:
        """Read the pattern at ``pointer``, which may have these keys; raises :class:`InstructionError`."""
        part = JsonReader(data, pointer)
        members = part.members(keys)
        count = _count_regexes(data)
        if count > MOST_PATTERNS:
            raise part.refusal("limit", f"{count} regular expressions", f"at most {MOST_PATTERNS}")
        names = sorted(members, key=lambda key: key == "record")  # last: it may ask a database
        return cls([check for key in names for check in _READERS[key](members[key], members)], data)

    def matches(
        self, request: Request, route: Route, operation: Operation | None = None, lookup: RecordLookup = no_record
    ) -> bool:
        """Tell whether a request matches.

        ``operation`` is that of the route, where the route has one; ``lookup`` finds the record that it is about.
        """
        candidate = _RequestView(request, route, operation, lookup)
        return not any(check(candidate) for check in self._checks)

    def differences(self, request: Request, route: Route, operation: Operation | None = None) -> list[str]:
        """Return how a request differs, part by part, in words; empty where it matches."""
        candidate = _RequestView(request, route, operation)
        return [text for check in self._checks if (text := check(candidate))]

    def may_meet(self, operation: Operation) -> bool:
        """Tell whether a request to an operation may match, judging by operation, method and path alone."""
        data = self.data if isinstance(self.data, dict) else {}
        identifier = data.get("operation")
        if identifier is not None and identifier not in (operation.operation_id, operation.key):
            return False
        if data.get("method") is not None and str(data["method"]).upper() not in ("ANY", operation.method):
            return False
        path = data.get("path")
        return not isinstance(path, str) or _same_shape(path, operation.path)


def _count_regexes(data: JSON) -> int:
    """Return how many regular expressions a pattern has, wherever they stand."""
    count, waiting = 0, [data]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            count += sum(isinstance(node.get(name), str) for name in ("matches", "doesNotMatch"))
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return count


def _same_shape(path: str, template: str) -> bool:
    """Tell whether a path or template may equal (the end of) a path of the other template."""
    own, other = path.split("/"), template.split("/")
    own = own[-len(other) :] if len(own) > len(other) else own
    pairs = zip(own[1:], other[1:], strict=False)
    return len(own) == len(other) and all(a == b or "{" in a or "{" in b for a, b in pairs)


def _difference(what: str, actual: object, expected: str) -> str:
    return f"{what}: found {'nothing' if actual is None else actual}; expected {expected}" if expected else ""


def _operation(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    name = part.text()

    def check(candidate: _RequestView) -> str:
        key = candidate.operation.key if candidate.operation else candidate.route.operation
        named = candidate.operation.operation_id if candidate.operation else None
        return "" if name in (key, named) else _difference("operation", named or key or "none", describe_value(name))

    return [check]


def _method(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    method = part.text().upper()
    if not re.fullmatch(r"[A-Z0-9!#$%&'*+.^_`|~-]{1,64}", method):
        raise part.wrong("a method such as GET, or ANY")
    return [
        lambda candidate: (
            ""
            if method in ("ANY", candidate.request.method)
            else _difference("method", candidate.request.method, method)
        )
    ]


def _url(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    url = part.text()
    return [lambda candidate: "" if candidate.url == url else _difference("url", candidate.url, url)]


def _url_path(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    path = part.text()
    return [
        lambda candidate: "" if candidate.request.path == path else _difference("path", candidate.request.path, path)
    ]


def _by_regex(
    what: str, seen: Callable[[_RequestView], str]
) -> Callable[[JsonReader, Mapping[str, JsonReader]], list[_Check]]:
    def read(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
        fits, expected = matcher(part), f"one that the pattern {part.value} fits"
        return [lambda candidate: "" if fits(seen(candidate)) else _difference(what, seen(candidate), expected)]

    return read


def _path(part: JsonReader, members: Mapping[str, JsonReader]) -> list[_Check]:
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
        entry = JsonReader(members["pathParameters"].value, f"{members['pathParameters'].pointer}/{name}")
        raise entry.refusal("unknown-key", f"the parameter {name!r}", "one of " + (", ".join(names) or "none"))

    def check(candidate: _RequestView) -> str:
        own = candidate.operation is not None and candidate.operation.path == template
        match = None if own else shape.fullmatch(candidate.request.path)
        if match is None and not own:
            return _difference("path", candidate.request.path, template)
        values = dict(zip(names, match.groups(), strict=True)) if match else dict(candidate.route.path_parameters)
        wrong = [
            _difference(f"path {name}", values.get(name), pattern(unquote(values[name]) if name in values else None))
            for name, pattern in patterns.items()
        ]
        return "; ".join(filter(None, wrong))

    return [check]


def _is_simple(template: str) -> bool:
    return all(segment.count("{") <= 1 for segment in template.split("/"))


def _path_parameters(part: JsonReader, members: Mapping[str, JsonReader]) -> list[_Check]:
    """Return the check of the operation's path parameters; with a template in the pattern, the template checks them."""
    patterns = _patterns(part)
    if members.keys() & {"path", "urlPathTemplate"}:
        return []

    def check(candidate: _RequestView) -> str:
        values = candidate.route.path_parameters
        wrong = [
            _difference(f"path {name}", values.get(name), pattern(unquote(values[name]) if name in values else None))
            for name, pattern in patterns.items()
        ]
        return "; ".join(filter(None, wrong))

    return [check]


def _patterns(part: JsonReader) -> dict[str, ValuePattern]:
    entries = part.entries()
    if len(entries) > MOST:
        raise part.refusal("limit", f"{len(entries)} names", f"at most {MOST}")
    return {name: value_pattern(entry) for name, entry in entries.items()}


def _named(
    what: str, seen: Callable[[_RequestView, str], list[str]], fold: Callable[[str], str] = str
) -> Callable[[JsonReader, Mapping[str, JsonReader]], list[_Check]]:
    def read(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
        return [_one_of(f"{what} {name}", fold(name), seen, pattern) for name, pattern in _patterns(part).items()]

    return read


def _one_of(what: str, name: str, seen: Callable[[_RequestView, str], list[str]], pattern: ValuePattern) -> _Check:
    """Return a check that one of several values matches; without values, the pattern gets None."""

    def check(candidate: _RequestView) -> str:
        values = seen(candidate, name)
        differences = [pattern(value) for value in values] or [pattern(None)]
        return "" if "" in differences else _difference(what, ", ".join(values) if values else None, differences[0])

    return check


def _header_values(candidate: _RequestView, name: str) -> list[str]:
    return candidate.request.header_values(name)


def _query_values(candidate: _RequestView, name: str) -> list[str]:
    return candidate.query.get(name, [])


def _cookie_values(candidate: _RequestView, name: str) -> list[str]:
    return [value for key, value in cookies(candidate.request).items() if key == name]


def _token(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    pattern = value_pattern(part)

    def check(candidate: _RequestView) -> str:
        expected = pattern(bearer_token(candidate.request))
        return f"token: found another; expected {expected}" if expected else ""

    return [check]


def _basic_auth(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    members = part.members(("username", "password"))
    if len(members) < 2:
        raise part.wrong("username and password")
    pair = f"{members['username'].text()}:{members['password'].text()}"
    credentials = "Basic " + base64.b64encode(pair.encode()).decode()
    return [
        lambda candidate: (
            ""
            if candidate.request.header("authorization") == credentials
            else "basicAuth: found other credentials or none"
        )
    ]


def _body(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    return [
        _of_json(f"body {place}", describe_value(entry.value), _value_there(place, entry))
        for place, entry in _places(part).items()
    ]


def _record(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    return [
        _of_record(f"record {place}", describe_value(entry.value), _value_there(place, entry))
        for place, entry in _places(part).items()
    ]


def _places(part: JsonReader) -> Mapping[str, JsonReader]:
    entries = part.entries()
    if len(entries) > MOST:
        raise part.refusal("limit", f"{len(entries)} places", f"at most {MOST}")
    return entries


def _value_there(place: str, part: JsonReader) -> Callable[[JSON], bool]:
    """Return what tells of JSON whether a JSON Pointer (equal) or a JSONPath (one result is equal) has a value there.

    With a JSONPath, true is any result, false none.
    """
    expected = part.value
    if place.startswith("$"):
        search = path_of(JsonReader(place, part.pointer))
    elif place.startswith("/") or not place:
        search = _pointed(place)
    else:
        raise part.refusal("value", describe_value(place), "a JSON Pointer (/email) or a JSONPath ($.email)")

    def fits(value: JSON) -> bool:
        matches = search(value)
        if place.startswith("$") and isinstance(expected, bool):
            return bool(matches) == expected
        return any(json_equal(match, expected, StepBudget()) for match in matches)

    return fits


def _pointed(pointer: str) -> Callable[[JSON], list[JSON]]:
    def search(value: JSON) -> list[JSON]:
        try:
            return [value_at(value, pointer)]
        except (KeyError, IndexError, ValueError, TypeError):
            return []

    return search


def _of_json(what: str, expected: str, fits: Callable[[JSON], bool]) -> _Check:
    def check(candidate: _RequestView) -> str:
        try:
            return "" if fits(candidate.json) else f"{what}: found another value or none; expected {expected}"
        except ValueError:
            return f"{what}: found no JSON; expected {expected}"
        except (StepBudgetExceededError, RecursionError):
            return f"{what}: found a body too large to be looked through; expected {expected}"

    return check


def _of_record(what: str, expected: str, fits: Callable[[JSON], bool]) -> _Check:
    def check(candidate: _RequestView) -> str:
        record = candidate.record
        if record is None:
            return f"{what}: found no record; expected {expected}"
        try:
            return "" if fits(dict(record)) else f"{what}: found another value or none; expected {expected}"
        except (StepBudgetExceededError, RecursionError):
            return f"{what}: found a record too large to be looked through; expected {expected}"

    return check


def _schema(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    return [_of_json("body", "a value that is valid against the schema", schema_of(part))]


def _body_patterns(part: JsonReader, _: Mapping[str, JsonReader]) -> list[_Check]:
    def check_of(pattern: ValuePattern) -> _Check:
        return lambda candidate: _difference(
            "body", None if candidate.body is None else describe_value(candidate.body), pattern(candidate.body)
        )

    return [check_of(value_pattern(item)) for item in part.items(MOST)]


_READERS: Mapping[str, Callable[[JsonReader, Mapping[str, JsonReader]], list[_Check]]] = {
    "operation": _operation,
    "method": _method,
    "path": _path,
    "pathParameters": _path_parameters,
    "query": _named("query", _query_values),
    "headers": _named("header", _header_values, str.lower),
    "token": _token,
    "body": _body,
    "record": _record,
    "schema": _schema,
    "url": _url,
    "urlPath": _url_path,
    "urlPattern": _by_regex("url", lambda candidate: candidate.url),
    "urlPathPattern": _by_regex("path", lambda candidate: candidate.request.path),
    "urlPathTemplate": _path,
    "queryParameters": _named("query", _query_values),
    "cookies": _named("cookie", _cookie_values),
    "basicAuth": _basic_auth,
    "bodyPatterns": _body_patterns,
}
