"""The console as a whole: which requests are for it, what answers them, and its pages for errors and for signing in."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import replace

from mock_server.admin.console.country_page import ROWS as COUNTRIES
from mock_server.admin.console.coverage_page import ROWS as COVERAGE
from mock_server.admin.console.deliveries_page import ROWS as DELIVERIES
from mock_server.admin.console.events_page import ROWS as EVENTS
from mock_server.admin.console.form import form_of
from mock_server.admin.console.metrics_page import ROWS as METRICS
from mock_server.admin.console.operations_page import ROWS as OPERATIONS
from mock_server.admin.console.overview import ROWS as OVERVIEW
from mock_server.admin.console.page import ConsolePage, PageFunction, PageRequest, base_of, page_response, see_other
from mock_server.admin.console.record_keeping import ROWS as RECORD_KEEPING
from mock_server.admin.console.records_page import ROWS as RECORDS
from mock_server.admin.console.requests_page import LIVE
from mock_server.admin.console.requests_page import ROWS as REQUESTS
from mock_server.admin.console.scenarios_page import ROWS as SCENARIOS
from mock_server.admin.console.session import sign_in_cookies
from mock_server.admin.console.static_files import STATIC, static_response
from mock_server.admin.console.worlds_page import ROWS as WORLDS
from mock_server.admin.response_chunks import Steps
from mock_server.admin.router import AdminRequest, AdminRequestError, Function, Table
from mock_server.core.types import JSON
from mock_server.http.content_negotiation import negotiate
from mock_server.http.messages import Request, Response
from mock_server.settings import Settings

SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
FORMS = "/console/"
"""Where forms are sent to, and pages are that share no path with the admin API, below ``/__admin``."""
_PAGES: Table[PageFunction] = Table(
    [
        *COUNTRIES,
        *COVERAGE,
        *DELIVERIES,
        *EVENTS,
        *METRICS,
        *OPERATIONS,
        *OVERVIEW,
        *RECORD_KEEPING,
        *RECORDS,
        *REQUESTS,
        *SCENARIOS,
        *WORLDS,
    ]
)
_OF_PROBLEMS = frozenset({"allow", "retry-after", "www-authenticate"})
"""Headers that say more of a problem, whatever the form of the answer."""
_NEXT = re.compile(r"/(?:[!-\[\]-~][!-\[\]-~]*)?")
"""A path to go to after signing in: in ASCII, without spaces and backslashes."""


class Console:
    """The pages of the console. ``routes`` are those of the admin API, which pages call.

    ``base_paths`` are those below which the server has consoles, each with cookies of its own.
    """

    def __init__(self, routes: Table[Function], settings: Settings, base_paths: Sequence[str]) -> None:
        self._routes = routes
        self._settings = settings
        self._base_paths = base_paths

    def is_for(self, request: Request, path: str) -> bool:
        """Tell whether the console answers a request; ``path`` is below ``/__admin``.

        A path that programs get JSON from is the console's for who prefers HTML.
        """
        if path.startswith((STATIC, FORMS)) or path in (SIGN_IN, SIGN_OUT, LIVE):
            return True
        if request.method not in ("GET", "HEAD") or not prefers_page(request):
            return False
        return _PAGES.has(path) or not self._routes.has(path)

    @staticmethod
    def is_open(method: str, path: str) -> bool:
        """Tell whether everybody may ask: for what the page for signing in is made of, and to sign in."""
        return (path.startswith(STATIC) and method in ("GET", "HEAD")) or path == SIGN_IN

    def steps(self, admin_request: AdminRequest, path: str) -> Steps:
        """Return the answer to a request that is for the console. Raises :class:`AdminRequestError`."""
        request = admin_request.request
        if path.startswith(STATIC):
            file = static_response(request, path)
            if file is None:
                raise AdminRequestError("not-found", 404, "Found no such file. Load the page again that asks for it.")
            return file
        if path in (SIGN_IN, SIGN_OUT):
            return self._session(admin_request, path)
        function, values = _PAGES.find(request.method, path)
        page_request = PageRequest(replace(admin_request, values=values), self._routes)
        page = function(page_request)
        if not isinstance(page, (ConsolePage, Response)):
            page = yield from page
        return page if isinstance(page, Response) else self._rendered(page, request, admin_request.world.prefix)

    def problem(self, answer: Response, request: Request, world_prefix: str) -> Response:
        """Return a problem document as a page."""
        document: dict[str, JSON] = json.loads(answer.body)
        values = {"problem": document, "retry": base_of(world_prefix, request.path)}
        page = ConsolePage("problem.html", str(document["title"]), None, values, answer.status)
        rendered = self._rendered(page, request, world_prefix)
        kept = tuple((name, value) for name, value in answer.headers if name.lower() in _OF_PROBLEMS)
        return replace(rendered, headers=(*rendered.headers, *kept))

    def refusal(
        self, refused: AdminRequestError, request: Request, world_prefix: str, *, may_sign_in: bool
    ) -> Response:
        """Return the page for who may not use the console: to sign in, where the token of the settings would do."""
        if may_sign_in and self._settings.admin_token:
            target = world_prefix + request.path + (f"?{request.query}" if request.query else "")
            return self._sign_in(request, world_prefix, target, 401)
        return self.problem(refused.answer, request, world_prefix)

    def _session(self, admin_request: AdminRequest, path: str) -> Response:
        request, prefix = admin_request.request, admin_request.world.prefix
        base, expected = base_of(prefix, request.path), self._settings.admin_token
        is_secure = request.origin.startswith("https:")
        if request.method in ("GET", "HEAD"):
            return self._sign_in(request, prefix, f"{base}/", 200)
        if request.method != "POST":
            raise AdminRequestError("method-not-allowed", 405, f"Found {request.method}; expected GET or POST.")
        fields = form_of(request)
        if path == SIGN_OUT:
            return see_other(f"{base}/", *sign_in_cookies("", prefix, self._base_paths, is_secure=is_secure))
        token, target = fields.get("token", ""), fields.get("next", "")
        if not expected or not hmac.compare_digest(token.encode(), expected.encode()):
            return self._sign_in(request, prefix, target, 401, is_wrong=True)
        cookies = sign_in_cookies(token, prefix, self._base_paths, is_secure=is_secure)
        return see_other(_own(target, base), *cookies)

    def _sign_in(
        self, request: Request, world_prefix: str, target: str, status: int, *, is_wrong: bool = False
    ) -> Response:
        values = {"next": target, "is_wrong": is_wrong, "has_token": bool(self._settings.admin_token)}
        answer = self._rendered(ConsolePage("sign_in.html", "Sign in", None, values, status), request, world_prefix)
        if status == 401:
            return replace(answer, headers=(*answer.headers, ("WWW-Authenticate", 'Bearer realm="control"')))
        return answer

    def _rendered(self, page: ConsolePage, request: Request, world_prefix: str) -> Response:
        world = world_prefix.partition("~")[2]
        return page_response(page, request, world_prefix, world, self._settings.admin_token)


def prefers_page(request: Request) -> bool:
    """Tell whether a request prefers a page for people to JSON."""
    choice = negotiate(("application/json", "text/html"), ", ".join(request.header_values("accept")))
    return choice is not None and choice.index == 1


def _own(target: str, base: str) -> str:
    """Return a path to go to, if it is one of this console, or else that of its first page."""
    is_own = target.startswith((f"{base}/", f"{base}?")) and _NEXT.fullmatch(target) is not None
    return target if is_own else f"{base}/"
