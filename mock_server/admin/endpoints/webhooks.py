"""Where the events of a world are delivered, and what goes wrong with them on purpose: ``/__admin/webhooks``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from mock_server.admin.contract_names import event_name
from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.core.text import did_you_mean
from mock_server.http.messages import Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.webhook_extensions import SCHEMES
from mock_server.storage import ENDPOINTS, FAULTS, Absence, OwnRow, RecordChange
from mock_server.webhooks.call_policy import CallPolicy, CallRefusedError, checked_url
from mock_server.webhooks.endpoint import EVERY, MOST_ENDPOINTS, Endpoint, endpoint_row, endpoints_of
from mock_server.webhooks.fault import MOST_FAULTS, PlannedFault, planned_faults, read_fault
from mock_server.webhooks.signature import key_of
from mock_server.webhooks.webhook_outbox import WebhookOutbox

TRIES = 10
"""Most times that a change is begun anew because another client changed the same."""


def _listed(request: AdminRequest) -> Response:
    """Return all endpoints: those of the command line, those put by hand, those that clients registered."""
    endpoints = {endpoint.id: endpoint for mount in request.served for endpoint in _of(request, mount)}
    return json_response({"webhooks": [endpoint.as_json() for endpoint in endpoints.values()]})


def _shown(request: AdminRequest) -> Response:
    return json_response(_named(request).as_json())


def _put(request: AdminRequest) -> Response:
    """Put an endpoint: 201 for a new one, 200 in place of one of the same URL."""
    try:
        endpoint = _endpoint(JsonReader(request.body()), request)
    except InstructionError as error:
        raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    is_new = True
    for mount in request.served:
        rows = request.world.store(mount.store).own(ENDPOINTS)
        is_new = is_new and endpoint.id not in rows
        if len({*rows, endpoint.id}) > MOST_ENDPOINTS:
            detail = f"Found {len(rows)} endpoints in this world; expected at most {MOST_ENDPOINTS}. Delete some."
            raise AdminRequestError("invalid-request", 422, detail)
    for mount in request.served:
        _change(request, mount, ENDPOINTS, endpoint.id, endpoint_row(endpoint))
    return json_response(endpoint.as_json(), 201 if is_new else 200)


def _deleted(request: AdminRequest) -> Response:
    endpoint = _named(request)
    if endpoint.source != "admin":
        whose = "the command line (--webhook)" if endpoint.source == "setting" else "a client; delete it by the API"
        detail = f"Found the endpoint {endpoint.id!r}, which is of {whose}; expected one of /__admin/webhooks."
        raise AdminRequestError("invalid-request", 422, detail)
    for mount in request.served:
        _change(request, mount, ENDPOINTS, endpoint.id, Absence.UNTOUCHED)
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def _all_deleted(request: AdminRequest) -> Response:
    """Delete the endpoints that were put by hand."""
    return _dropped(request, ENDPOINTS)


def _faults(request: AdminRequest) -> Response:
    """Return the faults that are to come, in their order."""
    return json_response({"faults": [fault.as_json() for fault in _to_come(request).values()]})


def _fault_put(request: AdminRequest) -> Response:
    """Have the next deliveries of an event go wrong."""
    faults = _to_come(request)
    if len(faults) >= MOST_FAULTS:
        detail = f"Found {len(faults)} faults to come in this world; expected fewer than {MOST_FAULTS}."
        raise AdminRequestError("invalid-request", 422, detail)
    number = max((int(name.removeprefix("fault-")) for name in faults), default=0) + 1
    try:
        part = JsonReader(request.body())
        fault = read_fault(part, f"fault-{number}")
        if fault.planned.event:
            name = event_name(JsonReader(fault.planned.event, "/event"), request.served, EVERY)
            fault = replace(fault, planned=replace(fault.planned, event=name))
    except InstructionError as error:
        raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    for mount in request.served:
        _change(request, mount, FAULTS, fault.id, fault.row())
    return json_response(fault.as_json(), 201)


def _no_faults(request: AdminRequest) -> Response:
    return _dropped(request, FAULTS)


def _to_come(request: AdminRequest) -> dict[str, PlannedFault]:
    return {fault.id: fault for mount in request.served for fault in planned_faults(request.world.store(mount.store))}


def _of(request: AdminRequest, mount: ApiMount) -> Sequence[Endpoint]:
    standing = mount.outbox.standing if isinstance(mount.outbox, WebhookOutbox) else ()
    return [*endpoints_of(request.world.store(mount.store), mount.contract.extensions.webhooks, standing)]


def _named(request: AdminRequest) -> Endpoint:
    name = request.values["id"]
    endpoints = {endpoint.id: endpoint for mount in request.served for endpoint in _of(request, mount)}
    if name not in endpoints:
        listing = ", ".join([*endpoints][:10]) or "none: this world has no endpoint"
        detail = f"Found the endpoint {name[:80]!r}{did_you_mean(name, endpoints)}; expected one of {listing}."
        raise AdminRequestError("unknown", 404, detail)
    return endpoints[name]


def _endpoint(part: JsonReader, request: AdminRequest) -> Endpoint:
    members = part.members(("url", "secret", "events", "signing", "enabled"))
    if "url" not in members:
        raise part.wrong("an object with a url")
    url = members["url"].text()
    _check_url(members["url"], request)
    signing = (
        members["signing"].choice(tuple(name for name in SCHEMES if name != "hmac")) if "signing" in members else ""
    )
    secret = members["secret"].text() if "secret" in members else ""
    schemes = (
        [SCHEMES[signing]] if signing else [mount.contract.extensions.webhooks.signing for mount in request.served]
    )
    if secret:
        members["secret"].made(lambda _: [key_of(secret, scheme.key) for scheme in schemes], "a secret that is a key")
    events = [*members["events"].items(1000)] if "events" in members else []
    names = [event_name(event, request.served, EVERY) for event in events]
    enabled = members["enabled"].flag() if "enabled" in members else True
    name = "wh-" + blake2b(url.encode("utf-8", "replace"), digest_size=8).hexdigest()
    return Endpoint(name, url, secret, tuple(names), signing, is_enabled=enabled)


def _check_url(part: JsonReader, request: AdminRequest) -> None:
    """Refuse what is no URL, and an address that may not be called. What a name leads to is seen with each call."""
    try:
        host = checked_url(part.text()).hostname or ""
        if all(character in "0123456789abcdef.:" for character in host):
            CallPolicy(request.settings.webhook_allow).chosen(host, [host])
    except CallRefusedError as error:
        actual, _, rest = str(error).partition("; expected ")
        raise part.refusal("url", actual.removeprefix("found "), rest) from None


def _dropped(request: AdminRequest, resource: str) -> Response:
    for mount in request.served:
        for name in [*request.world.store(mount.store).own(resource)]:
            _change(request, mount, resource, name, Absence.UNTOUCHED)
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def _change(request: AdminRequest, mount: ApiMount, resource: str, id: str, after: OwnRow) -> None:
    """Have another row, whatever there was."""
    world = request.world
    for _ in range(TRIES):
        before = world.store(mount.store).own_row(resource, id)
        if before is after or world.apply(mount.store, [RecordChange(resource, id, before, after)]):
            return
    detail = f"Found {id!r} changed by others {TRIES} times meanwhile; expected a moment's rest. Try again."
    raise AdminRequestError("conflict", 409, detail)


ROUTES: Rows = (
    ("GET", "/webhooks", _listed),
    ("POST", "/webhooks", _put),
    ("DELETE", "/webhooks", _all_deleted),
    ("GET", "/webhooks/faults", _faults),
    ("POST", "/webhooks/faults", _fault_put),
    ("DELETE", "/webhooks/faults", _no_faults),
    ("GET", "/webhooks/{id}", _shown),
    ("DELETE", "/webhooks/{id}", _deleted),
)
