"""Values of keywords of the types that JSON Schema gives them; any other counts as absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mock_server.core.types import JSON
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.schema_document import SchemaNode


def mapping_of(atom: SchemaNode, keyword: str) -> Mapping[str, JSON]:
    """Return the object that a keyword has, empty where there is none."""
    value = atom.keywords.get(keyword)
    return value if isinstance(value, dict) else {}


def list_of(atom: SchemaNode, keyword: str) -> list[JSON]:
    """Return the list that a keyword has, empty where there is none."""
    value = atom.keywords.get(keyword)
    return value if isinstance(value, list) else []


def whole_of(atom: SchemaNode, keyword: str) -> int | None:
    """Return the whole number that a keyword has, or None."""
    value = atom.keywords.get(keyword)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def length_of(atoms: Sequence[SchemaNode], least: str, most: str) -> tuple[int, int | None]:
    """Return the narrowest bounds that two keywords give a length; None: no upper one.

    Raises :class:`Unsatisfiable` where no length is between them.
    """
    lows = [low for atom in atoms if (low := whole_of(atom, least)) is not None]
    highs = [high for atom in atoms if (high := whole_of(atom, most)) is not None]
    low, high = max(lows, default=0), min(highs, default=None)
    if high is not None and low > high:
        raise Unsatisfiable(least, most)
    return low, high
