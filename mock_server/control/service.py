"""What is served: ``/__admin/health`` and ``/__admin/openapi.json``."""

from __future__ import annotations

from mock_server.assembly import Served
from mock_server.control.router import PREFIX, Asked, RefusedError, Rows, answered
from mock_server.exchange import JSON, Answer

HEALTH = "/health"


def _health(asked: Asked) -> Answer:
    told = [_told(one) for one in asked.served]
    if len(told) == 1:
        return answered({"status": "healthy", **told[0]})
    contracts: list[JSON] = [
        {"base_path": one.base_path or "/", **each} for one, each in zip(asked.served, told, strict=True)
    ]
    operations = sum(len(one.contract.operations) for one in asked.served)
    return answered({"status": "healthy", "operations": operations, "contracts": contracts})


def _told(served: Served) -> dict[str, JSON]:
    contract = served.contract
    return {
        "title": contract.title,
        "version": contract.version,
        "digest": contract.digest,
        "operations": len(contract.operations),
    }


def _document(asked: Asked) -> Answer:
    if len(asked.served) == 1:
        return answered(dict(asked.served[0].contract.document))
    places = ", ".join(f"{one.base_path}{PREFIX}/openapi.json" for one in asked.served if one.base_path)
    detail = f"Found several contracts; expected the base path of one before it: {places}."
    raise RefusedError("not-found", 404, detail)


ROUTES: Rows = (("GET", HEALTH, _health), ("GET", "/openapi.json", _document))
