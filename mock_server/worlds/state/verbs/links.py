"""Links: that a record is in the list of another, said and unsaid by PUT and DELETE at the path of both."""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.storage import Absence, Record, RecordChange
from mock_server.worlds.state.identity import digest_of, text_of
from mock_server.worlds.state.outcome import Outcome
from mock_server.worlds.state.verbs.handling import Handling


def link(handling: Handling) -> Outcome:
    """Say that the record which the path ends in belongs to the list above it."""
    return _changed(handling, is_linked=True)


def unlink(handling: Handling) -> Outcome:
    """Say that it no longer does; the record itself stays."""
    return _changed(handling, is_linked=False)


def linked(handling: Handling, records: Sequence[Record]) -> Sequence[Record]:
    """Return the records of a list without those that were unlinked from it, and with those that were linked."""
    rows = handling.world.rows(_resource(handling))
    if not rows:
        return records
    place = _place(handling.plan.operation.path, handling.request.path)
    state = handling.state
    members = [record for record in records if rows.get(_row(place, _key(handling, record))) is not Absence.DELETED]
    there = {record.handle for record in members}
    for row in rows.values():
        if isinstance(row, Record) and row.value.get("place") == place:
            text = text_of(row.value.get("key"))
            record = handling.world.related(handling.plan.resource.name, text)
            if record is Absence.UNTOUCHED:
                record = state.made_up(state.identity.primary, text, {})
            if isinstance(record, Record) and record.handle not in there:
                members.append(record)
    return members


def _changed(handling: Handling, *, is_linked: bool) -> Outcome:
    path, _, _ = handling.plan.operation.path.rpartition("/")
    place, key, resource = _place(path, handling.request.path), handling.key_text, _resource(handling)
    row = _row(place, key)
    before = handling.world.rows(resource).get(row, Absence.UNTOUCHED)
    after = Record(resource, row, {"place": place, "key": key}) if is_linked else Absence.DELETED
    changes = () if before == after else (RecordChange(resource, row, before, after),)
    return Outcome(statuses=(204, 205, 200, 201, 202), changes=changes, reads=(resource,))


def _resource(handling: Handling) -> str:
    return f"{handling.plan.resource.name}#links"


def _key(handling: Handling, record: Record) -> str:
    return handling.state.identity.key_text(record.value, record.hidden) or ""


def _row(place: str, key: str) -> str:
    return digest_of(place, key)


def _place(path: str, parameters: object) -> str:
    """Return a path with its parameters filled in: what the links of one list have in common."""
    filled = path.rstrip("/")
    if isinstance(parameters, dict):
        for name, text in parameters.items():
            filled = filled.replace("{" + name + "}", str(text))
    return filled
