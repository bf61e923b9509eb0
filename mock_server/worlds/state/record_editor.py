"""The records of one resource for whoever sets a world up: read and changed without an operation of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import FixtureError, GenerationError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.storage import Absence, Record, RecordChange, RecordReader
from mock_server.storage.fixtures.inferred_fixtures import PARENTS, InferredFixtures
from mock_server.storage.fixtures.loader import things
from mock_server.worlds.state.merged_records import MergedRecords, highest_key, scope_of
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.world_records import WorldRecords, scope_with_relations


class RecordEditor:
    """Reads and drafts the records that a world has of one resource; what is to change is returned as rows."""

    def __init__(self, model: StateModel, resource: str, reader: RecordReader) -> None:
        self._world = WorldRecords(model, reader)
        self._state = model.resource(resource)
        self._records: MergedRecords = self._world.of(resource)
        self._fixtures = InferredFixtures(model.contract, self._state.resource)

    def all(self) -> Sequence[Record]:
        """Return all records; of a resource that is listed below parents alone, those that are there without one."""
        return self._records.below({})

    def find(self, key: str) -> Record | None:
        """Return the record of a handle or of a primary key, None where there is none."""
        own = self._records.by_handle(key)
        if isinstance(own, Record):
            return own
        primary = self._state.identity.primary
        record = self._records.find(primary, key, {}) if primary is not None else Absence.UNTOUCHED
        if isinstance(record, Record):
            return record
        return next((record for record in self.all() if record.handle == key), None)

    def shown(self, record: Record) -> dict[str, JSON]:
        """Return a record as a fixture file has it: with its parents beside its members."""
        scope: JSON = {**scope_of(record)}
        return {PARENTS: scope, **record.value} if scope else record.value

    def draft(self, node: JSON, before: Record | None = None) -> Record:
        """Return the record that an object describes, in the place of ``before`` where there is one.

        Raises :class:`FixtureError` with a finding for each thing that is wrong.
        """
        if not isinstance(node, dict):
            raise _refused(self._state.resource.name, [_finding("", "no object", "an object")])
        value = {name: member for name, member in node.items() if name != PARENTS}
        findings = [_finding(pointer, found, expected) for pointer, found, expected in self._fixtures.problems(value)]
        scope = self._scope(node, before, findings)
        hidden: dict[str, JSON] = {**(before.hidden if before is not None else {})}
        hidden["scope"] = {**scope_with_relations(self._state, value, scope)}
        key = self._state.identity.key_text(value, hidden)
        primary = self._state.identity.primary
        if key is None and primary is not None:
            findings.append(_finding(primary.place, "no key", "a text or a number"))
        if findings:
            raise _refused(self._state.resource.name, findings)
        handle = before.handle if before is not None else self._state.identity.handle(key or "", scope)
        record = Record(self._state.resource.name, handle, self._fixtures.ordered(value), "body", hidden)
        self._judge(record)
        return record

    def completed(self, node: JSON, now: float) -> Record:
        """Return a new record of some members, the others as a server sets them; ``now`` in seconds since 1970.

        Raises :class:`FixtureError` with a finding for each thing that is wrong.
        """
        name, state = self._state.resource.name, self._state
        if not isinstance(node, dict):
            raise _refused(name, [_finding("", "no object", "an object")])
        findings: list[Diagnostic] = []
        scope = self._scope(node, None, findings)
        sent = {member: value for member, value in node.items() if member != PARENTS}
        key = state.maker.key_sent(sent, None) or self._new_key(sent)
        try:
            draft = state.maker.created(sent, None, key, scope_with_relations(state, sent, scope), now)
        except GenerationError as error:
            raise _refused(name, [_finding("", str(error), "members that a view can show")]) from None
        findings += draft.findings
        strange = draft.hidden.get("sent")
        for member in strange if isinstance(strange, dict) else ():
            near = did_you_mean(member, draft.value)
            findings.append(_finding(pointer_of(member), f"the unknown key {member!r}{near}", "a known key"))
        if findings:
            raise _refused(name, findings)
        above: JSON = {**scope_with_relations(state, draft.value, scope)}
        hidden: dict[str, JSON] = {**draft.hidden, "scope": above, "made": now}
        handle = state.identity.handle(state.identity.key_text(draft.value, hidden) or key, scope)
        record = Record(name, handle, draft.value, "body", hidden)
        self._judge(record)
        return record

    def _new_key(self, sent: Mapping[str, JSON]) -> str:
        """Return a key that no record has; counted ones go on from the highest."""
        keys, primary = self._state.maker.keys(), self._state.identity.primary
        if primary is None:
            return ""
        number = highest_key(self._records.below({}), primary) + 1 if keys.is_counted else 0
        while self._records.find(primary, text := keys.drawn(sent, number), {}) is not Absence.UNTOUCHED:
            number += 1
        return text

    def changes(self, before: Record | Absence, after: Record | Absence) -> Sequence[RecordChange]:
        """Return the rows that change where one record becomes another, comes or goes."""
        return self._records.changes(before, after)

    def _scope(self, node: Mapping[str, JSON], before: Record | None, findings: list[Diagnostic]) -> dict[str, str]:
        parents = node.get(PARENTS, {**scope_of(before)} if before is not None else {})
        named = parents if isinstance(parents, dict) else {}
        texts = {name: text for name, text in named.items() if isinstance(text, str)}
        if texts != parents:
            findings.append(_finding(f"/{PARENTS}", repr(parents)[:80], "an object with a text for each parent"))
        return texts

    def _judge(self, record: Record) -> None:
        for view in self._state.views:
            try:
                view.shown(self._state.derived(record), self._world.embedded)
            except GenerationError as error:
                finding = _finding("", str(error), "a record that every view can show")
                raise _refused(record.resource, [finding]) from None


def _finding(pointer: str, found: str, expected: str) -> Diagnostic:
    return Diagnostic("schema", "body", found, expected, pointer, "Fix the record.")


def _refused(resource: str, findings: list[Diagnostic]) -> FixtureError:
    where = f"body: found {things(findings)} wrong in a record of {resource}"
    return FixtureError(f"{where}; expected one that is valid against the contract. Nothing is changed.", findings)
