"""All that one load of contracts and fixtures made."""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING

from mock_server.admin.process_status import ProcessStatus
from mock_server.admin.readiness import Readiness
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.http.asgi import Scope
from mock_server.mocking.mounts import ApiMount, build_mounts
from mock_server.mocking.request_metrics import RequestMetrics
from mock_server.mocking.response_cache import ResponseCache
from mock_server.plugins import registry
from mock_server.server.contract_app import ContractApp
from mock_server.server.cors import Cors
from mock_server.server.worker_thread import WorkerThread
from mock_server.settings import Settings
from mock_server.storage import StoreFactory
from mock_server.webhooks.dispatcher import WebhookDispatcher
from mock_server.webhooks.endpoint import Endpoint
from mock_server.webhooks.webhook_outbox import WebhookOutbox
from mock_server.worlds.world import World, Worlds

if TYPE_CHECKING:
    from mock_server.admin.app import AdminApp

log = logging.getLogger("mock_server")


class LoadedContracts:
    """What one load of contracts and fixtures made. A reload makes another."""

    def __init__(
        self,
        settings: Settings,
        worlds: Worlds,
        stores: StoreFactory,
        request_metrics: RequestMetrics,
        readiness: Readiness,
        ending: asyncio.Event,
        aside: WorkerThread,
        dispatcher: WebhookDispatcher,
    ) -> None:
        self.served = build_mounts(settings, stores)
        for mount in () if settings.no_webhooks else self.served:
            mount.outbox = _outbox(mount, settings, dispatcher, request_metrics)
        self.trouble = "nothing that answers yet"
        """Why requests cannot be answered; empty once :meth:`warm` has succeeded."""
        self._worlds = worlds
        self._settings = settings
        memory = settings.answer_memory * 1024 * 1024
        # What a plugin's source depends on is not known: its responses cannot be stored.
        finds_anew = settings.no_fast_path or bool(registry().sources)
        self.fast = None if finds_anew else ResponseCache(memory, request_metrics.bounds, settings.seed)
        self._process_status = ProcessStatus(request_metrics, readiness, self.fast)
        self.apis = [
            ContractApp(mount, self.fast, request_metrics, ending, aside, dispatcher.meeting(mount.outbox))
            for mount in self.served
        ]
        self._ways = self.apis if settings.no_cors else [Cors(api, api.contract) for api in self.apis]

    def forget_answers(self) -> None:
        """Let go of the remembered answers, and remember no more, since another load serves.

        Not all of this load goes at once: requests are under way, and of the first load some stays for good, since
        Connexion keeps the error of an import of Flask, and with it the frames of whoever imported Connexion.
        """
        if self.fast is not None:
            self.fast = self._process_status.fast = nothing = ResponseCache(0)
            for api in self.apis:
                api.remember_in(nothing)

    @cached_property
    def control(self) -> AdminApp:
        """The admin API: everything below ``/__admin``."""
        with LATE_IMPORTS:  # the start does not wait for it
            from mock_server.admin.app import AdminApp

        return AdminApp(self.served, self._worlds, self._settings, self._process_status)

    def api(self, scope: Scope) -> ContractApp | Cors:
        """Return the application of the contract that a path is for.

        That is the first one, by base path, whose routes know the path, or else the last one whose base path fits.
        """
        if len(self._ways) == 1:
            return self._ways[0]
        path = scope["path"]
        fitting = [index for index, mount in enumerate(self.served) if (path + "/").startswith(mount.base_path + "/")]
        for index in fitting[:-1]:
            route = self.served[index].router.route(scope["method"], path, scope["query_string"].decode("latin-1"))
            if route.operation or route.allow or route.redirect:
                return self._ways[index]
        return self._ways[fitting[-1] if fitting else -1]

    def warm(self) -> None:
        """Build what answers requests of the API, before the first one comes.

        Errors are logged and make it not ready.
        """
        trouble = ""
        for mount in self.served:
            try:
                mount.engine  # noqa: B018
            except Exception:  # each request that meets it again gets a 500, and who asks for readiness no request
                log.exception("%s: what answers cannot be built", mount.contract.name)
                trouble = f"nothing that answers for {mount.contract.title} (the log has the reason)"
        self.trouble = trouble

    def warm_control(self) -> None:
        """Build the admin API, unless a request of it has come before."""
        self.control  # noqa: B018


def _outbox(
    mount: ApiMount, settings: Settings, dispatcher: WebhookDispatcher, request_metrics: RequestMetrics
) -> WebhookOutbox:
    standing = [
        Endpoint(f"webhook-{number}", url, settings.webhook_secret, source="setting")
        for number, url in enumerate(settings.webhook, 1)
    ]
    plan, bounds = mount.contract.extensions.webhooks, request_metrics.bounds

    def run_due(world: World, until: float) -> float | None:  # the engine is not made yet
        return mount.engine.run_due(world, until)

    return WebhookOutbox(plan, mount.store, dispatcher, standing, settings.max_deliveries, bounds, run_due)
