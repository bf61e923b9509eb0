"""The records of a world: ``/__admin/fixtures/RESOURCE`` and below. A change is seen by that world alone."""

from __future__ import annotations

from urllib.parse import quote

from mock_server.assembly import Served
from mock_server.control.router import PREFIX, Asked, RefusedError, Rows, answered
from mock_server.errors import FixtureError
from mock_server.exchange import JSON, Answer
from mock_server.merge_patch import patched
from mock_server.settings import suggestion
from mock_server.store import Record


def _listed(asked: Asked) -> Answer:
    served, name = _resource(asked)
    records = asked.world.store(served.store).records(name)
    told: list[JSON] = [_told(served, record) for record in records]
    return answered(told)


def _create(asked: Asked) -> Answer:
    served, _ = _resource(asked)
    record = _taken_in(asked, served, asked.body())
    if asked.world.store(served.store).get(record.resource, record.handle) is not None:
        raise RefusedError(
            "conflict", 409,
            f"body: found the handle {record.handle!r}, which a record has; expected one that is free. Replace that"
            f" record with PUT {_place(record)}, or choose another handle.",
        )  # fmt: skip
    return _put(asked, served, record, is_new=True)


def _one(asked: Asked) -> Answer:
    served, _ = _resource(asked)
    return answered(_told(served, _record(asked, served)))


def _replace(asked: Asked) -> Answer:
    served, name = _resource(asked)
    known = asked.world.store(served.store).get(name, asked.values["handle"])
    record = _taken_in(asked, served, asked.body(), asked.values["handle"])
    return _put(asked, served, record, is_new=known is None)


def _patch(asked: Asked) -> Answer:
    """A JSON Merge Patch (RFC 7396) on a record."""
    served, _ = _resource(asked)
    record = _record(asked, served)
    record = _taken_in(asked, served, patched(_told(served, record), asked.body()), record.handle)
    return _put(asked, served, record, is_new=False)


def _delete(asked: Asked) -> Answer:
    served, name = _resource(asked)
    record = _record(asked, served)
    asked.world.layer(served.store).delete(name, record.handle)
    return Answer(204, (("cache-control", "no-store"),), reason="control")


def _resource(asked: Asked) -> tuple[Served, str]:
    name = asked.values["resource"]
    for one in asked.served:
        if name in one.contract.manners.resources:
            return one, name
    known = [name for one in asked.served for name in one.contract.manners.resources]
    shown = ", ".join(known) or "none: the contract has no x-mock-resources"
    raise RefusedError(
        "unknown", 404,
        f"path: found the resource {name[:80]!r}{suggestion(name, known)}; expected one of the contract ({shown}).",
    )  # fmt: skip


def _record(asked: Asked, served: Served) -> Record:
    handle = asked.values["handle"]
    store, name = asked.world.store(served.store), asked.values["resource"]
    record = store.get(name, handle)
    if record is None:
        near = suggestion(handle, [one.handle for one in store.records(name)])
        raise RefusedError(
            "unknown", 404,
            f"path: found the handle {handle[:80]!r}{near}; expected one of a record: GET {PREFIX}/fixtures/{name}"
            " lists them.",
        )  # fmt: skip
    return record


def _taken_in(asked: Asked, served: Served, node: JSON, handle: str | None = None) -> Record:
    """The record that a body holds, judged; where the path has a handle, the body may leave it out."""
    resource = served.contract.manners.resources[asked.values["resource"]]
    if handle is not None and isinstance(node, dict):
        given = node.setdefault(resource.handle, handle)
        if given != handle:
            raise RefusedError(
                "invalid-request", 422,
                f"body /{resource.handle}: found {given!r}; expected {handle!r}, as in the path, or none.",
            )  # fmt: skip
    try:
        return served.intake(resource.name).record(node)
    except FixtureError as error:
        raise RefusedError("record", 422, str(error).partition("\n")[0], error.findings) from None


def _put(asked: Asked, served: Served, record: Record, *, is_new: bool) -> Answer:
    asked.world.layer(served.store).put(record)
    place = asked.request.origin + asked.world.prefix + served.base_path + _place(record)
    return answered(_told(served, record), 201 if is_new else 200, (("Location", place),) if is_new else ())


def _place(record: Record) -> str:
    return f"{PREFIX}/fixtures/{quote(record.resource)}/{quote(record.handle)}"


def _told(served: Served, record: Record) -> dict[str, JSON]:
    """A record as a fixture file has it."""
    return {served.contract.manners.resources[record.resource].handle: record.handle, **record.value}


ROUTES: Rows = (
    ("GET", "/fixtures/{resource}", _listed),
    ("POST", "/fixtures/{resource}", _create),
    ("GET", "/fixtures/{resource}/{handle}", _one),
    ("PUT", "/fixtures/{resource}/{handle}", _replace),
    ("PATCH", "/fixtures/{resource}/{handle}", _patch),
    ("DELETE", "/fixtures/{resource}/{handle}", _delete),
)
