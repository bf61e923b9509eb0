"""The records of resources that the contract has by its paths alone: ``/__admin/fixtures/RESOURCE`` for these."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from mock_server.admin.endpoints.record_searches import links_of, list_headers, searched
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, json_response
from mock_server.core.errors import FixtureError
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.resources.inference import model_of
from mock_server.storage import Absence, Cause, Record, RecordQuery
from mock_server.worlds.world import World

if TYPE_CHECKING:  # a server that is not asked need not read it at its start
    from mock_server.worlds.state.record_editor import RecordEditor

TRIES = 10
"""Most times that a change is begun anew because another client changed the record first."""


def mount_of(request: AdminRequest) -> ApiMount | None:
    """Return the contract that has the resource of a path by inference; None for none, or where state is off."""
    name = request.values["resource"]
    return next((mount for mount in request.served if mount.state and name in model_of(mount.contract).resources), None)


def listed(request: AdminRequest) -> Response:
    """Return a part of the records, with the number of all that match and links to the other parts (RFC 8288)."""
    served, editor = _editor(request)
    search, parameters = searched(request)
    name = request.values["resource"]
    arguments = (request.world, served, name, search)
    records = editor.all() if search.is_plain else request.errands.run(_matched, *arguments, is_long=bool(search.text))
    end = None if search.limit is None else search.offset + search.limit
    values: list[dict[str, JSON]] = [editor.shown(record) for record in records[search.offset : end]]
    here = f"{request.request.origin}{request.world.prefix}{served.base_path}{PREFIX}/fixtures/{quote(name)}"
    links = links_of(here, parameters, search, len(records))
    headers = list_headers(links, len(records))
    return json_response([*values], headers=headers)


def _matched(world: World, served: ApiMount, resource: str, search: RecordQuery) -> Sequence[Record]:
    return [*search.meant(_editor_of(world, served, resource).all())]


def create(request: AdminRequest) -> Response:
    """Create a record; refuse one whose key another has. With ``?complete=true`` the server sets what is missing."""
    is_partial = is_completed(request)
    for _ in range(TRIES):
        served, editor = _editor(request)
        record = _completed(request, editor) if is_partial else _draft(editor, request.body(), None)
        if editor.find(record.handle) is not None:
            raise AdminRequestError(
                "conflict",
                409,
                f"body: found the record key {record.handle!r}, which a record has; expected a free one. Replace that"
                f" record with PUT {_place(record)}, or choose another key.",
            )
        if _applied(request, served, editor, None, record):
            return _put(request, served, editor, record, is_new=True)
    raise _busy(request)


def read(request: AdminRequest) -> Response:
    """Return one record."""
    _, editor = _editor(request)
    return json_response(editor.shown(_record(request, editor)))


def replace(request: AdminRequest) -> Response:
    """Put a record in the place of another, or as a new one."""
    for _ in range(TRIES):
        served, editor = _editor(request)
        before = editor.find(request.values["handle"])
        record = _draft(editor, request.body(), before)
        _check_key(request, record)
        if _applied(request, served, editor, before, record):
            return _put(request, served, editor, record, is_new=before is None)
    raise _busy(request)


def patch(request: AdminRequest) -> Response:
    """Apply a JSON Merge Patch (RFC 7396) to a record."""
    change = request.body()
    for _ in range(TRIES):
        served, editor = _editor(request)
        before = _record(request, editor)
        record = _draft(editor, apply_merge_patch(editor.shown(before), change), before)
        if _applied(request, served, editor, before, record):
            return _put(request, served, editor, record, is_new=False)
    raise _busy(request)


def delete(request: AdminRequest) -> Response:
    """Delete a record."""
    for _ in range(TRIES):
        served, editor = _editor(request)
        if _applied(request, served, editor, _record(request, editor), None):
            return Response(204, (("cache-control", "no-store"),), source=ResponseSource.CONTROL)
    raise _busy(request)


def _editor(request: AdminRequest) -> tuple[ApiMount, RecordEditor]:
    served = mount_of(request)
    assert served is not None
    return served, _editor_of(request.world, served, request.values["resource"])


def _editor_of(world: World, served: ApiMount, resource: str) -> RecordEditor:
    from mock_server.worlds.state.record_editor import RecordEditor

    assert served.state is not None
    return RecordEditor(served.state.model, resource, world.store(served.store))


def _applied(
    request: AdminRequest, served: ApiMount, editor: RecordEditor, before: Record | None, after: Record | None
) -> bool:
    """Make a change of a record, with the events that tell of it; return False where others changed it meanwhile."""
    changes = editor.changes(before or Absence.UNTOUCHED, after or Absence.DELETED)
    record = after or before
    assert record is not None
    events = served.selector.events
    sends = events.automatic_of("created" if before is None else "deleted" if after is None else "updated", record)
    rows = events.rows(sends, changes, request.world, request.world.store(served.store), served.selector.outbox)
    return served.engine.apply(request.world, [*changes, *rows], _cause(request))


def _record(request: AdminRequest, editor: RecordEditor) -> Record:
    name, key = request.values["resource"], request.values["handle"]
    record = editor.find(key)
    if record is None:
        near = did_you_mean(key, [record.handle for record in editor.all()[:1000]])
        detail = (
            f"path: found the record key {key[:80]!r}{near}; expected one of a record: GET {PREFIX}/fixtures/{name}"
        )
        raise AdminRequestError("unknown", 404, f"{detail} lists them.")
    return record


def _draft(editor: RecordEditor, node: JSON, before: Record | None) -> Record:
    try:
        return editor.draft(node, before)
    except FixtureError as error:
        raise AdminRequestError("record", 422, str(error).partition("\n")[0], error.findings) from None


def is_completed(request: AdminRequest) -> bool:
    """Tell whether the server is to set the members that the body lacks."""
    choice = request.query("complete").get("complete", "false")
    if choice not in ("true", "false"):
        detail = f"query complete: found {choice[:80]!r}; expected true or false."
        raise AdminRequestError("invalid-request", 400, detail)
    return choice == "true"


def _completed(request: AdminRequest, editor: RecordEditor) -> Record:
    try:
        return editor.completed(request.body(), request.world.now())
    except FixtureError as error:
        raise AdminRequestError("record", 422, str(error).partition("\n")[0], error.findings) from None


def _check_key(request: AdminRequest, record: Record) -> None:
    key = request.values["handle"]
    if record.handle != key:
        raise AdminRequestError(
            "invalid-request",
            422,
            f"body: found a record whose key is {record.handle!r}; expected {key!r}, as in the path.",
        )


def _put(request: AdminRequest, served: ApiMount, editor: RecordEditor, record: Record, *, is_new: bool) -> Response:
    """Return the answer to a change of a record: 201 with Location for a new one, else 200."""
    place = request.request.origin + request.world.prefix + served.base_path + _place(record)
    return json_response(editor.shown(record), 201 if is_new else 200, (("Location", place),) if is_new else ())


def _place(record: Record) -> str:
    return f"{PREFIX}/fixtures/{quote(record.resource)}/{quote(record.handle)}"


def _busy(request: AdminRequest) -> AdminRequestError:
    detail = f"path: found {request.request.path} changed by others {TRIES} times meanwhile; expected a moment's rest."
    return AdminRequestError("conflict", 409, f"{detail} Try again.")


def _cause(request: AdminRequest) -> Cause:
    return Cause(f"{request.request.method} {request.request.path}")
