"""What was changed in a world, and how to have it as it was: ``/__admin/changes`` and ``/__admin/undo``."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, aside, json_response
from mock_server.core.errors import InstructionError
from mock_server.core.json_difference import json_patch
from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.storage import MOST_CHANGE_SETS, Absence, OwnRow, Record, RecordChange, Store
from mock_server.worlds.clock import moment_text
from mock_server.worlds.history import StoredChangeSet, TooManyStepsError, WorldHistory

LISTED = 100
"""Change sets that a listing has where the request gives no number."""


def history_of(request: AdminRequest) -> WorldHistory:
    """Return the history of the world, of the contracts that a request is about."""
    return WorldHistory(request.world, [mount.store for mount in request.served])


def _listed(request: AdminRequest) -> Response:
    """Return the change sets, the last first."""
    text = request.query("limit").get("limit", str(LISTED))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and 1 <= int(text) <= MOST_CHANGE_SETS):
        raise AdminRequestError(
            "invalid-request",
            400,
            f"query limit: found {text[:80]!r}; expected a whole number from 1 to {MOST_CHANGE_SETS}.",
        )
    sets = history_of(request).change_sets()
    return json_response({"changes": _shown(request, sets[: int(text)]), "meta": {"total": len(sets)}})


def _undone(request: AdminRequest) -> Response:
    """Take back the last change set, or as many as ``steps`` says."""
    steps = 1
    if request.request.body:
        try:
            members = JsonReader(request.body()).members(("steps",))
            steps = members["steps"].whole(1, MOST_CHANGE_SETS) if "steps" in members else 1
        except InstructionError as error:
            raise AdminRequestError("invalid-request", 422, str(error.findings[0]), error.findings) from None
    history = history_of(request)
    try:
        undone = history.undo(steps)
    except TooManyStepsError as error:
        raise AdminRequestError(
            "conflict",
            409,
            f"body /steps: found {steps}, and {error.number} change sets that the world remembers; expected no more"
            " than that. What came before a reset, a restored snapshot or a copied world is not remembered.",
        ) from None
    shown = _shown(request, undone)
    return json_response({"undone": shown, "meta": {"total": len(history.change_sets())}})


def _shown(request: AdminRequest, sets: Sequence[StoredChangeSet]) -> list[JSON]:
    bases = {mount.store: mount.base_path for mount in request.served}
    return [_change_set(each, bases[each.store], is_alone=len(bases) == 1) for each in sets]


def _change_set(stored: StoredChangeSet, base_path: str, *, is_alone: bool) -> dict[str, JSON]:
    """Return a change set as JSON; of several contracts it has the base path of its own."""
    change_set, cause = stored.change_set, stored.change_set.cause
    shown: dict[str, JSON] = {
        "number": change_set.number,
        "at": moment_text(cause.at),
        "operation": cause.operation or None,
        "request": cause.entry or None,
        "records": [_change(change, stored.store) for change in change_set.records],
    }
    return shown if is_alone else {"contract": base_path or "/", **shown}


def _change(change: RecordChange, store: Store) -> dict[str, JSON]:
    """Return the change of a record: its kind, and the difference as a JSON Patch (RFC 6902)."""
    before, after = (_value(row, change, store) for row in (change.before, change.after))
    kind = "created" if before is None else "deleted" if after is None else "changed"
    patch: list[JSON] = json_patch(before, after)
    if before is None and after is not None:
        patch = [{"op": "add", "path": "", "value": after}]
    elif before is not None and after is None:
        patch = [{"op": "remove", "path": ""}]
    return {"resource": change.resource, "handle": change.handle, "kind": kind, "patch": patch}


def _value(row: OwnRow, change: RecordChange, store: Store) -> JSON:
    """Return the value of a row, None where there is no record; an untouched row has what every world starts with."""
    record = store.get(change.resource, change.handle) if row is Absence.UNTOUCHED else row
    return record.value if isinstance(record, Record) else None


ROUTES: Rows = (
    ("GET", "/changes", aside(_listed, lambda request: "limit" in request.request.query)),
    ("POST", "/undo", _undone),
)
