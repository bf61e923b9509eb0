"""The records of a world: ``/__admin/fixtures/RESOURCE`` and below. Only that world sees a change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeAlias
from urllib.parse import quote

from mock_server.admin.endpoints import state_records
from mock_server.admin.endpoints.record_searches import LISTED, links_of, list_headers, searched
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import FixtureError
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.storage import Cause, Record, RecordQuery, RecordReader
from mock_server.storage.fixtures.fixture_file import fixture_names
from mock_server.worlds.world import World

Answering: TypeAlias = Callable[[AdminRequest], Response]
"""Answers an admin request."""

TRIES = 10
"""Most times that a patch is merged again because another client changed the record first."""


def _listed(request: AdminRequest) -> Response:
    """Return a part of the records, with the number of all that match and links to the other parts (RFC 8288)."""
    served, name = _resource(request)
    search, parameters = searched(request)
    # A text is looked for in all records: of a hundred thousand that takes longer than others should wait.
    records, total = request.errands.run(_matched, request.world, served, name, search, is_long=bool(search.text))
    here = f"{request.request.origin}{request.world.prefix}{served.base_path}{PREFIX}/fixtures/{quote(name)}"
    links = links_of(here, parameters, search, total)
    headers = list_headers(links, total)
    values = [_told(served, record) for record in records]
    return json_response([*values], headers=headers)


def _matched(world: World, served: ApiMount, resource: str, search: RecordQuery) -> tuple[Sequence[Record], int]:
    """Return the records of a part, and how many the search matches."""
    store = world.store(served.store)
    records = store.records(resource, search)
    is_last = len(records) < (search.limit or 0) and (records or not search.offset)
    return records, search.offset + len(records) if is_last else store.count(resource, search)


def _create(request: AdminRequest) -> Response:
    served, name = _resource(request)
    body = request.body()
    if state_records.is_completed(request) and isinstance(body, dict):
        body = _completed(request, served, name, body)
    record = _taken_in(request, served, body)
    if not request.world.layer(served.store).add(record, _cause(request)):
        raise AdminRequestError(
            "conflict",
            409,
            f"body: found the record key {record.handle!r}, which a record has; expected a free one. Replace that"
            f" record with PUT {_place(record)}, or choose another key.",
        )
    return _put(request, served, record, is_new=True)


def _completed(request: AdminRequest, served: ApiMount, name: str, members: dict[str, JSON]) -> JSON:
    """Return members with all others that a record has, generated; without a handle it gets one of its own."""
    handle = served.contract.extensions.resources[name].handle
    key = members.get(handle) or _free_handle(request.world.store(served.store), name)
    value = served.selector.factories[name].value(str(key), request.settings.seed, {})
    return {handle: key, **(value if isinstance(value, dict) else {}), **members}


def _free_handle(records: RecordReader, name: str) -> str:
    numbers = count(records.count(name) + 1)
    return next(handle for number in numbers if records.get(name, handle := f"created-{number}") is None)


def _one(request: AdminRequest) -> Response:
    served, _ = _resource(request)
    return json_response(_told(served, _record(request, served)))


def _replace(request: AdminRequest) -> Response:
    served, _ = _resource(request)
    record = _taken_in(request, served, request.body(), request.values["handle"])
    return _put(request, served, record, is_new=request.world.layer(served.store).put(record, _cause(request)))


def _patch(request: AdminRequest) -> Response:
    """Apply a JSON Merge Patch (RFC 7396) to a record.

    Raises :class:`AdminRequestError` (409) where others changed the record :data:`TRIES` times in between.
    """
    served, _ = _resource(request)
    patch = request.body()
    for _ in range(TRIES):
        record = _record(request, served)
        merged = _taken_in(request, served, apply_merge_patch(_told(served, record), patch), record.handle)
        merged = replace(merged, hidden=record.hidden)
        if request.world.layer(served.store).change(record, merged, _cause(request)):
            return _put(request, served, merged, is_new=False)
    raise AdminRequestError(
        "conflict",
        409,
        f"path: found {_place(record)} changed by others {TRIES} times meanwhile; expected a moment's rest. Try again.",
    )


def _delete(request: AdminRequest) -> Response:
    served, name = _resource(request)
    if not request.world.layer(served.store).delete(name, request.values["handle"], _cause(request)):
        raise _unknown(request, request.world.store(served.store))
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def _cause(request: AdminRequest) -> Cause:
    """Return what the history of the world says of a change: the request, as nobody's journal has it."""
    return Cause(f"{request.request.method} {request.request.path}")


def _resource(request: AdminRequest) -> tuple[ApiMount, str]:
    name = request.values["resource"]
    for mount in request.served:
        if name in mount.contract.extensions.resources:
            return mount, name
    known = [name for mount in request.served for name in fixture_names(mount.contract)]
    listing = ", ".join(known) or "none: the contract has no x-mock-resources, and no path of it lists records"
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


def _by_kind(described: Answering, inferred: Answering) -> Answering:
    """Return what answers for a resource of ``x-mock-resources``, or for one that only paths tell of."""

    def answer(request: AdminRequest) -> Response:
        name = request.values["resource"]
        is_described = any(name in mount.contract.extensions.resources for mount in request.served)
        return inferred(request) if not is_described and state_records.mount_of(request) else described(request)

    return answer


ROUTES: Rows = (
    ("GET", "/fixtures/{resource}", _by_kind(_listed, state_records.listed)),
    ("POST", "/fixtures/{resource}", _by_kind(_create, state_records.create)),
    ("GET", "/fixtures/{resource}/{handle}", _by_kind(_one, state_records.read)),
    ("PUT", "/fixtures/{resource}/{handle}", _by_kind(_replace, state_records.replace)),
    ("PATCH", "/fixtures/{resource}/{handle}", _by_kind(_patch, state_records.patch)),
    ("DELETE", "/fixtures/{resource}/{handle}", _by_kind(_delete, state_records.delete)),
)
