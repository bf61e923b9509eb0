"""The admin API: JSON answers, ``application/problem+json`` errors, and no paths of the contract.

With several contracts ``/__admin`` is about all of them, and ``BASE/__admin`` about the one under that base path. Below
``/~NAME`` it is about that world.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mock_server.admin.access import check_caller, check_sender
from mock_server.admin.background import BackgroundCalls
from mock_server.admin.console.metrics_page import PLACE as METRICS_PAGE
from mock_server.admin.console.site import Console
from mock_server.admin.endpoints.changes import ROUTES as CHANGES
from mock_server.admin.endpoints.clock import ROUTES as CLOCK
from mock_server.admin.endpoints.control_document import ROUTES as DESCRIPTION
from mock_server.admin.endpoints.coverage import ROUTES as COVERAGE
from mock_server.admin.endpoints.deliveries import ROUTES as DELIVERIES
from mock_server.admin.endpoints.events import ROUTES as EVENTS
from mock_server.admin.endpoints.health import HEALTH, LIVE, READY
from mock_server.admin.endpoints.health import ROUTES as HEALTH_ROUTES
from mock_server.admin.endpoints.index import index_rows
from mock_server.admin.endpoints.metrics import METRICS, process_metrics
from mock_server.admin.endpoints.metrics import ROUTES as METRICS_ROUTES
from mock_server.admin.endpoints.openapi import ROUTES as SERVICE
from mock_server.admin.endpoints.operations import ROUTES as OPERATIONS
from mock_server.admin.endpoints.records import ROUTES as FIXTURES
from mock_server.admin.endpoints.requests import ROUTES as REQUESTS
from mock_server.admin.endpoints.resources import ROUTES as RESOURCES
from mock_server.admin.endpoints.scenarios import ROUTES as SCENARIOS
from mock_server.admin.endpoints.snapshots import ROUTES as SNAPSHOTS
from mock_server.admin.endpoints.variants import ROUTES as VARIANTS
from mock_server.admin.endpoints.webhooks import ROUTES as WEBHOOKS
from mock_server.admin.endpoints.worlds import ROUTES as LIFETIME
from mock_server.admin.process_status import ProcessStatus
from mock_server.admin.response_chunks import Steps, paced, whole
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Function, Rows, Table
from mock_server.core.errors import HubError, InstructionError, StoreError
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Response
from mock_server.http.problem_details import hub_problem_response, problem_response, store_problem_response
from mock_server.mocking.mounts import ApiMount
from mock_server.settings import Settings
from mock_server.worlds.world import World, Worlds

log = logging.getLogger("mock_server")

_ROWS: list[tuple[str, str, Function]] = [
    *CHANGES,
    *CLOCK,
    *COVERAGE,
    *DELIVERIES,
    *DESCRIPTION,
    *EVENTS,
    *FIXTURES,
    *HEALTH_ROUTES,
    *LIFETIME,
    *METRICS_ROUTES,
    *OPERATIONS,
    *REQUESTS,
    *RESOURCES,
    *SCENARIOS,
    *SERVICE,
    *SNAPSHOTS,
    *VARIANTS,
    *WEBHOOKS,
]
ROUTES: Rows = (*_ROWS, *index_rows(_ROWS))
"""The routes of the admin API; the console has its own."""
_TABLE = Table(ROUTES)

_OPEN = frozenset({HEALTH, LIVE, READY, METRICS})
"""Paths that are open to all clients: orchestrators and monitors are on other machines and have no token."""


class AdminApp:
    """Answers admin requests. Paths follow WireMock's where it has a similar one."""

    def __init__(
        self, served: Sequence[ApiMount], worlds: Worlds, settings: Settings, process_status: ProcessStatus
    ) -> None:
        self._served = served
        self._worlds = worlds
        self._settings = settings
        self._process_status = process_status
        self._console = Console(_TABLE, settings, [mount.base_path for mount in served] if len(served) > 1 else ())

    def is_for(self, path: str) -> bool:
        """Tell whether a path (without the prefix of a world) is ``/__admin`` or below it, also after a base path."""
        return self._within(path) is not None

    def is_open(self, method: str, path: str) -> bool:
        """Tell whether everybody may ask: what is answered depends on no world."""
        route_and_path = self._within(path)
        if route_and_path is None:
            return False
        path = route_and_path[1]
        return (path in _OPEN and method in ("GET", "HEAD")) or self._console.is_open(method, path)

    def refusal(self, request: Request, peer: str, world: World) -> Response | None:
        """Return the refusal of a request that may not use the admin API, or None.

        Health and metrics are open to all. Who prefers a page gets one, to sign in where that is all that is missing.
        """
        if self.is_open(request.method, request.path):
            return None
        route_and_path = self._within(request.path)
        is_page = route_and_path is not None and self._console.is_for(request, route_and_path[1])
        may_sign_in = False
        try:
            check_sender(request, self._settings)
            may_sign_in = True
            check_caller(request, peer, self._settings)
        except AdminRequestError as refused:
            if not is_page:
                return refused.answer
            return self._console.refusal(refused, request, world.prefix, may_sign_in=may_sign_in)
        return None

    def is_for_metrics(self, path: str) -> bool:
        """Tell whether a path is that of the metrics, or of their page."""
        route_and_path = self._within(path)
        return route_and_path is not None and route_and_path[1] in (METRICS, METRICS_PAGE)

    def handle(self, request: Request, world: World, figures: Sequence[JSON] = ()) -> Response:
        """Return the response to a request whose path is one of control. Never raises for what a client sent.

        Other processes and machines may be waited for.
        """
        return whole(self.steps(request, world, figures))

    def steps(
        self,
        request: Request,
        world: World,
        figures: Sequence[JSON] = (),
        errands: BackgroundCalls | None = None,
    ) -> Steps:
        """Return the same step by step, between which others may have their turn; the body may come in pieces.

        ``figures`` are those of other processes (:meth:`figures`). With ``errands`` at hand :class:`BackgroundCall`
        goes up for what takes long.
        """
        route_and_path = self._within(request.path)
        assert route_and_path is not None
        served, path = route_and_path
        is_page = self._console.is_for(request, path)
        answer = yield from self._answer(request, world, served, path, figures, errands, is_page=is_page)
        if is_page and answer.header("content-type") == "application/problem+json":
            return self._console.problem(answer, request, world.prefix)
        return answer

    def _answer(
        self,
        request: Request,
        world: World,
        served: Sequence[ApiMount],
        path: str,
        figures: Sequence[JSON],
        errands: BackgroundCalls | None,
        *,
        is_page: bool,
    ) -> Steps:
        try:
            function, values = (None, {}) if is_page else _TABLE.find(request.method, path)
            admin_request = AdminRequest(
                request,
                world,
                self._worlds,
                served,
                self._settings,
                self._process_status,
                values,
                figures,
                errands or BackgroundCalls(),
            )
            answer = self._console.steps(admin_request, path) if function is None else function(admin_request)
            if not isinstance(answer, Response):
                answer = yield from answer
            for turn in paced(iter(self._worlds.release, False)):  # who clears a journal finds its memory given back
                if turn is None:
                    yield None
            return answer
        except AdminRequestError as refused:
            return refused.answer
        except InstructionError as error:
            return problem_response("instruction", 422, str(error).partition("\n")[0], error.findings)
        except StoreError as error:
            return store_problem_response(error)
        except HubError as error:
            return hub_problem_response(error)
        except Exception:
            log.exception("%s %s: the admin API failed", request.method, request.path)
            return problem_response("internal", 500, "The log of the mock server has the reason. Please report it.")

    def figures(self) -> JSON:
        """Return the metrics of this process as JSON, for another process."""
        request, world = Request("GET", PREFIX + METRICS), self._worlds.plain
        return process_metrics(
            AdminRequest(request, world, self._worlds, self._served, self._settings, self._process_status, {})
        )

    def _within(self, path: str) -> tuple[Sequence[ApiMount], str] | None:
        """Return the contracts that an admin path is about, and the path below ``/__admin``; None for another path."""
        base, separator, rest = path.partition(PREFIX)
        if not separator or rest[:1] not in ("", "/"):
            return None
        served = [mount for mount in self._served if base in ("", mount.base_path)]
        return None if not served or (base and len(self._served) == 1) else (served, rest)
