"""A request on its way through a verb: its world's records, its scope, and the record that its path names."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from urllib.parse import quote

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_of, value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.model import ItemPath, RecordKey
from mock_server.storage import Absence, Record, RecordReader
from mock_server.worlds.state.identity import key_value, scope_names, text_of
from mock_server.worlds.state.outcome import StateRequest
from mock_server.worlds.state.refusal import RefusedError, no_such_record
from mock_server.worlds.state.resource_state import ResourceState, StateModel
from mock_server.worlds.state.world_records import WorldRecords, missing, scope_of


@value_class
class Ownership:
    """Whose records a caller sees: those whose ``member`` names the record with a key; that one alone without one."""

    resource: str
    key: str
    member: str


class Handling:
    """One request, and what of its world it reads."""

    def __init__(self, model: StateModel, request: StateRequest, reader: RecordReader) -> None:
        self.model = model
        self.request = request
        self.world = WorldRecords(model, reader)
        self.plan = request.operation
        self.state: ResourceState = model.resource(self.plan.resource.name)
        self.records = self.world.of(self.plan.resource.name)
        self.drawn_keys: set[str] = set()
        """The keys of records that this request creates, as far as they were drawn."""
        self.before: Record | None = None
        """The record as it was, where the request changes one."""
        self.is_made_up = False
        """Whether that is one that nobody made."""
        self.findings: list[Diagnostic] = []
        """What of the request is taken otherwise than it says."""

    def note(self, *findings: Diagnostic) -> None:
        """Note findings for which nothing is refused in this mode: each is a warning."""
        self.findings += [replace(finding, severity="warning") for finding in findings]

    @cached_property
    def scope(self) -> dict[str, str]:
        """The parents that the path names; raises :class:`RefusedError` for one that is not there."""
        return self.world.scope(self.plan.parents, self.request.path, is_strict=self.request.is_strict)

    @property
    def key(self) -> RecordKey | None:
        """The key by which the path, or the body of ``PUT /pets``, finds the record."""
        is_told = self.plan.parameter is not None or self.plan.sent_key
        return self.plan.key if is_told else self.state.identity.primary

    @cached_property
    def key_text(self) -> str:
        """The key of the record as the path or the body has it; empty where neither has one."""
        if self.plan.sent_key:
            try:
                return text_of(value_at(self.request.body, pointer_of(*self.plan.sent_key)))
            except LookupError:
                return ""
        return self.request.path.get(self.plan.parameter or "", "")

    def named(self) -> Record | Absence:
        """Return the record that the path names; raises :class:`RefusedError` where a parent of it is not there."""
        scope = self.scope
        if self.plan.is_of_caller:
            return self._of_caller()
        if self.key is None and not self.plan.resource.is_singleton:
            return Absence.UNTOUCHED
        record = self.records.find(self.key or RecordKey(""), self.key_text, scope)
        return Absence.DELETED if isinstance(record, Record) and not self.is_own(record) else record

    def _of_caller(self) -> Record | Absence:
        """Return the record of whoever asks: what the token selects, else the first."""
        callers = [record for record in self.request.callers if record.resource == self.plan.resource.name]
        mine = callers[:1] or self.records.below({})[:1]
        return mine[0] if mine else Absence.UNTOUCHED

    @cached_property
    def owner(self) -> Ownership | None:
        """Whose records alone the caller sees of the resource; None where that is no matter of the token."""
        name = self.plan.resource.owner
        for record in self.request.callers if name else ():
            if record.resource == name:
                key = self.model.resource(name).identity.key_text(record.value, record.hidden) or record.handle
                relations = [item.member for item in self.plan.resource.relations if item.resource == name]
                return Ownership(name, key, "" if name == self.plan.resource.name else next(iter(relations), ""))
        return None

    def is_own(self, record: Record) -> bool:
        """Tell whether the caller sees a record."""
        owner = self.owner
        if owner is None:
            return True
        if not owner.member:
            return record.resource == owner.resource and self._key_text(record) == owner.key
        return text_of(record.value.get(owner.member)) == owner.key

    def _key_text(self, record: Record) -> str:
        return self.state.identity.key_text(record.value, record.hidden) or record.handle

    def known(self) -> tuple[Record, bool]:
        """Return the record that the path names, and whether it is one that nobody made.

        Raises :class:`RefusedError` for one that was deleted, and where the mode is strict for an unknown one.
        """
        record = self.named()
        if isinstance(record, Record):
            self.before = record
            self.is_made_up = self.plan.is_of_caller and self._is_made_up(record)
            return record, self.is_made_up
        if record is Absence.DELETED or (self.request.is_strict and not self.plan.resource.is_singleton):
            raise self.not_there()
        self.before = self.state.made_up(self.key, self.key_text or self.request.caller, self.scope)
        self.is_made_up = True
        return self.before, True

    def _is_made_up(self, record: Record) -> bool:
        """Tell whether a caller's record is one that nobody made: no world has it, and none begins with it."""
        primary = self.state.identity.primary
        if primary is None or record not in self.request.callers:
            return False
        return self.records.find(primary, self._key_text(record), {}) is Absence.UNTOUCHED

    def not_there(self) -> RefusedError:
        """Return the refusal of a request for a record that is not there."""
        if self.plan.sent_key:
            expected = f"the key of a record of {self.plan.resource.name}"
            pointer = pointer_of(*self.plan.sent_key)
            finding = Diagnostic("state", "body", repr(self.key_text[:80]), expected, pointer)
            return no_such_record(self.plan.resource.name, finding)
        resource = self.plan.resource.name
        return no_such_record(resource, missing(self.plan.parameter or "", self.key_text, resource))

    def judge(self, record: Record) -> None:
        """Have all views of a record made, so that no read fails for what a write let in.

        Where the operation has effects, that is done after them. Raises :class:`GenerationError` where one cannot be
        made; nothing is written then.
        """
        if not self.plan.operation.effects:
            self.state.judge(record, self.world.embedded)

    def origin(self, record: Record) -> str:
        """Return which record an answer is made from, in words for the journal."""
        return self.state.title(record)

    def location(self, record: Record) -> str:
        """Return the path of a record, without a base URL; empty where no path leads to it."""
        scope = {**scope_of(record)}
        scope |= self.scope
        for item in self.state.items:
            path = _filled(item, record, scope)
            if path:
                return path
        return ""

    @property
    def sent(self) -> JSON:
        """What was sent, without a wrapper (``{"droplet": {...}}``)."""
        body = self.request.body
        if isinstance(body, dict) and len(body) == 1:
            ((name, inner),) = body.items()
            schema = self.model.request_schema(self.plan.operation, self.request.media)
            is_wrapper = isinstance(inner, dict) and len(self.model.reader.shape(schema).members) == 1
            if is_wrapper and not any(name in shape.members for shape in self.state.maker.form.shapes):
                return inner
        return body


def _filled(item: ItemPath, record: Record, scope: dict[str, str]) -> str:
    """Return an item path with the keys of a record in it; empty where one is not known."""
    path = item.path
    if item.parameter is None or item.key is None:
        return ""
    texts = {item.parameter: text_of(key_value(record.value, item.key))}
    texts |= {
        parent.parameter: scope.get(name, "")
        for name, parent in zip(scope_names(item.parents), item.parents, strict=True)
    }
    if not all(texts.values()):
        return ""
    for name, text in texts.items():
        path = path.replace("{" + name + "}", quote(text, safe=""))
    return path
