"""The operations of what is served: ``/__admin/operations``."""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, Rows, json_response
from mock_server.core.types import JSON
from mock_server.http.messages import Response


def _listed(request: AdminRequest) -> Response:
    """Return all operations, each with the statuses that it documents."""
    operations: list[JSON] = [
        {
            "operation": mount.coverage_target(operation.key).name,
            "operationId": operation.operation_id,
            "statuses": [*operation.responses],
            "deprecated": operation.deprecated,
        }
        for mount in request.served
        for operation in mount.contract.operations.values()
    ]
    return json_response({"operations": operations})


ROUTES: Rows = (("GET", "/operations", _listed),)
