"""What was delivered, and what is still to be: ``/__admin/deliveries`` and below."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, aside, json_response
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.storage import DELIVERIES, Absence, Record, RecordChange
from mock_server.webhooks.delivery import STATUSES, delivery_of

PAGE = 100
"""Deliveries of a page where the query gives no other number."""
MOST_LISTED = 1_000
_FILTERS = ("status", "type", "event", "endpoint", "url")


def _listed(request: AdminRequest) -> Response:
    """Return the deliveries that all filters match, the oldest first, and how many there are."""
    query = request.query(*_FILTERS, "limit", "offset")
    status = query.get("status")
    if status is not None and status not in STATUSES:
        expected = f"one of {', '.join(STATUSES)}"
        raise _refused(f"status: found {status[:80]!r}{did_you_mean(status, STATUSES)}; expected {expected}")
    limit, offset = _number(query, "limit", PAGE, MOST_LISTED), _number(query, "offset", 0, 1 << 40)
    rows = [
        row
        for _, row in delivery_rows(request)
        if all(row.value.get(name) == query[name] for name in _FILTERS if name in query)
    ]
    page: list[JSON] = [delivery_of(row).as_json() for row in rows[offset : offset + limit]]
    return json_response({"deliveries": page, "total": len(rows)})


def _one(request: AdminRequest) -> Response:
    _, row = _named(request)
    return json_response({**delivery_of(row).as_json(), "body": str(row.hidden["body"])})


def _sent_again(request: AdminRequest) -> Response:
    """Have a delivery tried once more, also one that succeeded; one that waits is tried at once."""
    mount, row = _named(request)
    again = delivery_of(row).again(request.world.now())
    change = RecordChange(DELIVERIES, again.id, row, again.row())
    if not request.world.apply(mount.store, [change]):
        detail = f"Found the delivery {again.id} under way; expected a moment's rest. Try again."
        raise AdminRequestError("conflict", 409, detail)
    if mount.outbox is not None:
        mount.outbox.wake(request.world, [change])
    return json_response(again.as_json(), 202)


def _dropped(request: AdminRequest) -> Response:
    """Drop all deliveries, those too that wait."""
    for mount in request.served:
        rows = request.world.store(mount.store).own(DELIVERIES)
        changes = [RecordChange(DELIVERIES, name, row, Absence.UNTOUCHED) for name, row in rows.items()]
        if changes:
            request.world.apply(mount.store, changes)
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def delivery_rows(request: AdminRequest) -> Iterator[tuple[ApiMount, Record]]:
    """Yield the rows of all deliveries, the oldest of each contract first."""
    for mount in request.served:
        for row in request.world.store(mount.store).records(DELIVERIES):
            yield mount, row


def _named(request: AdminRequest) -> tuple[ApiMount, Record]:
    name = request.values["id"]
    for mount in request.served:
        row = request.world.store(mount.store).get(DELIVERIES, name)
        if row is not None:
            return mount, row
    detail = f"Found the delivery {name[:80]!r}; expected one that GET /__admin/deliveries lists."
    raise AdminRequestError("unknown", 404, detail)


def _number(query: dict[str, str], name: str, default: int, most: int) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and int(text) <= most):
        raise _refused(f"{name}: found {text[:80]!r}; expected a whole number up to {most}")
    return int(text)


def _refused(reason: str) -> AdminRequestError:
    return AdminRequestError("invalid-request", 400, f"query {reason}.")


ROUTES: Rows = (
    ("GET", "/deliveries", aside(_listed, lambda request: request.worlds.is_shared)),
    ("DELETE", "/deliveries", _dropped),
    ("GET", "/deliveries/{id}", _one),
    ("POST", "/deliveries/{id}/redeliver", _sent_again),
)
