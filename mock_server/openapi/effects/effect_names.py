"""Where effects stand in a document, and which failures they name: known before their steps are read."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON

EFFECTS = "x-mock-effects"
"""The key of an operation that has its effects."""
ABSENT = "x-mock-absent"
"""The key of an operation that has the failures of records that are not there, by their resources."""


def referred_in_effects(document: Mapping[str, JSON]) -> set[str]:
    """Return the names of failures that effects of a document refer to; wrong data has none."""
    names: set[str] = set()
    for item in mapping_at(document, "paths").values():
        for operation in item.values() if isinstance(item, dict) else ():
            if isinstance(operation, dict):
                names |= _failures(operation.get(EFFECTS))
                names |= {name for name in mapping_at(operation, ABSENT).values() if isinstance(name, str)}
    return names


def _failures(node: JSON) -> set[str]:
    """Return the failures that steps name, also within others."""
    names: set[str] = set()
    for step in node if isinstance(node, list) else ():
        refusal = mapping_at(step, "refuse").get("failure")
        names |= {refusal} if isinstance(refusal, str) else set()
        for word in ("each", "after"):
            names |= _failures(mapping_at(step, word).get("do"))
    return names
