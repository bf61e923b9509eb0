"""Whether the server lives and whether it is ready: ``/__admin/health``, and ``live`` and ``ready`` below it.

Two questions, since what asks them does two things: it starts a server anew that does not live, and sends no
requests to one that is not ready.
"""

from __future__ import annotations

from mock_server.assembly import Served
from mock_server.control.router import Asked, RefusedError, Rows, answered
from mock_server.exchange import JSON, Answer, Finding
from mock_server.settings import bounds_of
from mock_server.store import UNASKED, UNKNOWN

HEALTH = "/health"
LIVE = f"{HEALTH}/live"
READY = f"{HEALTH}/ready"


def _health(asked: Asked) -> Answer:
    told = [_told(one) for one in asked.served]
    bounds: dict[str, JSON] = {**bounds_of(asked.settings)}
    if len(told) == 1:
        return answered({"status": "healthy", **told[0], "bounds": bounds})
    contracts: list[JSON] = [
        {"base_path": one.base_path or "/", **each} for one, each in zip(asked.served, told, strict=True)
    ]
    operations = sum(len(one.contract.operations) for one in asked.served)
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


def _ready(asked: Asked) -> Answer:
    troubles = asked.vitals.readiness.troubles()
    findings = [Finding("not-ready", name, found, "none of that") for name, found in troubles.items() if found]
    if findings:
        detail = "; ".join(f"{one.location}: found {one.found}" for one in findings) + ". Ask again in a second."
        raise RefusedError("not-ready", 503, detail, findings, headers=(("Retry-After", "1"),))
    return answered({"status": "ready", "checks": [*troubles]})


ROUTES: Rows = (("GET", HEALTH, _health), ("GET", LIVE, _live), ("GET", READY, _ready))
