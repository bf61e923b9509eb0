"""Health of the server: ``/__admin/health``, and ``live`` and ``ready`` below it.

Liveness and readiness are apart, since an orchestrator acts on them in two ways: it restarts a server that is not
alive, and sends no requests to one that is not ready.
"""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.mocking.mounts import ApiMount
from mock_server.settings import bounds_of
from mock_server.storage import UNASKED, UNKNOWN

HEALTH = "/health"
LIVE = f"{HEALTH}/live"
READY = f"{HEALTH}/ready"


def _health(request: AdminRequest) -> Response:
    summaries = [_told(mount) for mount in request.served]
    bounds: dict[str, JSON] = {**bounds_of(request.settings)}
    if len(summaries) == 1:
        return json_response({"status": "healthy", **summaries[0], "bounds": bounds})
    contracts: list[JSON] = [
        {"base_path": mount.base_path or "/", **summary}
        for mount, summary in zip(request.served, summaries, strict=True)
    ]
    operations = sum(len(mount.contract.operations) for mount in request.served)
    return json_response({"status": "healthy", "operations": operations, "contracts": contracts, "bounds": bounds})


def _told(served: ApiMount) -> dict[str, JSON]:
    contract = served.contract
    # A lost store is no reason to send requests elsewhere: most need no record, and others have lost it too.
    revision = served.store.revision
    is_well = revision >= 0 or revision == UNASKED
    trouble: dict[str, JSON] = {} if is_well else {"store": "busy" if revision == UNKNOWN else "lost"}
    return {
        **trouble,
        "title": contract.title,
        "version": contract.version,
        "digest": contract.digest,
        "operations": len(contract.operations),
    }


def _live(_: AdminRequest) -> Response:
    return json_response({"status": "alive"})


def _ready(request: AdminRequest) -> Response:
    troubles = request.process_status.readiness.troubles()
    findings = [Diagnostic("not-ready", name, actual, "none of that") for name, actual in troubles.items() if actual]
    if findings:
        detail = (
            "; ".join(f"{finding.location}: found {finding.found}" for finding in findings) + ". Ask again in a second."
        )
        raise AdminRequestError("not-ready", 503, detail, findings, headers=(("Retry-After", "1"),))
    return json_response({"status": "ready", "checks": [*troubles]})


ROUTES: Rows = (("GET", HEALTH, _health), ("GET", LIVE, _live), ("GET", READY, _ready))
