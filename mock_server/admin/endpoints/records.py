"""The records of a world: ``/__admin/fixtures/RESOURCE`` and below. Only that world sees a change."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from mock_server.admin.console.record_page import RecordPage
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import FixtureError
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.content_negotiation import negotiate
from mock_server.http.messages import Headers, Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.storage import Record, RecordQuery, RecordReader

LISTED = 1000
"""Records that a list has where the request gives no number; a page for people has fewer."""
SHOWN = 50
MOST_LISTED = 10_000
LONGEST_TEXT = 200
"""Most characters of a search."""
TRIES = 10
"""Most times that a patch is merged again because another client changed the record first."""


def _listed(request: AdminRequest) -> Response:
    """Return a part of the records, with the number of all that match and links to the other parts (RFC 8288)."""
    served, name = _resource(request)
    accept = ", ".join(request.request.header_values("accept"))
    choice = negotiate(("application/json", "text/html"), accept)
    is_page = choice is not None and choice.index == 1
    search, parameters = _searched(request, SHOWN if is_page else LISTED)
    store = request.world.store(served.store)
    records = store.records(name, search)
    is_last = len(records) < (search.limit or 0) and (records or not search.offset)
    total = search.offset + len(records) if is_last else store.count(name, search)
    here = f"{request.request.origin}{request.world.prefix}{served.base_path}{PREFIX}/fixtures/{quote(name)}"
    links = {rel: f"{here}?{urlencode({**parameters, 'offset': at})}" for rel, at in _parts(search, total).items()}
    beside = ", ".join(f'<{link}>; rel="{rel}"' for rel, link in links.items())
    headers: Headers = (("X-Total-Count", str(total)), ("Vary", "Accept"), *((("Link", beside),) if beside else ()))
    values = [_told(served, record) for record in records]
    if is_page:
        return RecordPage(name, here, values, search, total, links).answer(headers)
    return json_response([*values], headers=headers)


def _searched(request: AdminRequest, usual: int) -> tuple[RecordQuery, dict[str, str]]:
    """Return the search that the query asks for, and the query parameters for links to the other parts."""
    parameters = request.query("q", "handle", "limit", "offset")
    limit = _number(parameters, "limit", usual, 1, MOST_LISTED)
    search = RecordQuery(
        parameters.get("q", ""), parameters.get("handle", ""), _number(parameters, "offset", 0, 0, 1 << 40), limit
    )
    for name in ("q", "handle"):
        if len(parameters.get(name, "")) > LONGEST_TEXT:
            raise AdminRequestError(
                "invalid-request",
                400,
                f"query {name}: found {len(parameters[name])} characters; expected at most {LONGEST_TEXT}.",
            )
    return search, parameters


def _number(parameters: dict[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = parameters.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
        raise AdminRequestError(
            "invalid-request",
            400,
            f"query {name}: found {text[:80]!r}; expected a whole number from {least} to {most}.",
        )
    return int(text)


def _parts(search: RecordQuery, total: int) -> dict[str, int]:
    """Return where the other parts begin, by relation (IANA's registry: first, prev, next, last)."""
    limit = search.limit or total
    if total <= limit and not search.offset:
        return {}
    last = (total - 1) // limit * limit if total else 0
    parts = {"first": 0}
    if search.offset:
        parts["prev"] = min(max(0, search.offset - limit), last)
    if search.offset + limit < total:
        parts["next"] = search.offset + limit
    return {**parts, "last": last}


def _create(request: AdminRequest) -> Response:
    served, _ = _resource(request)
    record = _taken_in(request, served, request.body())
    if not request.world.layer(served.store).add(record):
        raise AdminRequestError(
            "conflict",
            409,
            f"body: found the record key {record.handle!r}, which a record has; expected a free one. Replace that"
            f" record with PUT {_place(record)}, or choose another key.",
        )
    return _put(request, served, record, is_new=True)


def _one(request: AdminRequest) -> Response:
    served, _ = _resource(request)
    return json_response(_told(served, _record(request, served)))


def _replace(request: AdminRequest) -> Response:
    served, _ = _resource(request)
    record = _taken_in(request, served, request.body(), request.values["handle"])
    return _put(request, served, record, is_new=request.world.layer(served.store).put(record))


def _patch(request: AdminRequest) -> Response:
    """Apply a JSON Merge Patch (RFC 7396) to a record.

    Raises :class:`AdminRequestError` (409) where others changed the record :data:`TRIES` times in between.
    """
    served, _ = _resource(request)
    patch = request.body()
    for _ in range(TRIES):
        record = _record(request, served)
        merged = _taken_in(request, served, apply_merge_patch(_told(served, record), patch), record.handle)
        if request.world.layer(served.store).change(record, merged):
            return _put(request, served, merged, is_new=False)
    raise AdminRequestError(
        "conflict",
        409,
        f"path: found {_place(record)} changed by others {TRIES} times meanwhile; expected a moment's rest. Try again.",
    )


def _delete(request: AdminRequest) -> Response:
    served, name = _resource(request)
    if not request.world.layer(served.store).delete(name, request.values["handle"]):
        raise _unknown(request, request.world.store(served.store))
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def _resource(request: AdminRequest) -> tuple[ApiMount, str]:
    name = request.values["resource"]
    for mount in request.served:
        if name in mount.contract.extensions.resources:
            return mount, name
    known = [name for mount in request.served for name in mount.contract.extensions.resources]
    listing = ", ".join(known) or "none: the contract has no x-mock-resources"
    raise AdminRequestError(
        "unknown",
        404,
        f"path: found the resource {name[:80]!r}{did_you_mean(name, known)}; expected one of the contract ({listing}).",
    )


def _record(request: AdminRequest, served: ApiMount) -> Record:
    store = request.world.store(served.store)
    record = store.get(request.values["resource"], request.values["handle"])
    if record is None:
        raise _unknown(request, store)
    return record


def _unknown(request: AdminRequest, store: RecordReader) -> AdminRequestError:
    name, handle = request.values["resource"], request.values["handle"]
    # Of many records those are looked at that begin alike: the nearest of all would take seconds to find.
    alike = store.records(name, RecordQuery(handle=handle[:2] if store.count(name) > LISTED else "", limit=LISTED))
    near = did_you_mean(handle, [record.handle for record in alike])
    return AdminRequestError(
        "unknown",
        404,
        f"path: found the record key {handle[:80]!r}{near}; expected one of a record: GET {PREFIX}/fixtures/{name}"
        " lists them.",
    )


def _taken_in(request: AdminRequest, served: ApiMount, node: JSON, handle: str | None = None) -> Record:
    """Return the record of a body, validated; where the path has a handle, the body may leave it out.

    Raises :class:`AdminRequestError` (422) for a record that is not valid, or another handle than that of the path.
    """
    resource = served.contract.extensions.resources[request.values["resource"]]
    if handle is not None and isinstance(node, dict):
        value = node.setdefault(resource.handle, handle)
        if value != handle:
            raise AdminRequestError(
                "invalid-request",
                422,
                f"body /{resource.handle}: found {value!r}; expected {handle!r}, as in the path, or none.",
            )
    try:
        return request.errands.run(_validated, served, resource.name, node, is_long=request.is_large)
    except FixtureError as error:
        raise AdminRequestError("record", 422, str(error).partition("\n")[0], error.findings) from None


def _validated(served: ApiMount, resource: str, node: JSON) -> Record:
    return served.intake(resource).record(node)


def _put(request: AdminRequest, served: ApiMount, record: Record, *, is_new: bool) -> Response:
    """Return the answer to a change of a record: 201 with Location for a new one, else 200."""
    place = request.request.origin + request.world.prefix + served.base_path + _place(record)
    return json_response(_told(served, record), 201 if is_new else 200, (("Location", place),) if is_new else ())


def _place(record: Record) -> str:
    return f"{PREFIX}/fixtures/{quote(record.resource)}/{quote(record.handle)}"


def _told(served: ApiMount, record: Record) -> dict[str, JSON]:
    """Return a record as a fixture file has it."""
    return {served.contract.extensions.resources[record.resource].handle: record.handle, **record.value}


ROUTES: Rows = (
    ("GET", "/fixtures/{resource}", _listed),
    ("POST", "/fixtures/{resource}", _create),
    ("GET", "/fixtures/{resource}/{handle}", _one),
    ("PUT", "/fixtures/{resource}/{handle}", _replace),
    ("PATCH", "/fixtures/{resource}/{handle}", _patch),
    ("DELETE", "/fixtures/{resource}/{handle}", _delete),
)
