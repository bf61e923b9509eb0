"""Names of the contract in instructions of tests: a test that asks for one that nothing has could never fail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mock_server.admin.router import AdminRequestError
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.core.text import did_you_mean
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.webhooks.known_events import event_named, event_names
from mock_server.webhooks.endpoint import EVERY


def check_operation(part: JsonReader, served: Sequence[ApiMount]) -> None:
    """Raise :class:`InstructionError` unless a contract has an operation of this operationId or key."""
    name = part.text()
    for mount in served:
        operations = mount.contract.operations
        if name in operations or any(operation.operation_id == name for operation in operations.values()):
            return
    known = [name for mount in served for name in _operation_names(mount)]
    expected = "the operationId or the key (GET /path) of an operation; `mock-server routes` lists them"
    raise part.refusal("unknown-operation", f"{name[:80]!r}{did_you_mean(name, known)}", expected)


def _operation_names(mount: ApiMount) -> Iterator[str]:
    for operation in mount.contract.operations.values():
        if operation.operation_id:
            yield operation.operation_id
        yield operation.key


def event_name(part: JsonReader, served: Sequence[ApiMount], *others: str) -> str:
    """Return the name of an event that is meant by it or by the key of its entry.

    ``others`` are names that are known beside those of webhooks and callbacks. Raises :class:`InstructionError` for one
    that nothing has.
    """
    text, contracts = part.text(), [mount.contract for mount in served]
    name = text if text in others else event_named(contracts, text)
    if name is None:
        known = [*others, *event_names(contracts)]
        expected = " or ".join(["an event of the contract", *(other for other in others if other == EVERY)])
        raise part.refusal("unknown-event", f"{text[:80]!r}{did_you_mean(text, known)}", expected)
    return name


def parameter_error(name: str, error: InstructionError) -> AdminRequestError:
    """Return the refusal of a query parameter whose value names nothing there is."""
    finding = error.findings[0]
    return AdminRequestError(
        "invalid-request", 400, f"query {name}: found {finding.found}; expected {finding.expected}."
    )
