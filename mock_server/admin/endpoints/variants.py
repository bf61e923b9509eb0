"""The variants of an answer: ``/__admin/variants/OPERATION``."""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.errors import GenerationError
from mock_server.core.text import did_you_mean
from mock_server.http.messages import Response
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.model import Operation


def _variants(request: AdminRequest) -> Response:
    """Return the variants of an operation, which is named by its operationId or by its key (``GET /pets``)."""
    name = request.values["operation"]
    for mount in request.served:
        operation = _operation(name, mount)
        if operation is not None:
            try:
                return request.errands.run(_shown, mount, operation)
            except GenerationError as error:
                raise AdminRequestError("no-answer", 500, f"{operation.key}: {error}") from None
    operations = {key: operation for mount in request.served for key, operation in mount.contract.operations.items()}
    known = [*(operation.operation_id for operation in operations.values() if operation.operation_id), *operations]
    detail = f"Found the operation {name!r}{did_you_mean(name, known)}; expected an operationId, or a method and"
    raise AdminRequestError("not-found", 404, f"{detail} a path such as {next(iter(operations), 'GET /')!r}.")


def _shown(served: ApiMount, operation: Operation) -> Response:
    return json_response([variant.as_json() for variant in served.selector.variants(operation)])


def _operation(name: str, served: ApiMount) -> Operation | None:
    operations = served.contract.operations
    if name in operations:
        return operations[name]
    return next((operation for operation in operations.values() if operation.operation_id == name), None)


ROUTES: Rows = (("GET", "/variants/{+operation}", _variants),)
