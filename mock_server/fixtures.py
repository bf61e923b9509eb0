"""Fixture files to records: read, judged against the contract, all of them or none.

A file is named after its resource (``customers.yaml``) and holds a list of records. Each has a handle,
by which a token selects it, beside the members that the contract names.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from mock_server.contract.manners import Resource
from mock_server.contract.model import Contract
from mock_server.contract.records import RecordJudge
from mock_server.contract.source import Source, pointer_of
from mock_server.errors import FixtureError
from mock_server.exchange import JSON, Finding
from mock_server.generate.document import Document
from mock_server.generate.walker import enum_at
from mock_server.recordfile import SUFFIXES, read_record_file
from mock_server.settings import suggestion
from mock_server.store import Record

_HANDLE = re.compile(r"[A-Za-z0-9._-]{1,64}")
_A_HANDLE = "a handle of 1 to 64 letters, digits, dots, dashes and underscores"


def load_fixtures(directory: Path, contract: Contract, elsewhere: Collection[str] = ()) -> list[Record]:
    """The records of every fixture file in a directory, but for those of the resources ``elsewhere``.

    Raises :class:`FixtureError`, with a finding for each thing that is wrong, where a file cannot be read,
    names no resource of the contract, or holds a record that breaks the contract.
    """
    if not directory.is_dir():
        raise FixtureError(f"{directory}: found no directory; expected one with fixture files. Check --fixtures.")
    records: list[Record] = []
    findings: list[Finding] = []
    seen: dict[tuple[str, str], str] = {}
    for file in sorted(one for one in directory.iterdir() if one.suffix.lower() in SUFFIXES):
        if file.stem in elsewhere:
            continue
        reader = _FileReader(read_record_file(file), _resource(file, contract), contract, seen)
        records += reader.records()
        findings += reader.findings
    if findings:
        raise FixtureError(
            f"{directory}: found {_things(findings)} wrong in the fixtures; nothing is served.", findings
        )
    return records


def _resource(file: Path, contract: Contract) -> Resource:
    resources = contract.manners.resources
    if file.stem not in resources:
        known = ", ".join(resources) or "none: the contract has no x-mock-resources"
        raise FixtureError(
            f"{file}: found the resource {file.stem!r}{suggestion(file.stem, resources)}; expected one of the contract"
            f" ({known}). Rename the file or add the resource in an overlay."
        )
    return resources[file.stem]


def _things(findings: list[Finding]) -> str:
    return "1 thing" if len(findings) == 1 else f"{len(findings)} things"


class Intake:
    """Takes in records that come one by one, and not from a file."""

    def __init__(self, resource: Resource, contract: Contract) -> None:
        self._resource = resource
        self._judge = RecordJudge(contract, resource.schema)
        self._taken = _taken_handles(resource, contract)

    def record(self, node: JSON) -> Record:
        """The record of a node with a handle; raises :class:`FixtureError`, a finding for each thing that is wrong."""
        if not isinstance(node, dict):
            raise self._refused([_told("", "fixture-record", "no object", "a record with a handle")])
        value = {key: item for key, item in node.items() if key != self._resource.handle}
        findings = [
            _told(pointer, "schema", found, expected) for pointer, found, expected in self._judge.problems(value)
        ]
        handle = node.get(self._resource.handle)
        where = pointer_of(self._resource.handle)
        if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
            findings.append(_told(where, "handle", repr(handle), _A_HANDLE))
        elif handle in self._taken:
            free = f"a handle that is free: this one is {self._taken[handle]}"
            findings.append(_told(where, "handle", repr(handle), free))
        ordered = self._judge.ordered(value)
        if findings or not isinstance(handle, str) or not isinstance(ordered, dict):
            raise self._refused(findings)
        return Record(self._resource.name, handle, ordered, "body")

    def _refused(self, findings: list[Finding]) -> FixtureError:
        where = f"body: found {_things(findings)} wrong in a record of {self._resource.name}"
        return FixtureError(f"{where}; expected one that keeps the contract. Nothing is changed.", findings)


def _told(pointer: str, rule: str, found: str, expected: str) -> Finding:
    return Finding(rule, "body", found, expected, pointer, "Mend the record.")


class _FileReader:
    """Reads one file; what is wrong gathers in ``findings``."""

    def __init__(
        self, source: Source, resource: Resource, contract: Contract, seen: dict[tuple[str, str], str]
    ) -> None:
        self.source = source
        self.resource = resource
        self.findings: list[Finding] = []
        self._judge = RecordJudge(contract, resource.schema)
        self._taken = _taken_handles(resource, contract)
        self._seen = seen

    def records(self) -> Iterator[Record]:
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
        if not isinstance(handle, str) or not _HANDLE.fullmatch(handle):
            self._find(where, "handle", repr(handle), _A_HANDLE)
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


def _taken_handles(resource: Resource, contract: Contract) -> dict[str, str]:
    """The suffixes that mean something else, and what."""
    taken = dict.fromkeys(contract.manners.suffixes, "a reserved suffix")
    for pin in resource.pins:
        for value in enum_at({"$ref": resource.schema}, pin, Document(dict(contract.document), contract.openapi)):
            taken[str(value)] = f"a value of {pin}"
    return taken
