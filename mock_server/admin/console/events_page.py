"""The events of a world: those that happened, one with its deliveries, and where they go; an event is sent by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import cast
from urllib.parse import quote, urlencode

from mock_server.admin.console.delivery_view import DeliveryView
from mock_server.admin.console.exchange_view import LONGEST_BODY
from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps, see_other
from mock_server.admin.console.templates import indented, short
from mock_server.admin.endpoints.deliveries import delivery_rows
from mock_server.admin.endpoints.events import ShownEvent, shown_events
from mock_server.admin.router import AdminRequestError
from mock_server.core.errors import InstructionError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.webhooks.known_events import event_names, webhook_names
from mock_server.scenarios.delivery_fault import FAULT_KINDS
from mock_server.webhooks.delivery import delivery_of
from mock_server.worlds.clock import moment_text

SHOWN = 100
"""Events of a page."""
MOST_DELIVERIES = 10
"""Deliveries of one event that are shown with their tries."""
_MOST_TYPES = 400
_DONE = {
    "sent": "The event happened.",
    "added": "Events go to that endpoint from now on.",
    "deleted": "The endpoint was deleted.",
    "spoiled": "The next deliveries go wrong as asked.",
    "unspoiled": "Deliveries go right again.",
    "redelivered": "It was delivered once more.",
    "waits": "It is to be delivered once more, and is on its way.",
}


@value_class
class EventRow:
    """An event as a row of a table. ``deliveries`` are their statuses, each with how many have it."""

    id: str
    time: str
    type: str
    record: str
    record_url: str
    cause: str
    cause_url: str
    deliveries: Sequence[tuple[str, int]]
    finding: str
    is_forced: bool


def _listed(request: PageRequest) -> PageSteps:
    return (yield from _page(request, {}))


def _page(request: PageRequest, fields: Mapping[str, str], refusal: str = "", status: int = 200) -> PageSteps:
    """Return the page of events; ``fields`` are those of a form that was refused, with the reason."""
    admin = request.admin
    contracts = [mount.contract for mount in admin.served]
    chosen = request.query.get("type", "").strip()
    events = admin.errands.run(shown_events, admin, is_long=admin.worlds.is_shared)
    fitting = [shown for shown in reversed(events) if chosen in ("", shown.event.type)]
    offset = request.offset
    page = fitting[offset : offset + SHOWN]
    endpoints = cast("dict[str, list[JSON]]", (yield from request.call("GET", "/webhooks")))
    faults = cast("dict[str, list[JSON]]", (yield from request.call("GET", "/webhooks/faults")))
    conditions = {"type": chosen} if chosen else {}
    values = {
        "rows": _rows(request, page),
        "chosen": chosen,
        "total": len(events),
        "fitting": len(fitting),
        "types": event_names(contracts)[:_MOST_TYPES],
        "webhooks": webhook_names(contracts)[:_MOST_TYPES],
        "endpoints": endpoints["webhooks"],
        "faults": faults["faults"],
        "kinds": FAULT_KINDS,
        "delivers": any(mount.outbox is not None for mount in admin.served),
        "fields": fields,
        "refusal": refusal,
        "links": {
            rel: f"{request.base}/events?{urlencode({**conditions, 'offset': place})}"
            for rel, place in _places(offset, len(fitting))
        },
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("events.html", "Events", "/events", values, status)


def _places(offset: int, total: int) -> Iterator[tuple[str, int]]:
    if offset:
        yield "prev", max(0, offset - SHOWN)
    if offset + SHOWN < total:
        yield "next", offset + SHOWN


def _rows(request: PageRequest, events: Sequence[ShownEvent]) -> list[EventRow]:
    statuses: dict[str, Counter[str]] = {shown.event.id: Counter() for shown in events}
    if statuses:
        for _, row in delivery_rows(request.admin):
            counts = statuses.get(str(row.value["event"]))
            if counts is not None:
                counts[str(row.value["status"])] += 1
    return [_row(request, shown, [*statuses[shown.event.id].items()]) for shown in events]


def _row(request: PageRequest, shown: ShownEvent, deliveries: Sequence[tuple[str, int]]) -> EventRow:
    event = shown.event
    record_url = ""
    if event.handle:
        record_url = f"{request.base}/fixtures/{quote(event.resource, safe='')}/{quote(event.handle, safe='')}"
    return EventRow(
        id=event.id,
        time=moment_text(event.at),
        type=event.type,
        record=short(f"{event.resource} {event.handle}".strip(), 80) if event.handle else "",
        record_url=record_url,
        cause=short(event.cause.operation, 80),
        cause_url=f"{request.base}/requests/{quote(event.cause.entry, safe='')}" if event.cause.entry else "",
        deliveries=deliveries,
        finding=event.finding,
        is_forced=event.is_forced,
    )


def _one(request: PageRequest) -> ConsolePage:
    admin, event_id = request.admin, request.values["id"]
    events = admin.errands.run(shown_events, admin, is_long=admin.worlds.is_shared)
    shown = next((shown for shown in events if shown.event.id == event_id), None)
    if shown is None:
        detail = f"Found the event {event_id[:80]!r}; expected one that the world still keeps. The list has them."
        raise AdminRequestError("unknown", 404, detail)
    rows = [(mount, row) for mount, row in delivery_rows(admin) if row.value["event"] == event_id]
    body = indented(shown.event.body)
    values = {
        "row": _row(request, shown, ()),
        "url": shown.event.url,
        "body": body[:LONGEST_BODY],
        "is_cut": len(body) > LONGEST_BODY,
        "deliveries": [
            DeliveryView(delivery_of(row), mount.contract.extensions.webhooks) for mount, row in rows[:MOST_DELIVERIES]
        ],
        "deliveries_total": len(rows),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("event.html", shown.event.type[:120], "/events", values)


def _sent(request: PageRequest) -> PageSteps:
    """Have an event happen, of a record where a form names one."""
    fields = form_of(request.request)
    order: dict[str, JSON] = {"type": fields.get("type", "").strip()}
    if fields.get("record", "").strip():
        order["record"] = fields["record"].strip()
    if fields.get("patch", "").strip():
        order["patch"] = request.json_of(fields, "patch")
    try:
        event = cast("dict[str, str]", (yield from request.call("POST", "/events", order)))
    except InstructionError as error:
        return (yield from _page(request, {**fields, "form": "event"}, _reason(error), 422))
    return see_other(f"{request.base}/events/{event['id']}?done=sent")


def _reason(error: InstructionError) -> str:
    return "; ".join(map(str, error.findings[:5])) or str(error)


def _endpoint(request: PageRequest) -> PageSteps:
    """Add an endpoint, or delete one of those that were put by hand."""
    fields = form_of(request.request)
    if "delete" in fields:
        yield from request.call("DELETE", f"/webhooks/{fields['delete']}")
        return see_other(f"{request.base}/events?done=deleted")
    names: list[JSON] = [*fields.get("events", "").replace(",", " ").split()]
    endpoint: dict[str, JSON] = {"url": fields.get("url", "").strip(), **({"events": names} if names else {})}
    if fields.get("secret", "").strip():
        endpoint["secret"] = fields["secret"].strip()
    return (yield from _put(request, "/webhooks", endpoint, {**fields, "form": "endpoint"}, "added"))


def _fault(request: PageRequest) -> PageSteps:
    """Have the next deliveries go wrong, or none of them."""
    fields = form_of(request.request)
    if "end" in fields:
        yield from request.call("DELETE", "/webhooks/faults")
        return see_other(f"{request.base}/events?done=unspoiled")
    times = fields.get("times", "").strip()
    if not (times.isascii() and times.isdigit() and len(times) < 8):
        reason = f"times: found {times[:20]!r}; expected a whole number of at least 1."
        return (yield from _page(request, {**fields, "form": "fault"}, reason, 422))
    fault: dict[str, JSON] = {"fault": fields.get("fault", ""), "times": int(times)}
    if fields.get("event", "").strip():
        fault["event"] = fields["event"].strip()
    return (yield from _put(request, "/webhooks/faults", fault, {**fields, "form": "fault"}, "spoiled"))


def _put(request: PageRequest, path: str, body: JSON, fields: Mapping[str, str], done: str) -> PageSteps:
    """Send what a form asks for to the admin API; a refusal stands beside the form."""
    try:
        yield from request.call("POST", path, body)
    except AdminRequestError as error:
        if error.answer.status != 422:
            raise
        return (yield from _page(request, fields, str(error), 422))
    return see_other(f"{request.base}/events?done={done}")


ROWS: PageRows = (
    ("GET", "/events", _listed),
    ("GET", "/events/{id}", _one),
    ("POST", "/console/event", _sent),
    ("POST", "/console/endpoint", _endpoint),
    ("POST", "/console/fault", _fault),
)
