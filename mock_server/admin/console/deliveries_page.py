"""The deliveries of a world, each made once more where asked, and its clock, by which they are tried again."""

from __future__ import annotations

from time import monotonic
from typing import cast
from urllib.parse import urlencode

from mock_server.admin.console.delivery_view import DeliveryView
from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps, see_other
from mock_server.admin.endpoints.deliveries import delivery_rows
from mock_server.admin.router import AdminRequestError
from mock_server.core.deadline import has_changed
from mock_server.core.types import JSON
from mock_server.webhooks.delivery import STATUSES, delivery_of

SHOWN = 100
"""Deliveries of a page."""
MOVES = (("60 s", 60), ("1 h", 3_600), ("1 day", 86_400))
"""By how much a button moves the clock: in words, and in seconds."""
PATIENCE = 1.0
"""Seconds that the page waits for what comes of a delivery that is made once more."""
_LOOK = 0.02
_DONE = {
    "moved": "The clock was moved, and what was due by then was tried.",
    "real": "The clock shows the real time again.",
    "dropped": "All deliveries were dropped.",
}


def _listed(request: PageRequest) -> PageSteps:
    admin = request.admin
    status = request.query.get("status", "")
    chosen = status if status in STATUSES else ""
    offset = request.offset
    rows = [(mount, row) for mount, row in delivery_rows(admin) if chosen in ("", row.value["status"])]
    rows.sort(key=lambda pair: cast("float", pair[1].value["created"]), reverse=True)
    places = {"prev": max(0, offset - SHOWN)} if offset else {}
    if offset + SHOWN < len(rows):
        places["next"] = offset + SHOWN
    conditions = {"status": chosen} if chosen else {}
    values = {
        "rows": [
            DeliveryView(delivery_of(row), mount.contract.extensions.webhooks)
            for mount, row in rows[offset : offset + SHOWN]
        ],
        "total": len(rows),
        "status": chosen,
        "statuses": STATUSES,
        "clock": (yield from request.call("GET", "/clock")),
        "moves": MOVES,
        "links": {
            rel: f"{request.base}/deliveries?{urlencode({**conditions, 'offset': place})}"
            for rel, place in places.items()
        },
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("deliveries.html", "Deliveries", "/deliveries", values)


def _sent_again(request: PageRequest) -> PageSteps:
    """Make a delivery once more, and wait a little for what comes of it."""
    name = form_of(request.request).get("delivery", "")
    path = f"/deliveries/{name}"
    delivery = cast("dict[str, JSON]", (yield from request.call("POST", f"{path}/redeliver")))
    has_changed()  # it must not be sent twice: what follows may wait
    until = monotonic() + PATIENCE
    while delivery["status"] == "pending" and monotonic() < until:
        yield _LOOK
        delivery = cast("dict[str, JSON]", (yield from request.call("GET", path)))
    done = "waits" if delivery["status"] == "pending" else "redelivered"
    return see_other(f"{request.base}/events/{delivery['event']}?done={done}")


def _moved(request: PageRequest) -> PageSteps:
    """Move the clock of the world, or have it show the real time again."""
    fields = form_of(request.request)
    if "real" in fields:
        yield from request.call("DELETE", "/clock")
        return see_other(f"{request.base}/deliveries?done=real")
    seconds = fields.get("seconds", "")
    if seconds not in {str(number) for _, number in MOVES}:
        raise AdminRequestError("invalid-request", 422, "seconds: found another number; expected one of the buttons.")
    yield from request.call("POST", "/clock", {"advance_seconds": int(seconds)})
    return see_other(f"{request.base}/deliveries?done=moved")


def _dropped(request: PageRequest) -> PageSteps:
    form_of(request.request)
    yield from request.call("DELETE", "/deliveries")
    return see_other(f"{request.base}/deliveries?done=dropped")


ROWS: PageRows = (
    ("GET", "/deliveries", _listed),
    ("POST", "/console/redeliver", _sent_again),
    ("POST", "/console/clock", _moved),
    ("POST", "/console/deliveries/drop", _dropped),
)
