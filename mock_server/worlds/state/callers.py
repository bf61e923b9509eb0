"""Who asks: the record that a token selects, among those of a world."""

from __future__ import annotations

from mock_server.storage import Record
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.world_records import WorldRecords


def caller_record(model: StateModel, world: WorldRecords, token: str) -> Record | None:
    """Return the record whose handle or key is the rest of a token; None where the token selects none."""
    kinds = model.contract.extensions.tokens
    kind = next((kind for kind in kinds if token.startswith(kind.prefix) and token != kind.prefix), None)
    if kind is None or kind.selects is None or not model.has(kind.selects):
        return None
    rest = token[len(kind.prefix) :]
    record = world.of(kind.selects).by_handle(rest)
    if not isinstance(record, Record):
        record = world.related(kind.selects, rest)
    if not isinstance(record, Record):
        return next((row for row in world.all_of(kind.selects)[:_LOOKED_AT] if row.handle == rest), None)
    return record


_LOOKED_AT = 1000
"""Records of the beginning among which a handle is looked for."""
