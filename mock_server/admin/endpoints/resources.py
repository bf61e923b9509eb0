"""What the server understands of its contracts: ``/__admin/resources``, as ``mock-server routes --json`` has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.mocking.mounts import ApiMount

_CHOICES = ("true", "false")


def _resources(admin_request: AdminRequest) -> Response:
    """Return the resources and verdicts of all contracts; with ``?unsure=true`` just what needs a look."""
    choice = admin_request.query("unsure").get("unsure", "false")
    if choice not in _CHOICES:
        detail = f"query unsure: found {choice[:80]!r}; expected {' or '.join(_CHOICES)}."
        raise AdminRequestError("invalid-request", 400, detail)
    return admin_request.errands.run(_answer, admin_request, choice == "true", is_long=True)


def _answer(admin_request: AdminRequest, only_unsure: bool) -> Response:
    # Imported here: a server that is not asked need not read it at its start.
    from mock_server.openapi.resources.inference import model_of
    from mock_server.openapi.resources.report import model_as_json

    resources: list[JSON] = []
    operations: list[JSON] = []
    for mount in admin_request.served:
        report = model_as_json(model_of(mount.contract), mount.base_path, only_unsure=only_unsure)
        resources += _counted(admin_request, mount, cast("list[dict[str, JSON]]", report["resources"]))
        operations += cast("list[JSON]", report["operations"])
    return json_response({"resources": resources, "operations": operations})


def _counted(admin_request: AdminRequest, mount: ApiMount, resources: Iterable[dict[str, JSON]]) -> Iterator[JSON]:
    """Yield resources with the number of records that the world has of each; those listed below parents not counted."""
    from mock_server.worlds.state.world_records import WorldRecords

    records = (
        WorldRecords(mount.state.model, admin_request.world.store(mount.store)) if mount.state is not None else None
    )
    for resource in resources:
        count = 0 if records is None else len(records.of(str(resource["name"])).below({}))
        yield {**resource, "count": count}


ROUTES: Rows = (("GET", "/resources", _resources),)
