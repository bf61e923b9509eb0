"""One fixture file: its records, each validated against the contract, and findings about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from mock_server.core.diagnostics import Finding
from mock_server.core.errors import FixtureError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import suggestion
from mock_server.core.types import JSON
from mock_server.generation.member_enums import enum_at
from mock_server.generation.schema_document import Document
from mock_server.openapi.extensions import Resource
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.record_validator import RecordJudge
from mock_server.recordfile import RecordFile, open_record_file
from mock_server.store import HANDLE, Record

A_HANDLE = "a handle of 1 to 64 letters, digits, dots, dashes and underscores"


Seen: TypeAlias = dict[tuple[str, str], tuple[RecordFile, int]]
"""By resource and handle: the file, and the index of the record in it."""


class FixtureFile:
    """Reads one file, which is named after its resource; ``findings`` collects what is wrong.

    ``seen`` are the handles of earlier files and their records. Raises :class:`FixtureError` for a file that cannot be
    read or that names no resource of the contract.
    """

    def __init__(self, file: Path, contract: Contract, seen: Seen) -> None:
        self.resource = resource = _resource(file, contract)
        self.source = open_record_file(file)
        self.findings: list[Finding] = []
        schemas = Document(dict(contract.document), contract.openapi)
        self._accepts = schemas.root({"$ref": resource.schema}).accepts
        self._judge = RecordJudge(contract, resource.schema)
        self._taken = taken_handles(resource, contract)
        self._seen = seen

    def records(self) -> Iterator[Record]:
        """Yield the records that can be used, in the order of the file."""
        rows = self.source.rows()
        if rows is None:
            self._find("", "fixture-file", "no list", "a list of records")
            return
        for index, node in enumerate(rows):
            record = self._record(index, node)
            if record is not None:
                yield record

    def _record(self, index: int, node: JSON) -> Record | None:
        pointer = pointer_of(index)
        if not isinstance(node, dict):
            self._find(pointer, "fixture-record", repr(node), "a record with a handle")
            return None
        value = {key: item for key, item in node.items() if key != self.resource.handle}
        for where, actual, expected in self._judge.problems(value, is_accepted=self._accepts(value)):
            self._find(pointer + where, "schema", actual, expected)
        handle = self._handle(index, node)
        ordered = self._judge.ordered(value)
        if handle is None or not isinstance(ordered, dict):
            return None
        return Record(self.resource.name, handle, ordered, self.source.name)

    def _handle(self, index: int, node: Mapping[str, JSON]) -> str | None:
        handle = node.get(self.resource.handle)
        where = pointer_of(index, self.resource.handle)
        if not isinstance(handle, str) or not HANDLE.fullmatch(handle):
            self._find(where, "handle", repr(handle), A_HANDLE)
            return None
        if handle in self._taken:
            self._find(where, "handle", repr(handle), f"a handle that is free: this one is {self._taken[handle]}")
        if (self.resource.name, handle) in self._seen:
            file, place = self._seen[self.resource.name, handle]
            first = file.location(pointer_of(place, self.resource.handle))
            self._find(
                where, "duplicate-handle", f"{handle!r} a second time", f"a handle of its own (the first: {first})"
            )
        self._seen.setdefault((self.resource.name, handle), (self.source, index))
        return handle

    def _find(self, pointer: str, rule: str, actual: str, expected: str) -> None:
        self.findings.append(
            Finding(rule, self.source.location(pointer), actual, expected, pointer, "Mend the record.")
        )


def taken_handles(resource: Resource, contract: Contract) -> dict[str, str]:
    """Return the suffixes of tokens that have another meaning, and the meaning of each."""
    reserved = dict.fromkeys(contract.manners.suffixes, "a reserved suffix")
    for pin in resource.pins:
        for value in enum_at({"$ref": resource.schema}, pin, Document(dict(contract.document), contract.openapi)):
            reserved[str(value)] = f"a value of {pin}"
    return reserved


def _resource(file: Path, contract: Contract) -> Resource:
    resources = contract.manners.resources
    if file.stem not in resources:
        known = ", ".join(resources) or "none: the contract has no x-mock-resources"
        raise FixtureError(
            f"{file}: found the resource {file.stem!r}{suggestion(file.stem, resources)}; expected one of the contract"
            f" ({known}). Rename the file or add the resource in an overlay."
        )
    return resources[file.stem]
