"""The admin API: JSON answers, ``application/problem+json`` errors, and no paths of the contract.

With several contracts ``/__admin`` is about all of them, and ``BASE/__admin`` about the one under that base path. Below
``/~NAME`` it is about that world.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mock_server.admin.access import check_access
from mock_server.admin.background import BackgroundCalls
from mock_server.admin.endpoints.clock import ROUTES as CLOCK
from mock_server.admin.endpoints.coverage import ROUTES as COVERAGE
from mock_server.admin.endpoints.health import HEALTH, LIVE, READY
from mock_server.admin.endpoints.health import ROUTES as HEALTH_ROUTES
from mock_server.admin.endpoints.metrics import METRICS, process_metrics
from mock_server.admin.endpoints.metrics import ROUTES as METRICS_ROUTES
from mock_server.admin.endpoints.openapi import ROUTES as SERVICE
from mock_server.admin.endpoints.records import ROUTES as FIXTURES
from mock_server.admin.endpoints.requests import ROUTES as REQUESTS
from mock_server.admin.endpoints.scenarios import ROUTES as SCENARIOS
from mock_server.admin.endpoints.variants import ROUTES as VARIANTS
from mock_server.admin.endpoints.worlds import ROUTES as LIFETIME
from mock_server.admin.process_status import ProcessStatus
from mock_server.admin.response_chunks import Steps, paced, whole
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Table
from mock_server.core.errors import HubError, InstructionError, StoreError
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Response
from mock_server.http.problem_details import hub_problem_response, problem_response, store_problem_response
from mock_server.mocking.mounts import ApiMount
from mock_server.settings import Settings
from mock_server.worlds.world import World, Worlds

log = logging.getLogger("mock_server")

_TABLE = Table(
    [
        *CLOCK,
        *COVERAGE,
        *FIXTURES,
        *HEALTH_ROUTES,
        *LIFETIME,
        *METRICS_ROUTES,
        *REQUESTS,
        *SCENARIOS,
        *SERVICE,
        *VARIANTS,
    ]
)

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

    def is_for(self, path: str) -> bool:
        """Tell whether a path (without the prefix of a world) is ``/__admin`` or below it, also after a base path."""
        return self._within(path) is not None

    def is_open(self, method: str, path: str) -> bool:
        """Tell whether everybody may ask: what is answered depends on no world."""
        route_and_path = self._within(path)
        return route_and_path is not None and route_and_path[1] in _OPEN and method in ("GET", "HEAD")

    def refusal(self, request: Request, peer: str) -> Response | None:
        """Return the refusal of a request that may not use the admin API, or None.

        Health and metrics are open to all.
        """
        if self.is_open(request.method, request.path):
            return None
        try:
            check_access(request, peer, self._settings)
        except AdminRequestError as refused:
            return refused.answer
        return None

    def is_for_metrics(self, path: str) -> bool:
        """Tell whether a path is that of the metrics."""
        route_and_path = self._within(path)
        return route_and_path is not None and route_and_path[1] == METRICS

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
        try:
            function, values = _TABLE.find(request.method, path)
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
            answer = function(admin_request)
            if not isinstance(answer, Response):
                answer = yield from answer
            for turn in paced(iter(self._worlds.release, False)):  # who clears a journal finds its memory given back
                if turn is None:
                    yield
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
