"""An event that somebody asks for by name: of a record, with a body that is made, patched or given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import InstructionError
from mock_server.core.json_reader import JsonReader
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.events.event_maker import EventMaker
from mock_server.openapi.webhooks.model import MappedWebhook
from mock_server.storage import Record, RecordReader
from mock_server.worlds.events.event import Event
from mock_server.worlds.state.record_editor import RecordEditor
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.world import World

KEYS = ("type", "record", "body", "patch", "force")


@value_class
class EventOrder:
    """What is asked for: the name of a webhook, the key of a record (empty for any), and the body.

    ``body`` is the whole body, in a tuple, which is empty where it is made; ``patch`` changes the one that is made
    (RFC 7396). ``force`` sends a body that breaks the contract.
    """

    type: str
    record: str = ""
    body: tuple[JSON, ...] = ()
    patch: JSON = None
    force: bool = False

    @classmethod
    def from_json(cls, data: JSON) -> EventOrder:
        """Read an order; raises :class:`InstructionError`."""
        reader = JsonReader(data)
        members = reader.members(KEYS)
        if "type" not in members:
            raise reader.wrong('an object with "type", the name of an event')
        if "body" in members and "patch" in members:
            raise members["patch"].refusal("value", "patch in addition to body", "one or the other")
        return cls(
            members["type"].text(),
            members["record"].text() if "record" in members else "",
            (members["body"].value,) if "body" in members else (),
            members["patch"].value if "patch" in members else None,
            members["force"].flag() if "force" in members else False,
        )

    def event(self, maker: EventMaker, model: StateModel, world: World, records: RecordReader) -> Event:
        """Return the event, not yet kept anywhere; the contract has to have a webhook of its name.

        Raises :class:`InstructionError` with a finding for what cannot be, and :class:`StoreError`.
        """
        mapped = maker.webhooks.find(self.type)
        assert mapped is not None
        record = self._record(mapped, model, records)
        event = maker.event(self.type, record, world.name, world.now(), records)
        if not self.body and event.finding:
            raise _refused("event-body", "", event.finding, "a webhook whose body can be made, or a body")
        body = self.body[0] if self.body else event.body
        if self.patch is not None:
            body = apply_merge_patch(body, self.patch)
        faults = maker.body_of(mapped).faults(body)
        if faults and not self.force:
            above = "/body" if self.body else "/patch"
            findings = [replace(fault, pointer=above + fault.pointer) for fault in faults]
            expected = f'one that the contract has for {self.type}, or "force": true'
            raise InstructionError(f"body: found a body that breaks the contract; expected {expected}.", findings)
        if body is event.body:
            return event
        free_id = maker.free_id(records, world.name, event.type, event.handle, event.at, body)
        return replace(event, id=free_id, body=body, finding=_in_words(faults), is_forced=bool(faults))

    def _record(self, mapped: MappedWebhook, model: StateModel, records: RecordReader) -> Record | None:
        """Return the record that the event is about: the first there is, where none is named."""
        if not mapped.resource:
            if self.record:
                raise _refused("event-record", "/record", "a record", "none: no resource is known for this event")
            return None
        editor = RecordEditor(model, mapped.resource, records)
        if not self.record:
            return next(iter(editor.all()), None)
        record = editor.find(self.record)
        if record is None:
            near = did_you_mean(self.record, [record.handle for record in editor.all()[:1000]])
            raise _refused("event-record", "/record", f"{self.record[:80]!r}{near}", f"a record of {mapped.resource}")
        return record


def _in_words(faults: Sequence[Diagnostic]) -> str:
    return "; ".join(f"{fault.pointer or '/'}: {fault.found}; expected {fault.expected}" for fault in faults)


def _refused(rule: str, pointer: str, actual: str, expected: str) -> InstructionError:
    finding = Diagnostic(rule, "body", actual, expected, pointer)
    return InstructionError(f"{pointer or 'the whole'}: found {actual}; expected {expected}.", (finding,))
