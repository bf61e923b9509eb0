"""A record that is made of a form on other pages: of a request, or as a new one."""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import quote

from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import PageRequest, PageRows, PageSteps, see_other
from mock_server.admin.router import AdminRequestError
from mock_server.core.types import JSON
from mock_server.openapi.resources.inference import model_of


def _keep_record(request: PageRequest) -> PageSteps:
    """Create a record of a form's JSON, or put it in the place of the one that has its key."""
    fields = form_of(request.request)
    resource, record = fields.get("resource", ""), request.json_of(fields, "record")
    path = f"/fixtures/{resource}"
    here = f"{request.base}/fixtures/{quote(resource, safe='')}"
    handle = _handle(request, resource, record)
    if handle and (yield from _exists(request, f"{path}/{handle}")):
        yield from request.call("PUT", f"{path}/{handle}", record)
        return see_other(f"{here}/{quote(handle, safe='')}?done=kept")
    created = yield from request.call("POST", path, record, complete="true")
    return see_other(f"{here}/{quote(_handle(request, resource, created), safe='')}?done=created")


def _exists(request: PageRequest, path: str) -> Generator[float | None, None, bool]:
    try:
        yield from request.call("GET", path)
    except AdminRequestError as error:
        if error.answer.status == 404:
            return False
        raise
    return True


def _handle(request: PageRequest, resource: str, record: JSON) -> str:
    """Return the key of a record by the contract; empty where it has none (yet)."""
    members = record if isinstance(record, dict) else {}
    for mount in request.admin.served:
        described = mount.contract.extensions.resources.get(resource)
        if described is not None:
            return str(members.get(described.handle) or "")
        inferred = model_of(mount.contract).resources.get(resource)
        if inferred is not None:
            return next((str(members[key.member]) for key in inferred.keys if members.get(key.member)), "")
    return ""


ROWS: PageRows = (("POST", "/console/record", _keep_record),)
