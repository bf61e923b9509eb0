"""The records of a world: all resources, the records of one in a table, and one record as a form and as JSON."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import cast
from urllib.parse import quote, urlencode

from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps, see_other
from mock_server.admin.console.record_form import fields_of, patch_of
from mock_server.admin.console.record_table import cells_of, columns_of, sorted_by
from mock_server.admin.console.templates import indented
from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.resources.inference import model_of
from mock_server.worlds.world import World

SHOWN = 50
"""Records of a page."""
SORTED = 1000
"""Records that are sorted at most: of more, the order is that in which they came."""
MOST_RESOURCES = 60
"""Resources that are counted on one page."""
_FEW = 5
"""Resources that are counted while others wait."""
LONGEST_JSON = 200_000
"""Characters of a record that a page shows as JSON."""
_DONE = {
    "created": "The record was created.",
    "kept": "The record was kept.",
    "saved": "The change was saved.",
    "deleted": "The record was deleted.",
    "undone": "The last change was undone.",
}


def resource_names(served: Iterable[ApiMount]) -> list[str]:
    """Return the names of all resources, those of ``x-mock-resources`` first."""
    names = [name for mount in served for name in (*mount.contract.extensions.resources, *_inferred(mount))]
    return [*dict.fromkeys(names)]


def _inferred(mount: ApiMount) -> Iterable[str]:
    return model_of(mount.contract).resources if mount.state is not None else ()


def resource_counts(request: PageRequest, names: Sequence[str]) -> dict[str, int]:
    """Return how many records the world has of resources; those listed below parents are not counted."""
    is_long = len(names) > _FEW
    return request.admin.errands.run(_counts, request.admin.world, request.admin.served, tuple(names), is_long=is_long)


def _counts(world: World, served: Sequence[ApiMount], names: Sequence[str]) -> dict[str, int]:
    # Imported here: a server that is not asked need not read it at its start.
    from mock_server.worlds.state.world_records import WorldRecords

    counts = dict.fromkeys(names, 0)
    for mount in reversed(served):
        store = world.store(mount.store)
        for name in counts:
            if name in mount.contract.extensions.resources:
                counts[name] = store.count(name)
            elif mount.state is not None and name in model_of(mount.contract).resources:
                counts[name] = len(WorldRecords(mount.state.model, store).of(name).below({}))
    return counts


def _resources(request: PageRequest) -> PageSteps:
    names = resource_names(request.admin.served)
    text = request.query.get("q", "").strip()
    found = [name for name in names if text.lower() in name.lower()]
    values = {
        "counts": resource_counts(request, found[:MOST_RESOURCES]),
        "found": len(found),
        "total": len(names),
        "q": text,
        "changes": (yield from _changes(request)),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("resources.html", "Records", "/fixtures", values)


def _changes(request: PageRequest) -> Generator[float | None, None, int]:
    """Return how many change sets can be undone."""
    listed = cast("dict[str, dict[str, int]]", (yield from request.call("GET", "/changes", limit="1")))
    return listed["meta"]["total"]


def _listed(request: PageRequest) -> PageSteps:
    resource = request.values["resource"]
    text, sort = request.query.get("q", "")[:200], request.query.get("sort", "")
    records, total, offset = yield from _part(request, resource, text, sort)
    mount = _mount(request, resource)
    key = _key(mount, resource)
    columns = columns_of(records, key)
    here = f"{request.base}/fixtures/{quote(resource, safe='')}"
    relations = _relations(mount, resource)

    def link(name: str, value: JSON) -> str:
        if name == key:
            return f"{here}/{quote(str(value), safe='')}"
        target = relations.get(name)
        return f"{request.base}/fixtures/{target}/{quote(value, safe='')}" if target and isinstance(value, str) else ""

    values = {
        "resource": resource,
        "columns": columns,
        "rows": [cells_of(record, columns, link) for record in records],
        "q": text,
        "sort": sort,
        "is_sortable": total <= SORTED,
        "total": total,
        "offset": offset,
        "links": _links(here, text, sort, offset, total),
        "here": here,
        "changes": (yield from _changes(request)),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("records.html", f"{resource}", "/fixtures", values)


def _part(
    request: PageRequest, resource: str, text: str, sort: str
) -> Generator[float | None, None, tuple[list[Mapping[str, JSON]], int, int]]:
    """Return the records of a page, the number of all that the search finds, and how many are before them."""
    path = f"/fixtures/{resource}"
    query = {"q": text} if text else {}
    offset = request.offset
    if sort:
        answer = yield from request.call_response("GET", path, **query, limit=str(SORTED))
        total = int(answer.header("x-total-count") or 0)
        if total <= SORTED:
            every = sorted_by(json.loads(answer.body), sort.removeprefix("-"), descending=sort.startswith("-"))
            return every[offset : offset + SHOWN], total, offset
    answer = yield from request.call_response("GET", path, **query, limit=str(SHOWN), offset=str(offset))
    return json.loads(answer.body), int(answer.header("x-total-count") or 0), offset


def _links(here: str, text: str, sort: str, offset: int, total: int) -> dict[str, str]:
    places = {}
    if offset:
        places = {"first": 0, "prev": max(0, offset - SHOWN)}
    if offset + SHOWN < total:
        places |= {"next": offset + SHOWN, "last": (total - 1) // SHOWN * SHOWN}
    conditions = {**({"q": text} if text else {}), **({"sort": sort} if sort else {})}
    return {rel: f"{here}?{urlencode({**conditions, 'offset': place})}" for rel, place in places.items()}


def _mount(request: PageRequest, resource: str) -> ApiMount:
    """Return the contract that has a resource, the first where none has it: the admin API has refused it before."""
    mounts = request.admin.served
    described = (mount for mount in mounts if resource in mount.contract.extensions.resources)
    inferred = (mount for mount in mounts if resource in model_of(mount.contract).resources)
    return next(described, None) or next(inferred, mounts[0])


def _key(mount: ApiMount, resource: str) -> str:
    described = mount.contract.extensions.resources.get(resource)
    if described is not None:
        return described.handle
    inferred = model_of(mount.contract).resources.get(resource)
    return next((key.member for key in inferred.keys), "") if inferred is not None else ""


def _relations(mount: ApiMount, resource: str) -> dict[str, str]:
    """Return the members that name records of other resources, by name."""
    inferred, described = model_of(mount.contract).resources.get(resource), mount.contract.extensions.resources
    relations = () if inferred is None else inferred.relations
    return {
        relation.member: quote(relation.resource, safe="")
        for relation in relations
        if not relation.is_list and relation.resource not in described  # those have keys of their own, not these ids
    }


def _schema(mount: ApiMount, resource: str) -> JSON:
    described = mount.contract.extensions.resources.get(resource)
    if described is not None:
        return {"$ref": described.schema}
    inferred = model_of(mount.contract).resources.get(resource)
    name = inferred.schema if inferred is not None else ""
    return {"$ref": f"#/components/schemas{pointer_of(name)}"} if name else {}


def _one(request: PageRequest) -> PageSteps:
    resource, handle = request.values["resource"], request.values["handle"]
    mount = _mount(request, resource)
    record = cast("dict[str, JSON]", (yield from request.call("GET", _path(request))))
    text = indented(record)
    relations = _relations(mount, resource)
    key = _key(mount, resource)
    editable = {name: value for name, value in record.items() if name != key}
    values = {
        "resource": resource,
        "handle": handle,
        "here": f"{request.base}/fixtures/{quote(resource, safe='')}",
        "fields": fields_of(mount.contract, _schema(mount, resource), editable),
        "json": text if len(text) <= LONGEST_JSON else "",
        "relations": [
            (name, str(record[name]), f"{request.base}/fixtures/{target}/{quote(str(record[name]), safe='')}")
            for name, target in relations.items()
            if record.get(name)
        ],
        "changes": (yield from _changes(request)),
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("record.html", f"{resource} {handle}"[:120], "/fixtures", values)


def _path(request: PageRequest) -> str:
    return f"/fixtures/{request.values['resource']}/{request.values['handle']}"


def _changed(request: PageRequest) -> PageSteps:
    """Do what a form of a record asks for: save its fields, or its JSON, or delete it."""
    fields = form_of(request.request)
    resource, handle = request.values["resource"], request.values["handle"]
    here = f"{request.base}/fixtures/{quote(resource, safe='')}"
    if "delete" in fields:
        yield from request.call("DELETE", _path(request))
        return see_other(f"{here}?done=deleted")
    if "json" in fields:
        yield from request.call("PUT", _path(request), request.json_of(fields, "json"))
        return see_other(f"{here}/{quote(handle, safe='')}?done=saved")
    mount = _mount(request, resource)
    record = cast("dict[str, JSON]", (yield from request.call("GET", _path(request))))
    patch = patch_of(mount.contract, _schema(mount, resource), record, fields)
    if patch:
        yield from request.call("PATCH", _path(request), patch)
    return see_other(f"{here}/{quote(handle, safe='')}?done=saved")


def _undone(request: PageRequest) -> PageSteps:
    form_of(request.request)
    yield from request.call("POST", "/undo")
    return see_other(f"{request.base}/fixtures?done=undone")


ROWS: PageRows = (
    ("GET", "/fixtures", _resources),
    ("GET", "/fixtures/{resource}", _listed),
    ("GET", "/fixtures/{resource}/{handle}", _one),
    ("POST", "/console/fixtures/{resource}/{handle}", _changed),
    ("POST", "/console/undo", _undone),
)
