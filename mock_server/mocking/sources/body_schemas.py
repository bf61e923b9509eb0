"""The schemas of whole bodies by media type."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.openapi.model import MediaType

_TEXT: JSON = {"type": "string"}
"""The schema of a body that is not JSON and has no schema."""


class BodySchemas:
    """Gives the schema of the body of each media type, always the same object for the same media type."""

    def __init__(self) -> None:
        self._sequences: dict[int, tuple[MediaType, JSON]] = {}

    def of(self, media: MediaType) -> JSON:
        """Return the schema of a body: that of a list of items where the contract describes only the items."""
        if media.schema is not None:
            return media.schema
        if media.item_schema is None:
            return True if media.is_json else _TEXT
        entry = self._sequences.get(id(media))
        if entry is None:
            entry = self._sequences[id(media)] = (media, {"type": "array", "items": media.item_schema, "minItems": 1})
        return entry[1]
