"""Check that what ``x-mock-webhooks`` names is there: resources, operations and their parameters."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.core.errors import ContractError
from mock_server.core.text import did_you_mean
from mock_server.openapi.delivery_extensions import Redelivery
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import ResourceModel
from mock_server.openapi.webhook_extensions import WEBHOOKS


def refuse_unknown_names(contract: Contract, model: ResourceModel) -> None:
    """Raise :class:`ContractError` where ``x-mock-webhooks`` names what the contract does not have."""
    plan = contract.extensions.webhooks
    for key, shown in (("endpoints", plan.endpoints), ("deliveries", plan.deliveries)):
        if shown is not None and shown.resource not in model.resources:
            raise _unknown(
                contract, f"{key}/resource", f"the resource {shown.resource!r}", shown.resource, model.resources
            )
    for redelivery in plan.redeliver:
        _check(contract, redelivery)


def _check(contract: Contract, redelivery: Redelivery) -> None:
    """Refuse an operation that there is not, and a parameter that its path does not have."""
    operations = contract.operations.values()
    operation = next(filter(redelivery.is_of, operations), None)
    if operation is None:
        known = [name for each in operations for name in (each.operation_id, each.key) if name]
        raise _unknown(contract, "redeliver", f"the operation {redelivery.operation!r}", redelivery.operation, known)
    if f"{{{redelivery.parameter}}}" not in operation.path:
        actual = f"{redelivery.parameter!r}"
        parameters = [part.partition("}")[0] for part in operation.path.split("{")[1:]]
        raise _unknown(contract, "redeliver", actual, redelivery.parameter, parameters)


def _unknown(contract: Contract, place: str, actual: str, name: str, known: Iterable[str]) -> ContractError:
    pointer, names = f"/{WEBHOOKS}/{place}", [*known]
    listing = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return ContractError(
        f"{contract.locate(pointer)} {pointer}: found {actual}{did_you_mean(name, names)}; expected one of {listing}."
        " Fix the overlay."
    )
