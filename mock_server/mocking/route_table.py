"""The operations of contracts as rows or as JSON: security, statuses, where answers come from, what they do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from mock_server.core.types import JSON
from mock_server.mocking.contract_audit import ContractAudit
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.model import Operation
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import Verdict
from mock_server.openapi.resources.report import model_as_json

_HEAD = ("METHOD", "PATH", "SECURITY", "ANSWERS", "STATE", "WHY")


def route_rows(mounts: Iterable[ApiMount], *, only_unsure: bool = False) -> list[tuple[str, ...]]:
    """Return the head of a table and a row for each operation; with ``only_unsure``, for each that needs a look."""
    return [_HEAD, *(row for mount in mounts for row in _rows(mount, only_unsure))]


def _rows(mount: ApiMount, only_unsure: bool) -> Iterator[tuple[str, ...]]:
    audit = _audit(mount)
    for operation, verdict in _verdicts(mount):
        if only_unsure and verdict.is_sure:
            continue
        answers = ", ".join(f"{status} {source}" for status, source in audit.sources(operation))
        path = mount.base_path + operation.path
        yield operation.method, path, _security(operation), answers, state_of(verdict), verdict.why


def state_of(verdict: Verdict) -> str:
    """Return a verdict in a few words; what is not sure keeps no state."""
    return f"{verdict.claim} (stateless)" if not verdict.is_sure else verdict.claim


def json_of(mounts: Sequence[ApiMount], *, only_unsure: bool = False) -> JSON:
    """Return the same as JSON, with the resources of all contracts."""
    resources: list[JSON] = []
    operations: list[JSON] = []
    for mount in mounts:
        audit = _audit(mount)
        report = model_as_json(model_of(mount.contract), mount.base_path, only_unsure=only_unsure)
        resources += cast("list[JSON]", report["resources"])
        entries = {str(entry["operation"]): entry for entry in cast("list[dict[str, JSON]]", report["operations"])}
        for operation in mount.contract.operations.values():
            entry = entries.get(f"{operation.method} {mount.base_path}{operation.path}")
            if entry is not None:
                answers: list[JSON] = [
                    {"status": status, "from": source} for status, source in audit.sources(operation)
                ]
                operations.append(
                    {**entry, "security": [[*schemes] for schemes in operation.security], "answers": answers}
                )
    return {"resources": resources, "operations": operations}


def _verdicts(mount: ApiMount) -> Iterator[tuple[Operation, Verdict]]:
    verdicts = model_of(mount.contract).verdicts
    return ((operation, verdicts[operation.key]) for operation in mount.contract.operations.values())


def _audit(mount: ApiMount) -> ContractAudit:
    return ContractAudit(mount.contract, mount.validator, mount.selector, mount.store)


def _security(operation: Operation) -> str:
    return " or ".join(" and ".join(schemes) or "none" for schemes in operation.security) or "none"
