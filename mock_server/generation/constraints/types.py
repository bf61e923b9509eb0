"""JSON types that schemas leave possible."""

from __future__ import annotations

from mock_server.generation.constraints.keywords import list_of
from mock_server.generation.negation import NOT_TYPES, TYPES
from mock_server.generation.schema_document import SchemaNode

ALL_TYPES = frozenset(TYPES)


def possible(types: frozenset[str], atom: SchemaNode) -> frozenset[str]:
    """Return the types that an atom allows of those possible so far. Integers are numbers too."""
    kinds = atom.keywords.get("type")
    listed = set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)} if isinstance(kinds, str) else None
    if listed is not None:
        if "number" in listed:
            listed.add("integer")
        types = types & listed
    refused = set(map(str, list_of(atom, NOT_TYPES)))
    if "number" in refused:
        refused.add("integer")
    return types - refused
