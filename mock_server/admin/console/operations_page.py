"""The operations: a list with state and coverage, and each with its documentation, to be tried."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import quote, urlencode

from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows
from mock_server.admin.console.sample_call import sample_call, token_for
from mock_server.admin.router import PREFIX, AdminRequestError
from mock_server.core.json_pointer import value_at
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.model import Operation, SecurityScheme
from mock_server.openapi.resources.inference import model_of
from mock_server.storage import RecordReader
from mock_server.worlds.coverage import Coverage, describe_coverage

SHOWN = 150
"""Operations of a page."""


@value_class
class OperationRow:
    """An operation as a row of a table. ``state`` is what it does to records, in words; empty for nothing."""

    method: str
    path: str
    operation_id: str
    summary: str
    url: str
    state: str
    count: int
    met: int
    statuses: int
    deprecated: bool


def _listed(request: PageRequest) -> ConsolePage:
    text = request.query.get("q", "").strip()
    pairs = [(mount, operation) for mount, operation in _pairs(request) if _fits(mount, operation, text.lower())]
    offset = min(request.offset, max(0, len(pairs) - 1)) // SHOWN * SHOWN
    shown = pairs[offset : offset + SHOWN]
    seen = _coverage(request, shown)
    values = {
        "rows": [_row(request, mount, operation, seen) for mount, operation in shown],
        "q": text,
        "total": len(pairs),
        "offset": offset,
        "links": _links(f"{request.base}/operations", text, offset, len(pairs)),
    }
    return ConsolePage("operations.html", "Operations", "/operations", values)


def _coverage(request: PageRequest, pairs: list[tuple[ApiMount, Operation]]) -> Coverage:
    admin = request.admin
    targets = tuple(mount.coverage_target(operation.key) for mount, operation in pairs)
    return admin.errands.run(admin.world.coverage.read, targets, is_long=admin.worlds.is_shared)


def _pairs(request: PageRequest) -> Iterator[tuple[ApiMount, Operation]]:
    for mount in request.admin.served:
        for operation in mount.contract.operations.values():
            yield mount, operation


def _fits(mount: ApiMount, operation: Operation, text: str) -> bool:
    if not text:
        return True
    words = f"{operation.key} {operation.operation_id} {_node(mount, operation).get('summary', '')}".lower()
    return all(word in words for word in text.split())


def _node(mount: ApiMount, operation: Operation) -> Mapping[str, JSON]:
    try:
        node = value_at(mount.contract.document, operation.pointer)
    except KeyError:
        return {}
    return node if isinstance(node, dict) else {}


def _links(here: str, text: str, offset: int, total: int) -> dict[str, str]:
    places = {}
    if offset:
        places["prev"] = offset - SHOWN
    if offset + SHOWN < total:
        places["next"] = offset + SHOWN
    conditions = {"q": text} if text else {}
    return {rel: f"{here}?{urlencode({**conditions, 'offset': place})}" for rel, place in places.items()}


def _row(request: PageRequest, mount: ApiMount, operation: Operation, seen: Coverage) -> OperationRow:
    target = mount.coverage_target(operation.key)
    met = {key[2] for key in seen.of(target) if key[0] == "status"} & operation.responses.keys()
    summary = _node(mount, operation).get("summary")
    return OperationRow(
        method=operation.method,
        path=mount.base_path + operation.path,
        operation_id=operation.operation_id or "",
        summary=summary if isinstance(summary, str) else "",
        url=_url(request, mount, operation),
        state=_state(mount, operation),
        count=seen.count(target),
        met=len(met),
        statuses=len(operation.responses),
        deprecated=operation.deprecated,
    )


def _url(request: PageRequest, mount: ApiMount, operation: Operation) -> str:
    base = f"{request.admin.world.prefix}{mount.base_path}{PREFIX}"
    return f"{base}/operations/{quote(operation.key, safe='')}"


def _state(mount: ApiMount, operation: Operation) -> str:
    verdict = model_of(mount.contract).verdicts.get(operation.key)
    if mount.state is None or verdict is None or not verdict.is_stateful:
        return ""
    return f"{verdict.verb} {verdict.resource or ''}".strip()


def _one(request: PageRequest) -> ConsolePage:
    mount, operation = _operation(request)
    admin = request.admin
    records = admin.world.store(mount.store)
    seen = _coverage(request, [(mount, operation)])
    target = mount.coverage_target(operation.key)
    coverage = describe_coverage(target, seen.of(target), seen.count(target))
    verdict = model_of(mount.contract).verdicts.get(operation.key)
    query = urlencode({"operation": operation.key, "servers": "world"})
    values = {
        "row": _row(request, mount, operation, seen),
        "key": operation.key,
        "coverage": coverage,
        "why": verdict.why if verdict is not None else "",
        "calls": sample_call(mount, operation, records, request.world_url).languages(),
        "document": f"{admin.world.prefix}{mount.base_path}{PREFIX}/openapi.json?{query}",
        "credentials": json.dumps([*_credentials(mount, operation, records)]),
        "statuses": [*operation.responses],
        "requests": f"{request.base}/requests?{urlencode({'operation': operation.operation_id or operation.key})}",
    }
    return ConsolePage("operation.html", operation.key[:120], "/operations", values)


def _operation(request: PageRequest) -> tuple[ApiMount, Operation]:
    key = request.values["key"]
    for mount, operation in _pairs(request):
        if key in (operation.key, operation.operation_id):
            return mount, operation
    known = [operation.key for _, operation in _pairs(request)]
    detail = f"Found the operation {key[:80]!r}{did_you_mean(key, known)}; expected one of the contract."
    raise AdminRequestError("unknown", 404, detail)


def _credentials(mount: ApiMount, operation: Operation, records: RecordReader) -> Iterator[tuple[str, str, str]]:
    """Yield kind, scheme and value of what is filled in for each scheme of an operation."""
    for name in dict.fromkeys(name for alternative in operation.security for name in alternative):
        scheme = mount.contract.schemes.get(name)
        if scheme is not None:
            kind = _kind(scheme)
            value = "test-key" if kind == "key" else token_for(mount.contract, name, records)
            yield kind, name, value


def _kind(scheme: SecurityScheme) -> str:
    """Return how a scheme is filled in: ``key`` and ``bearer`` and ``basic`` by name, ``token`` as a header."""
    if scheme.type == "apiKey":
        return "key"
    if scheme.type == "http":
        return "basic" if scheme.scheme == "basic" else "bearer"
    return "token"


ROWS: PageRows = (("GET", "/operations", _listed), ("GET", "/operations/{+key}", _one))
