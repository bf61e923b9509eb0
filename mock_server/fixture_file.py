"""One fixture file: its records, each judged against the contract, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mock_server.contract.manners import Resource
from mock_server.contract.model import Contract
from mock_server.contract.records import RecordJudge
from mock_server.contract.source import pointer_of
from mock_server.errors import FixtureError
from mock_server.exchange import JSON, Finding
from mock_server.generate.document import Document
from mock_server.generate.walker import enum_at
from mock_server.recordfile import read_record_file
from mock_server.settings import suggestion
from mock_server.store import Record

HANDLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
A_HANDLE = "a handle of 1 to 64 letters, digits, dots, dashes and underscores"


class FixtureFile:
    """Reads one file, which is named after its resource; what is wrong gathers in ``findings``.

    ``seen`` are the handles of files before it, and where they are. Raises :class:`FixtureError` for a file that
    cannot be read or that names no resource of the contract.
    """

    def __init__(self, file: Path, contract: Contract, seen: dict[tuple[str, str], str]) -> None:
        self.resource = resource = _resource(file, contract)
        self.source = read_record_file(file)
        self.findings: list[Finding] = []
        self._judge = RecordJudge(contract, resource.schema)
        self._taken = taken_handles(resource, contract)
        self._seen = seen

    def records(self) -> Iterator[Record]:
        """The records that are whole, in the order of the file."""
        if not isinstance(self.source.data, list):
            self._find("", "fixture-file", "no list", "a list of records")
            return
        for index, node in enumerate(self.source.data):
            record = self._record(pointer_of(index), node)
            if record is not None:
                yield record

    def _record(self, pointer: str, node: JSON) -> Record | None:
        if not isinstance(node, dict):
            self._find(pointer, "fixture-record", repr(node), "a record with a handle")
            return None
        value = {key: item for key, item in node.items() if key != self.resource.handle}
        for where, found, expected in self._judge.problems(value):
            self._find(pointer + where, "schema", found, expected)
        handle = self._handle(pointer, node)
        ordered = self._judge.ordered(value)
        if handle is None or not isinstance(ordered, dict):
            return None
        return Record(self.resource.name, handle, ordered, self.source.name)

    def _handle(self, pointer: str, node: Mapping[str, JSON]) -> str | None:
        handle = node.get(self.resource.handle)
        where = pointer + pointer_of(self.resource.handle)
        if not isinstance(handle, str) or not HANDLE.fullmatch(handle):
            self._find(where, "handle", repr(handle), A_HANDLE)
            return None
        if handle in self._taken:
            self._find(where, "handle", repr(handle), f"a handle that is free: this one is {self._taken[handle]}")
        if (self.resource.name, handle) in self._seen:
            first = self._seen[self.resource.name, handle]
            self._find(
                where, "duplicate-handle", f"{handle!r} a second time", f"a handle of its own (the first: {first})"
            )
        self._seen.setdefault((self.resource.name, handle), self.source.location(where))
        return handle

    def _find(self, pointer: str, rule: str, found: str, expected: str) -> None:
        self.findings.append(Finding(rule, self.source.location(pointer), found, expected, pointer, "Mend the record."))


def taken_handles(resource: Resource, contract: Contract) -> dict[str, str]:
    """The suffixes that mean something else, and what."""
    taken = dict.fromkeys(contract.manners.suffixes, "a reserved suffix")
    for pin in resource.pins:
        for value in enum_at({"$ref": resource.schema}, pin, Document(dict(contract.document), contract.openapi)):
            taken[str(value)] = f"a value of {pin}"
    return taken


def _resource(file: Path, contract: Contract) -> Resource:
    resources = contract.manners.resources
    if file.stem not in resources:
        known = ", ".join(resources) or "none: the contract has no x-mock-resources"
        raise FixtureError(
            f"{file}: found the resource {file.stem!r}{suggestion(file.stem, resources)}; expected one of the contract"
            f" ({known}). Rename the file or add the resource in an overlay."
        )
    return resources[file.stem]
