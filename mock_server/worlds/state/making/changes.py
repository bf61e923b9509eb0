"""Changes of a record: merged, patched or replaced, in the form that its schema has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, cast

from mock_server.core.json_patch import PatchError, apply_json_patch
from mock_server.core.json_pointer import pointer_of
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.types import JSON
from mock_server.storage import Record
from mock_server.worlds.state.making.draft import Draft, hidden_of, read_only
from mock_server.worlds.state.making.record_builder import RecordBuilder
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.making.request_members import RequestForm
from mock_server.worlds.state.making.time_members import Moment, TimeMember
from mock_server.worlds.state.making.unsent_members import Fixed

Manner = Literal["merge", "merge-patch", "json-patch", "replace"]
"""How a body changes a record: members of the top level replace; RFC 7396; RFC 6902; all that can be sent is."""


class _Unset:
    """Stands for a member that goes back to what it is when nobody sends it."""


_UNSET = _Unset()


class RecordChanges:
    """Changes one record by the body of a request of a form."""

    def __init__(self, form: RecordForm, record: Record, request: RequestForm) -> None:
        self._form = form
        self._record = record
        self._request = request
        scope = record.hidden.get("scope")
        self._scope = cast("Mapping[str, str]", scope) if isinstance(scope, dict) else {}
        hidden_members = record.hidden.get("sent")
        self._kept: Mapping[str, JSON] = hidden_members if isinstance(hidden_members, dict) else {}
        self._draw = form.draw(form.key_text(record), self._scope)
        self._shape = form.shape_of(record.value, self._draw)
        self._fixed = form.fixed(self._shape, request) | form.relations_to(self._scope)

    def draft(self, sent: JSON, manner: Manner, now: float, *, is_form: bool) -> Draft:
        """Return the draft of the changed record."""
        builder = RecordBuilder(self._form, self._shape, self._draw, now)
        before = self._record.value
        builder.value = dict(before)
        builder.unshown = dict(self._kept)
        for name, value in self._wanted(sent, manner, is_form=is_form):
            if name in self._fixed:
                if not isinstance(value, _Unset) and value != before.get(name):
                    builder.findings.append(read_only(pointer_of(name)))
            elif isinstance(value, _Unset):
                self._unset(builder, name)
            elif name not in before or value != before[name]:
                builder.unshown.pop(name, None)
                builder.take(name, value, before.get(name))
        self._follow(builder)
        value = builder.finished() if builder.value != before else before
        if value == before and builder.unshown == self._kept:
            return Draft(before, dict(self._record.hidden), tuple(builder.findings), changed=False)
        value = self._stamped(value, now, builder.taken)
        hidden = {**self._record.hidden, **hidden_of(self._scope, builder.unshown)}
        if not builder.unshown:
            hidden.pop("sent", None)
        return Draft(value, hidden, tuple(builder.findings))

    def _follow(self, builder: RecordBuilder) -> None:
        """Let the record that a member shows inside be the one that another member names by now."""
        before = self._record.value
        for name, source in self._form.sources.items():
            member = self._shape.members.get(name)
            identity = builder.value.get(source)
            if member is None or identity == before.get(source) or builder.value.get(name) != before.get(name):
                continue
            if identity is None and member.accepts(None):
                builder.value[name] = None
            elif identity is not None:
                builder.generate(member, identity)

    def _wanted(self, sent: JSON, manner: Manner, *, is_form: bool) -> Iterator[tuple[str, JSON | _Unset]]:
        """Yield the members that are to change, with what is sent for each."""
        if manner == "json-patch":
            yield from self._patched(sent)
            return
        body = sent if isinstance(sent, dict) else {}
        for name, value in body.items():
            if value is None or (is_form and value == "" and not self._form.shows_empty(name)):
                yield name, _UNSET
            elif is_form and name == "metadata" and isinstance(value, dict):
                yield name, self._with_entries(name, value)
            elif manner == "merge-patch" and isinstance(value, dict):
                yield name, apply_merge_patch(self._present(name), value)
            else:
                yield name, value
        if manner == "replace":
            names = (name for name in (*self._shape.members, *self._kept) if name not in body)
            yield from ((name, _UNSET) for name in names if name in self._request.names or name in self._kept)

    def _patched(self, operations: JSON) -> Iterator[tuple[str, JSON | _Unset]]:
        present: dict[str, JSON] = {**self._kept, **self._record.value}
        patched = apply_json_patch(present, operations)
        if not isinstance(patched, dict):
            raise PatchError("", "a patch that leaves no object", "one that changes members of the record")
        for name in (*present, *(name for name in patched if name not in present)):
            if name not in patched:
                yield name, _UNSET
            elif name not in present or present[name] != patched[name]:
                yield name, patched[name]

    def _present(self, name: str) -> JSON:
        return self._record.value.get(name, self._kept.get(name))

    def _with_entries(self, name: str, entries: Mapping[str, JSON]) -> JSON:
        """Return a map with entries merged in; an empty text or null takes one out."""
        present = self._present(name)
        merged = {**(present if isinstance(present, dict) else {}), **entries}
        return {key: value for key, value in merged.items() if value not in ("", None)}

    def _unset(self, builder: RecordBuilder, name: str) -> None:
        """Put a member back to what it is when nobody sends it: null where that is valid, or without it."""
        builder.unshown.pop(name, None)
        member = self._shape.members.get(name)
        if member is None:
            builder.value.pop(name, None)
            return
        otherwise = self._form.plan(self._shape, self._request)[name]
        if name not in self._request.defaults and member.accepts(None):
            builder.value[name] = None
        elif isinstance(otherwise, TimeMember) or (self._request.names and name not in self._request.names):
            return  # it is the server's
        elif isinstance(otherwise, Fixed) or member.is_required:
            builder.put(name, otherwise)
        else:
            builder.value.pop(name, None)

    def _stamped(self, value: Mapping[str, JSON], now: float, taken: Mapping[str, JSON]) -> dict[str, JSON]:
        """Return a value with the time of the change in the members that tell it, but those that were sent."""
        stamped = dict(value)
        for name, time in self._form.times(self._shape).members.items():
            if time.moment is Moment.CHANGE and name not in taken and time.member.accepts(time.value(now)):
                stamped[name] = time.value(now)
        return stamped
