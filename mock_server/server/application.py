"""The ASGI application: it finds the world of a request, and passes it to the admin API or to a contract."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from mock_server.admin.readiness import Readiness
from mock_server.core import bundled
from mock_server.core.deadline import WaitNeeded, without_waiting
from mock_server.core.errors import HubError, MockServerError, StoreError, UsageError
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.logging import REQUEST
from mock_server.core.types import JSON
from mock_server.http.asgi import (
    ClientGoneError,
    Receive,
    Scope,
    Send,
    host_trouble,
    read_body,
    send_answer,
    send_in_pieces,
)
from mock_server.http.live_response import LiveResponse
from mock_server.http.messages import Request, Response
from mock_server.http.problem_details import problem_response
from mock_server.hub import HubBounds, SharedHub, SharedScenario, open_hub
from mock_server.mocking.mounts import ApiMount, compile_ahead
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.openapi.loading.loader import CONTROL
from mock_server.server.browser_paths import BROWSER_PATHS, browser_response
from mock_server.server.contract_app import (
    WORLD,
    body_too_large,
    note_observation,
    observation_of,
    request_of,
)
from mock_server.server.cors import App, control_cors
from mock_server.server.cross_site import is_foreign, no_world_for
from mock_server.server.live_sender import LiveSender
from mock_server.server.loaded_contracts import LoadedContracts
from mock_server.server.metrics_exchange import MetricsExchange
from mock_server.server.settings_extras import check_settings_extras
from mock_server.server.worker_thread import WorkerThread
from mock_server.settings import Settings
from mock_server.storage import StateBudget, open_stores
from mock_server.webhooks.call_policy import CallPolicy
from mock_server.webhooks.dispatcher import WebhookDispatcher
from mock_server.worlds.redaction import Redaction, redaction_of
from mock_server.worlds.world import PREFIX as WORLD_PREFIX
from mock_server.worlds.world import World, Worlds, address_of

if TYPE_CHECKING:
    from mock_server.admin.response_chunks import Steps

log = logging.getLogger("mock_server")

MEGABYTE = 1024 * 1024
MAX_CONTROL_BODY = MEGABYTE
"""Bytes of a body that control reads."""
COLLECTIONS = (10_000, 100, 100)
"""Thresholds of Python's garbage collection (700, 10, 10 otherwise): requests leave little behind that is a circle, and
remembered answers are much to look through. Worlds and tokens by the thousand are answered a tenth faster. The first is
what a collection looks through at once, while everybody waits: over the GETs of Stripe's contract 6 ms of processor
time at most with 10,000, and 52 ms with 50,000."""


SWITCH = 0.001
"""Seconds after which a thread that makes a large answer lets the event loop go on (0.005 otherwise)."""


def hub_bounds(settings: Settings) -> HubBounds:
    """Return what a hub takes on by the settings."""
    return HubBounds(
        worlds=settings.max_worlds, entries=settings.journal_size, entry_bytes=settings.journal_memory * MEGABYTE
    )


def served_digest(settings: Settings, served: Sequence[ApiMount]) -> str:
    """Return what two processes have in common that answer alike."""
    from importlib.metadata import version  # 10 ms, and only servers that share a hub over the network ask

    parts = [version("contract-mock-server"), settings.seed, settings.dynamic, settings.no_fill_properties]
    parts += [f"{scenario.name} {json.dumps(scenario.data, sort_keys=True)}" for scenario in served[0].standing]
    parts += [f"{mount.base_path} {mount.contract.digest}" for mount in served]
    return blake2b("\n".join(map(str, parts)).encode(), digest_size=8).hexdigest()


class Application:
    """The ASGI application: it finds the world of a request, and by its path the admin API or a contract.

    ``server`` names the server whose worker this process is; it is empty where there is one process.
    """

    def __init__(self, settings: Settings, *, shares_process: bool = False, server: str = "") -> None:
        check_settings_extras(settings)
        self.settings = settings
        self.shares_process = shares_process
        """Whether other code runs in this process too, so that settings of the whole process must not be changed."""
        self.ending = asyncio.Event()
        self.is_watched = settings.access_log or settings.otel
        """Whether observers want to know of requests that are answered by the response cache."""
        self.request_metrics = RequestMetrics()
        self._hub = open_hub(settings.hub, hub_bounds(settings))
        self.worlds = self._worlds()
        self._aside = WorkerThread(waits_often=self._hub.is_remote)
        self._live = LiveSender(self.ending, self._aside)
        self.dispatcher = WebhookDispatcher(CallPolicy(settings.webhook_allow), self._aside.run)
        """What delivers events, once an event loop runs."""
        self.readiness = Readiness()
        """Named checks of whether requests can be answered; other modules add theirs."""
        self.readiness.add("engine", lambda: self._loaded.trouble)
        self.readiness.add("stop", lambda: "the server about to end" if self.ending.is_set() else "")
        if isinstance(self._hub, SharedHub):
            self.readiness.add("hub", self._hub.trouble)
        with ExitStack() as opened:
            opened.callback(self._hub.close)
            budget = StateBudget(settings.state_memory * MEGABYTE, self.request_metrics.bounds)
            memory = settings.record_memory * MEGABYTE
            self._stores = open_stores(settings.store, settings.max_worlds, memory, budget)
            opened.callback(self._stores.close)
            self._loaded = self._load()
            self._begin_over()
            opened.pop_all()
        self._metrics_of_workers = (
            MetricsExchange(self._hub, server, settings.workers - 1, self.figures)
            if server and isinstance(self._hub, SharedHub)
            else None
        )

    def _load(self) -> LoadedContracts:
        return LoadedContracts(
            self.settings,
            self.worlds,
            self._stores,
            self.request_metrics,
            self.readiness,
            self.ending,
            self._aside,
            self.dispatcher,
        )

    def _worlds(self) -> Worlds:
        settings, hub, bounds = self.settings, self._hub, self.request_metrics.bounds
        if isinstance(hub, SharedHub):
            from mock_server.worlds.shared_worlds import SharedWorlds  # a server alone has no use for them

            return SharedWorlds(hub, settings.max_worlds, settings.journal_size, bounds)
        memory = settings.journal_memory * MEGABYTE
        return Worlds(settings.max_worlds, settings.journal_size, memory, bounds, hub)

    def _begin_over(self) -> None:
        """Have worlds and hub serve what was loaded last. Raises :class:`HubError`; the hub then goes on trying."""
        served = self.served
        self.worlds.begin_over(
            [mount.store for mount in served], [(mount.base_path, mount.contract) for mount in served]
        )
        standing = reversed(served[0].standing)
        digest = served_digest(self.settings, served) if self._hub.is_remote else ""
        self._hub.serve(digest, [SharedScenario.of(scenario) for scenario in standing])

    @property
    def served(self) -> tuple[ApiMount, ...]:
        """The contracts that are served now."""
        return self._loaded.served

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer an HTTP request (ASGI 3). There is no lifespan to take part in: everything is loaded before."""
        if scope["type"] != "http":
            return
        started = monotonic()
        path = scope["path"]
        if path.startswith(WORLD_PREFIX):
            try:
                name, path, scope["raw_path"] = address_of(path, scope["raw_path"])
            except UsageError as error:
                await send_answer(problem_response("world", 400, str(error)), send)
                return
            # From here on the scope has the path within the world.
            scope["path"] = path
            named = self.worlds.known(name)
            if named is None:
                if not is_foreign(scope["headers"], self.settings):
                    named = self.worlds.get(name)
                elif CONTROL in path and self._loaded.control.is_open(scope["method"], path):
                    named = self.worlds.plain
                elif self.worlds.is_shared and await self._exists(name):
                    named = self.worlds.get(name)
                else:
                    await send_answer(no_world_for(name), send)
                    return
            world = named
        else:
            world = self.worlds.plain
        # Read once: a reload may replace it while this request is answered.
        loaded = self._loaded
        ready = loaded.fast.find(scope, world) if loaded.fast is not None else None
        if ready is not None:
            ready.note(world, started)
            if self.is_watched:
                note_observation(scope, world, ready, ready.head.request_metric.operation, world.journal.last)
            await send(ready.start)
            await send({"type": "http.response.body", "body": ready.body})
            return
        trouble = host_trouble(scope)  # no remembered answer was made for a request that has any
        if trouble:
            await send_answer(problem_response("host", 400, trouble), send)
            return
        scope[WORLD] = world
        with suppress(ClientGoneError):
            if CONTROL in path and loaded.control.is_for(path):
                control = self._control_for_pages if _is_from_named(scope, self.settings) else self._control
                await control(scope, receive, send)
            elif path in BROWSER_PATHS and (answer := browser_response(scope, loaded.served, world.prefix)) is not None:
                await send_answer(answer, send)
            else:
                await loaded.api(scope)(scope, receive, send)

    async def _exists(self, name: str) -> bool:
        """Return whether another process has met a world; where that cannot be known now, that none has."""
        try:
            return await self._aside.run(self.worlds.exists, name)
        except (HubError, StoreError):
            return False

    def is_control(self, path: str) -> bool:
        """Tell whether a path, with or without the prefix of a world, belongs to the admin API."""
        if path.startswith(WORLD_PREFIX):
            path = "/" + path.removeprefix(WORLD_PREFIX).partition("/")[2]
        return CONTROL in path and self._loaded.control.is_for(path)

    def redaction(self) -> Redaction:
        """Return the redaction, which hides the secrets of a request where it is shown."""
        return redaction_of(self.settings, [mount.contract for mount in self.served])

    async def _control(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._controlled(scope, receive, scope[WORLD])
        if isinstance(answer, LiveResponse):
            await self._live.send(answer, scope, receive, send)
        else:
            await send_in_pieces(answer, scope, receive, send)

    @cached_property
    def _control_for_pages(self) -> App:
        return control_cors(self._control, self.settings)

    async def _controlled(self, scope: Scope, receive: Receive, world: World) -> Response:
        """Return the admin API's answer. A caller without access is refused before the body is read."""
        client = (scope.get("client") or ("",))[0]
        refused = self._loaded.control.refusal(request_of(scope, b""), client, world)
        if refused is not None:
            return refused
        body = await read_body(scope, receive, MAX_CONTROL_BODY)
        if body is None:
            return body_too_large(MAX_CONTROL_BODY)
        request = request_of(scope, body)
        named = REQUEST.set(lambda: observation_of(scope).request_id)
        try:
            return await self._in_steps(request, world)
        finally:
            REQUEST.reset(named)

    async def _in_steps(self, request: Request, world: World) -> Response:
        """Return the response of the admin API, whose making holds nobody else up."""
        from mock_server.admin.background import BackgroundCall, BackgroundCalls

        errands = BackgroundCalls(waits=True)
        control = self._loaded.control
        figures: Sequence[JSON] = ()
        if self._metrics_of_workers is not None and control.is_for_metrics(request.path):
            figures = await self._aside.run_waiting(self._metrics_of_workers.gather)
        while True:
            try:
                with without_waiting():
                    return await _taken(control.steps(request, world, figures, errands))
            except WaitNeeded:
                return await self._aside.run_waiting(control.handle, request, world, figures)
            except BackgroundCall as errand:
                await self._aside.run_aside(errands.do, errand)

    def figures(self) -> JSON:
        """Return the figures of this process for a monitor, as JSON."""
        return self._loaded.control.figures()

    def warm(self) -> None:
        """Build everything that answers requests, before the first one comes.

        This does not run in a thread while requests are answered: where two threads import the same libraries, one of
        them may see a half-imported module.
        """
        self.warm_api()
        self.warm_control()

    def warm_api(self) -> None:
        """Build what answers requests of the API; the admin API is left to :meth:`warm_control`."""
        self._loaded.warm()
        self._settle_memory()

    def warm_control(self) -> None:
        """Build the admin API, which takes 0.1 s: where nothing waits for it, the API answers before."""
        self._loaded.warm_control()
        self._settle_memory()

    def _settle_memory(self) -> None:
        """Have the garbage collector look at what comes from now on only."""
        if not self.shares_process:
            gc.freeze()  # a contract stays: to look through it for what could go costs a third of the requests
            gc.set_threshold(*COLLECTIONS)
            gc.enable()
            sys.setswitchinterval(SWITCH)

    def prepare(self) -> None:
        """Load in a thread what generated answers need, while the first requests are under way."""
        with LATE_IMPORTS:  # the start does not wait for it
            from mock_server.generation.preload import STEPS

        self._aside.start(*(mount.prepare for mount in self.served), *STEPS)

    def reload(self) -> None:
        """Load contracts and fixtures again.

        Where they cannot be served, log the error and keep serving the old ones.
        """
        try:
            compile_ahead(self.settings)
            loaded = self._load()
            loaded.warm()
            loaded.warm_control()
            former, self._loaded = self._loaded, loaded
            former.forget_answers()
            del former
            with suppress(HubError):  # it is logged by the hub itself, and no reason to serve the former contract
                self._begin_over()
            self._let_go_of_former()
        except MockServerError as error:
            log.error("not reloaded, the former contract is still served: %s", error)
        else:
            titles = ", ".join(f"{mount.contract.title} {mount.contract.version}" for mount in self.served)
            log.warning("reloaded: %s", titles)

    def _let_go_of_former(self) -> None:
        """Free the contract of before, whose parts refer to one another.

        It was frozen with all else; frozen again before it is found, it would stay for good (8 MB each time of a
        contract with 127 paths).
        """
        if not self.shares_process:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def close(self) -> None:
        """Stop the thread, close the stores and let go of the hub, once the last request is answered."""
        self._aside.close()
        self._stores.close()
        self._hub.close()

    def watched(self) -> list[Path]:
        """Return the absolute paths of the files and directories whose change causes a reload."""
        names = [self.settings.fixtures, *(name for mount in self.served for name in mount.contract.files)]
        if not self.settings.contract:
            names += [str(bundled.default_contract_path().parent), str(bundled.fixtures())]
        for api in filter(None, map(bundled.api_named, self.settings.contract)):
            names += [str(api.contract.parent), str(api.fixtures)]
        return [Path(name).resolve() for name in names if name and Path(name).exists()]


def _is_from_named(scope: Scope, settings: Settings) -> bool:
    """Tell whether a page of an origin that ``--admin-origin`` names is behind a request."""
    if not settings.admin_origin:
        return False
    from mock_server.admin.access import is_named_origin  # no start waits for control

    return is_named_origin(dict(scope["headers"]).get(b"origin", b"").decode("latin-1"), settings)


async def _taken(steps: Steps) -> Response:
    """Return what steps lead to; between two of them others have their turn."""
    while True:
        try:
            pause = next(steps)
        except StopIteration as end:
            answer: Response = end.value
            return answer
        await asyncio.sleep(pause or 0)
