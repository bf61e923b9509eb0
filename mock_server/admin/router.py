"""From the method and path of an admin request to the function that answers it.

Each module of this package is about one noun, and has a table ``ROUTES``: rows of a method, a path template below
``/__admin`` (``/requests/{id}``; ``{+name}`` takes the rest of the path, slashes included) and a function from
:class:`AdminRequest` to an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import parse_qsl

from mock_server.admin.background import BackgroundCalls
from mock_server.admin.process_status import ProcessStatus
from mock_server.admin.response_chunks import Steps
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_text import DEEPEST, TooDeepError, json_bytes, read_json
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Request, Response, ResponseSource
from mock_server.http.problem_details import problem_response
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.loading.loader import CONTROL
from mock_server.settings import Settings
from mock_server.worlds.journal import Journal
from mock_server.worlds.world import World, Worlds

PREFIX = CONTROL
LARGE_BODY = 64 * 1024
"""Bytes of a body that is read, and worked with, in a thread."""


@value_class(slots=False)
class AdminRequest:
    """An admin request, and all that an answer may need.

    ``values`` are those of the path template, ``figures`` are the metrics of other processes.
    """

    request: Request
    world: World
    worlds: Worlds
    served: Sequence[ApiMount]
    settings: Settings
    process_status: ProcessStatus
    values: Mapping[str, str]
    figures: Sequence[JSON] = ()
    errands: BackgroundCalls = field(default_factory=BackgroundCalls, compare=False)

    @property
    def is_large(self) -> bool:
        """Whether whatever is done with the body takes long."""
        return len(self.request.body) > LARGE_BODY

    @cached_property
    def journal(self) -> Journal:
        """The journal of the world, as it was when this was first asked for. Raises :class:`HubError`."""
        return self.errands.run(self.world.journal.read, is_long=self.worlds.is_shared)

    def body(self) -> JSON:
        """Return the body as JSON; raises :class:`AdminRequestError` where it is not JSON."""
        try:
            data: JSON = self.errands.run(_read, self.request.body, is_long=self.is_large)
        except TooDeepError as error:
            finding = Diagnostic("body", "body", str(error), f"at most {DEEPEST} levels", "", "Fix the body.")
            raise AdminRequestError("invalid-request", 422, str(finding), (finding,)) from None
        except ValueError as error:
            finding = Diagnostic("malformed-body", "body", str(error), "JSON (RFC 8259)", "", "Fix the body.")
            raise AdminRequestError("malformed-request", 400, str(finding), (finding,)) from None
        return data

    def query(self, *known: str) -> dict[str, str]:
        """Return the query parameters, the last of each name; raises :class:`AdminRequestError` for an unknown one."""
        parameters = dict(parse_qsl(self.request.query, keep_blank_values=True))
        for name in parameters:
            if name not in known:
                raise AdminRequestError(
                    "invalid-request",
                    400,
                    f"query: found the parameter {name!r}{did_you_mean(name, known)}; expected {_one_of(known)}.",
                )
        return parameters


def _read(body: bytes) -> JSON:
    value: JSON = read_json(body, deepest=DEEPEST)
    return value


class AdminRequestError(Exception):
    """Raised for an admin request that is refused, with the problem document of the answer. No state has changed."""

    def __init__(
        self, name: str, status: int, detail: str, findings: Sequence[Diagnostic] = (), *, headers: Headers = ()
    ) -> None:
        self.answer = problem_response(name, status, detail, findings, headers=headers)
        super().__init__(detail)


Function: TypeAlias = Callable[[AdminRequest], Response | Steps]
Rows: TypeAlias = Sequence[tuple[str, str, Function]]
_Answering = TypeVar("_Answering")
"""The functions of a table."""


class Table(Generic[_Answering]):
    """Routes: of all nouns of the admin API, or of the console. ``find`` returns what answers."""

    def __init__(self, rows: Iterable[tuple[str, str, _Answering]]) -> None:
        self._templates: dict[str, dict[str, _Answering]] = {}
        for method, template, function in rows:
            self._templates.setdefault(template, {})[method] = function
        # The concrete path goes before the one with a parameter.
        by_use = sorted(self._templates, key=lambda template: template.count("{"))
        self._patterns = [(template, _pattern(template)) for template in by_use]

    def has(self, path: str) -> bool:
        """Tell whether there is a route for a path below ``/__admin``, whatever the method."""
        return any(pattern.fullmatch(path) for _, pattern in self._patterns)

    def find(self, method: str, path: str) -> tuple[_Answering, Mapping[str, str]]:
        """Return the function for a method and a path below ``/__admin``, and the values in the path.

        Raises :class:`AdminRequestError` (404, 405) where there is none.
        """
        allowed: dict[str, None] = {}
        for template, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            functions = self._templates[template]
            function = functions.get("GET" if method == "HEAD" else method)
            if function is not None:
                return function, match.groupdict()
            allowed |= dict.fromkeys(functions)
        if not allowed:
            raise AdminRequestError("not-found", 404, self._unknown(path))
        methods = [*allowed, *(["HEAD"] if "GET" in allowed else [])]
        raise AdminRequestError(
            "method-not-allowed",
            405,
            f"Found {method} {PREFIX}{path}; expected {_one_of([*allowed])}.",
            headers=(("Allow", ", ".join(methods)),),
        )

    def _unknown(self, path: str) -> str:
        known = [PREFIX + template for template in self._templates]
        listing = ", ".join(known).replace("{+", "{")
        return f"Found the admin path {PREFIX}{path}{did_you_mean(PREFIX + path, known)}; expected one of {listing}."


def _pattern(template: str) -> re.Pattern[str]:
    if template == "/":
        return re.compile("/?")
    pattern = re.sub(r"\\\{(\\\+)?(\w+)\\\}", _group, re.escape(template))
    return re.compile(pattern)


def _group(match: re.Match[str]) -> str:
    return f"(?P<{match[2]}>{'.+' if match[1] else '[^/]+'})"


def _one_of(names: Sequence[str]) -> str:
    return "none" if not names else names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def json_response(value: JSON, status: int = 200, headers: Headers = ()) -> Response:
    """Return an answer of the admin API in JSON."""
    media_type = "application/json" if status < 400 else "application/problem+json"
    own = (("content-type", media_type), ("cache-control", "no-store"))
    return Response(status, (*own, *headers), json_bytes(value), ResponseSource.CONTROL)


def aside(function: Function, is_long: Callable[[AdminRequest], bool]) -> Function:
    """Return a function that changes nothing as one that is called in a thread where it takes long."""
    return lambda admin_request: admin_request.errands.run(function, admin_request, is_long=is_long(admin_request))
