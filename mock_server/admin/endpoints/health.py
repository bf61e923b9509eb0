"""Health of the server: ``/__admin/health``, and ``live`` and ``ready`` below it.

Liveness and readiness are apart, since an orchestrator acts on them in two ways: it restarts a server that is not
alive, and sends no requests to one that is not ready.
"""

from __future__ import annotations

from mock_server.admin.router import Asked, RefusedError, Rows, answered
from mock_server.core.diagnostics import Finding
from mock_server.core.types import JSON
from mock_server.http.messages import Answer
from mock_server.mocking.mounts import Served
from mock_server.settings import bounds_of
from mock_server.storage import UNASKED, UNKNOWN

HEALTH = "/health"
LIVE = f"{HEALTH}/live"
READY = f"{HEALTH}/ready"


def _health(request: Asked) -> Answer:
    summaries = [_told(mount) for mount in request.served]
    bounds: dict[str, JSON] = {**bounds_of(request.settings)}
    if len(summaries) == 1:
        return answered({"status": "healthy", **summaries[0], "bounds": bounds})
    contracts: list[JSON] = [
        {"base_path": mount.base_path or "/", **summary}
        for mount, summary in zip(request.served, summaries, strict=True)
    ]
    operations = sum(len(mount.contract.operations) for mount in request.served)
    return answered({"status": "healthy", "operations": operations, "contracts": contracts, "bounds": bounds})


def _told(served: Served) -> dict[str, JSON]:
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


def _live(_: Asked) -> Answer:
    return answered({"status": "alive"})


def _ready(request: Asked) -> Answer:
    troubles = request.vitals.readiness.troubles()
    findings = [Finding("not-ready", name, actual, "none of that") for name, actual in troubles.items() if actual]
    if findings:
        detail = (
            "; ".join(f"{finding.location}: found {finding.found}" for finding in findings) + ". Ask again in a second."
        )
        raise RefusedError("not-ready", 503, detail, findings, headers=(("Retry-After", "1"),))
    return answered({"status": "ready", "checks": [*troubles]})


ROUTES: Rows = (("GET", HEALTH, _health), ("GET", LIVE, _live), ("GET", READY, _ready))
