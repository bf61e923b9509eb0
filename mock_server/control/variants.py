"""The variants of an answer: ``/__admin/variants/OPERATION``."""

from __future__ import annotations

from mock_server.assembly import Served
from mock_server.contract.model import Operation
from mock_server.control.router import Asked, RefusedError, Rows, answered
from mock_server.errors import GenerationError
from mock_server.exchange import Answer
from mock_server.settings import suggestion


def _variants(asked: Asked) -> Answer:
    """Return the variants of an operation, which is named by its operationId or by its key (``GET /pets``)."""
    name = asked.values["operation"]
    for one in asked.served:
        operation = _operation(name, one)
        if operation is not None:
            try:
                return answered([variant.as_json() for variant in one.ladder.variants(operation)])
            except GenerationError as error:
                raise RefusedError("no-answer", 500, f"{operation.key}: {error}") from None
    operations = {key: operation for one in asked.served for key, operation in one.contract.operations.items()}
    known = [*(one.operation_id for one in operations.values() if one.operation_id), *operations]
    detail = f"Found the operation {name!r}{suggestion(name, known)}; expected an operationId, or a method and"
    raise RefusedError("not-found", 404, f"{detail} a path such as {next(iter(operations), 'GET /')!r}.")


def _operation(name: str, served: Served) -> Operation | None:
    operations = served.contract.operations
    if name in operations:
        return operations[name]
    return next((one for one in operations.values() if one.operation_id == name), None)


ROUTES: Rows = (("GET", "/variants/{+operation}", _variants),)
