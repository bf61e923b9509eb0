"""Records that come one by one, and not from a file: validated like those of a file."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.core.diagnostics import Finding
from mock_server.core.errors import FixtureError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.json_text import TOO_DEEP
from mock_server.core.types import JSON
from mock_server.fixture_file import A_HANDLE, taken_handles
from mock_server.fixtures import things
from mock_server.openapi.extensions import Resource
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.record_validator import RecordJudge
from mock_server.store import HANDLE, Record


class Intake:
    """Takes in records that come one by one, and not from a file. ``accepts`` says quickly whether one is well."""

    def __init__(self, resource: Resource, contract: Contract, accepts: Callable[[JSON], bool]) -> None:
        self._resource = resource
        self._accepts = accepts
        self._judge = RecordJudge(contract, resource.schema)
        self._taken = taken_handles(resource, contract)

    def record(self, node: JSON) -> Record:
        """Return the record of an object with a handle; raises :class:`FixtureError` with a finding for each error."""
        if not isinstance(node, dict):
            raise self._refused([_told("", "fixture-record", "no object", "a record with a handle")])
        value = {key: item for key, item in node.items() if key != self._resource.handle}
        findings = [_told(pointer, "schema", found, expected) for pointer, found, expected in self._problems(value)]
        handle = node.get(self._resource.handle)
        where = pointer_of(self._resource.handle)
        if not isinstance(handle, str) or not HANDLE.fullmatch(handle):
            findings.append(_told(where, "handle", repr(handle), A_HANDLE))
        elif handle in self._taken:
            free = f"a handle that is free: this one is {self._taken[handle]}"
            findings.append(_told(where, "handle", repr(handle), free))
        ordered = self._judge.ordered(value)
        if findings or not isinstance(handle, str) or not isinstance(ordered, dict):
            raise self._refused(findings)
        return Record(self._resource.name, handle, ordered, "body")

    def _problems(self, value: JSON) -> list[tuple[str, str, str]]:
        try:
            return [*self._judge.problems(value, is_accepted=self._accepts(value))]
        except RecursionError:  # schemas that refer to one another may take many calls for a level
            return [("", TOO_DEEP, "fewer levels")]

    def _refused(self, findings: list[Finding]) -> FixtureError:
        where = f"body: found {things(findings)} wrong in a record of {self._resource.name}"
        return FixtureError(f"{where}; expected one that keeps the contract. Nothing is changed.", findings)


def _told(pointer: str, rule: str, actual: str, expected: str) -> Finding:
    return Finding(rule, "body", actual, expected, pointer, "Mend the record.")
