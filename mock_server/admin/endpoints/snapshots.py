"""States of a world under names, ``/__admin/snapshots`` and below; a world as the copy of another, ``/from/~NAME``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from mock_server.admin.endpoints.changes import history_of
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, aside, json_response
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.storage import KEYS, Record, RecordReader, Snapshot
from mock_server.worlds.clock import moment_text
from mock_server.worlds.history import WorldHistory
from mock_server.worlds.world import NAME, World
from mock_server.worlds.world import PREFIX as WORLD


def _listed(request: AdminRequest) -> Response:
    return json_response({"snapshots": [_told(snapshot) for snapshot in history_of(request).snapshots().values()]})


def _frozen(request: AdminRequest) -> Response:
    """Keep the records of the world under a name: 201 for a new one, 200 in place of one of that name."""
    name = request.values["name"]
    if not NAME.fullmatch(name):
        raise AdminRequestError(
            "invalid-request",
            400,
            f"path: found {name[:80]!r} for the name of a snapshot; expected 1 to 64 letters, digits, dots, dashes and"
            " underscores.",
        )
    history = history_of(request)
    is_new = history.freeze(name)
    return json_response(_told(history.snapshots()[name]), 201 if is_new else 200)


def _dropped(request: AdminRequest) -> Response:
    history, name = history_of(request), request.values["name"]
    if not history.drop_snapshot(name):
        raise _unknown(history, name)
    return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)


def _restored(request: AdminRequest) -> Response:
    """Have the records of a snapshot again, and no others; the history begins anew."""
    history, name = history_of(request), request.values["name"]
    if not history.restore(name):
        raise _unknown(history, name)
    return json_response(_told(history.snapshots()[name]))


def _exported(request: AdminRequest) -> Response:
    """Return the records that a snapshot shows, a line each (NDJSON); those of one resource are a fixture file."""
    history, name = history_of(request), request.values["name"]
    wanted = request.query("resource").get("resource")
    mounts = {mount.store: mount for mount in request.served}
    shown = [(mounts[store], records) for store, records in history.snapshot_records(name)]
    if not shown:
        raise _unknown(history, name)
    known = sorted({resource for _, records in shown for resource in records.resources() if KEYS not in resource})
    if wanted is not None and wanted not in known:
        listing = ", ".join(known) or "none: it has no records"
        raise AdminRequestError(
            "unknown",
            404,
            f"query resource: found {wanted[:80]!r}{did_you_mean(wanted, known)}; expected one of the snapshot"
            f" ({listing}).",
        )
    lines = [line for mount, records in shown for line in _lines(mount, records, wanted)]
    headers = (("content-type", "application/x-ndjson"), ("cache-control", "no-store"))
    return Response(200, headers, "".join(lines).encode("utf-8", "replace"), ResponseSource.CONTROL)


def _lines(mount: ApiMount, records: RecordReader, wanted: str | None) -> Iterator[str]:
    """Yield the records as lines of JSON: as a fixture file has them, or each with its resource where it is of any."""
    for resource in [wanted] if wanted is not None else records.resources():
        if KEYS in resource:
            continue
        for record in records.records(resource):
            row = _row(mount, record)
            shown: JSON = row if wanted is not None else {"resource": resource, "record": row}
            yield json.dumps(shown, ensure_ascii=False, separators=(",", ":")) + "\n"


def _row(mount: ApiMount, record: Record) -> dict[str, JSON]:
    """Return a record as a fixture file has it: with its handle, where the contract says under which name."""
    resource = mount.contract.extensions.resources.get(record.resource)
    return record.value if resource is None else {resource.handle: record.handle, **record.value}


def _copied(request: AdminRequest) -> Response:
    """Have the records of another world, and no others; the history begins anew, snapshots stay."""
    name = request.values["parent"].removeprefix("~")
    parent = _parent(request, name)
    if parent is request.world:
        raise AdminRequestError(
            "invalid-request",
            422,
            f"path: found the world {name!r} twice; expected another one to copy:"
            f" PUT {WORLD}CHILD{PREFIX}/from/~PARENT.",
        )
    history_of(request).copy_from(parent)
    return json_response({"world": request.world.name, "from": parent.name})


def _parent(request: AdminRequest, name: str) -> World:
    """Return the world to copy; raises :class:`AdminRequestError` (404) where nobody has met one of that name."""
    if not name or (NAME.fullmatch(name) and request.worlds.exists(name)):
        return request.worlds.get(name)
    known = [world.name for world in request.worlds if world.name]
    raise AdminRequestError(
        "unknown",
        404,
        f"path: found {name[:80]!r} for the world to copy{did_you_mean(name, known)}; expected one that had a request"
        " before.",
    )


def _told(snapshot: Snapshot) -> dict[str, JSON]:
    return {"name": snapshot.name, "at": moment_text(snapshot.at), "records": snapshot.records}


def _unknown(history: WorldHistory, name: str) -> AdminRequestError:
    known = [*history.snapshots()]
    listing = ", ".join(known) or f"none: PUT {PREFIX}/snapshots/{quote(name[:64], safe='')} makes one"
    return AdminRequestError(
        "unknown",
        404,
        f"path: found the snapshot {name[:80]!r}{did_you_mean(name, known)}; expected one of the world ({listing}).",
    )


ROUTES: Rows = (
    ("GET", "/snapshots", _listed),
    ("PUT", "/snapshots/{name}", _frozen),
    ("DELETE", "/snapshots/{name}", _dropped),
    ("GET", "/snapshots/{name}.ndjson", aside(_exported, lambda _: True)),
    ("POST", "/snapshots/{name}/restore", _restored),
    ("PUT", "/from/{parent}", _copied),
)
