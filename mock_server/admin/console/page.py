"""Pages of the console: what a page function is given, what it returns, and the answer that is made of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from importlib.metadata import version
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode

from mock_server.admin.console.session import FORMS, cookie_of, forms_cookie, forms_token, has_signed_in
from mock_server.admin.console.static_files import static_files
from mock_server.admin.console.templates import compile_ahead, templates
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Function, Table
from mock_server.core.json_text import DEEPEST, json_bytes, read_json
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers, Request, Response, ResponseSource

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""What a page may load: from this server alone, and no script or style that stands in the page (CSP Level 3)."""
SECURE: Headers = (
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("x-frame-options", "DENY"),
)
_MOST_PARAMETERS = 100
PAGES = (
    ("", "Overview"),
    ("/requests", "Requests"),
    ("/operations", "Operations"),
    ("/fixtures", "Records"),
    ("/scenarios", "Scenarios"),
    ("/coverage", "Coverage"),
    ("/events", "Events"),
    ("/deliveries", "Deliveries"),
    ("/worlds", "Worlds"),
    ("/console/metrics", "Metrics"),
)
"""The pages of the navigation: paths below ``/__admin``, and titles."""


@value_class
class ConsolePage:
    """A page that is to be rendered. ``section`` is its entry of the navigation, by path."""

    template: str
    title: str
    section: str | None
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@value_class(slots=False)
class PageRequest:
    """A request for a page: that of the admin API, and the routes of that API, which pages call for what they show."""

    admin: AdminRequest
    routes: Table[Function]

    @property
    def request(self) -> Request:
        """The HTTP request."""
        return self.admin.request

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the path template."""
        return self.admin.values

    @property
    def base(self) -> str:
        """The path of this console: ``/__admin``, after the prefix of the world and the base path of a contract."""
        return base_of(self.admin.world.prefix, self.request.path)

    @property
    def world_url(self) -> str:
        """The base URL of this world."""
        return self.request.origin + self.admin.world.prefix

    @cached_property
    def query(self) -> dict[str, str]:
        """The query parameters, the last of each name; unknown ones are no error. Too many are (400)."""
        try:
            return dict(parse_qsl(self.request.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
        except ValueError:
            detail = f"query: found more than {_MOST_PARAMETERS} parameters; expected fewer."
            raise AdminRequestError("invalid-request", 400, detail) from None

    @property
    def offset(self) -> int:
        """Return how many rows stand before those that are asked for; 0 for what is no such number."""
        text = self.query.get("offset", "0")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def call(self, method: str, path: str, body: JSON = None, **query: str) -> Generator[float | None, None, JSON]:
        """Return what a function of the admin API answers, as JSON; None for an answer without a body.

        Raises :class:`AdminRequestError` where it refuses.
        """
        answer = yield from self.call_response(method, path, body, **query)
        return read_json(answer.body) if answer.body else None

    def call_response(
        self, method: str, path: str, body: JSON = None, **query: str
    ) -> Generator[float | None, None, Response]:
        """Return the answer of a function of the admin API, in one piece. The path is decoded, as in a request."""
        function, values = self.routes.find(method, path)
        request = Request(
            method,
            self.request.path.partition(PREFIX)[0] + PREFIX + path,
            urlencode(query),
            (("accept", "application/json"),),
            b"" if body is None else json_bytes(body),
            self.request.origin,
        )
        answer = function(replace(self.admin, request=request, values=values))
        if not isinstance(answer, Response):
            answer = yield from answer
        return answer if answer.pieces is None else replace(answer, body=b"".join(answer.pieces), pieces=None)

    @staticmethod
    def json_of(fields: Mapping[str, str], name: str) -> JSON:
        """Return a field of a form as JSON; raises :class:`AdminRequestError` (400) where it is none."""
        try:
            value: JSON = read_json(fields.get(name, "").encode("utf-8", "replace"), deepest=DEEPEST)
        except ValueError as error:
            detail = f"{name}: found {error}; expected JSON (RFC 8259). Go back, and mend it there."
            raise AdminRequestError("malformed-request", 400, detail) from None
        return value


PageSteps: TypeAlias = Generator[float | None, None, ConsolePage | Response]
"""A page that is made in steps; others may have their turn in between."""
PageFunction: TypeAlias = Callable[[PageRequest], ConsolePage | Response | PageSteps]
PageRows: TypeAlias = Sequence[tuple[str, str, PageFunction]]
"""Rows of a method, a path template below ``/__admin``, and what answers."""


def base_of(world_prefix: str, path: str) -> str:
    """Return the path of a console by a path within a world."""
    return world_prefix + path.partition(PREFIX)[0] + PREFIX


def page_response(page: ConsolePage, request: Request, world_prefix: str, world: str, token: str) -> Response:
    """Return the answer with a rendered page. ``token`` is the admin token of the settings, perhaps empty."""
    base = base_of(world_prefix, request.path)
    forms = forms_token(request)
    common = {
        "base": base,
        "forms_token": forms,
        "is_signed_in": has_signed_in(request, token),
        "navigation": PAGES,
        "section": page.section,
        "static": {name: PREFIX + file.path for name, file in static_files().items()},
        "title": page.title,
        "version": version("contract-mock-server"),
        "world": world,
    }
    text = templates().get_template(page.template).render({**common, **page.values})
    compile_ahead()
    headers = (("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"), ("vary", "Accept"), *SECURE)
    if not cookie_of(request, FORMS):
        is_secure = request.origin.startswith("https:")
        headers = (*headers, ("set-cookie", forms_cookie(forms, base, is_secure=is_secure)))
    return Response(page.status, headers, text.encode("utf-8", "replace"), ResponseSource.CONTROL)


def see_other(location: str, *cookies: str) -> Response:
    """Return a redirect after a form (RFC 9110, 15.4.4)."""
    headers = (("location", location), ("cache-control", "no-store"), *(("set-cookie", cookie) for cookie in cookies))
    return Response(303, headers, source=ResponseSource.CONTROL)
