"""A file that was sent as a part of a form (RFC 7578), and which members of a record tell of it."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.names import vocabulary, words_of

_SIZES = frozenset(
    {("bytes",), ("size",), ("size", "bytes"), ("bytes", "size"), ("file", "size"), ("content", "length")}
)
_NAMES = frozenset({("filename",), ("file", "name"), ("original", "filename")})
_TYPES = frozenset({("mime", "type"), ("mimetype",), ("content", "type"), ("media", "type")})
_WORDS = vocabulary("in")
"""Words that change nothing: ``size_in_bytes``."""


@value_class
class Upload:
    """A file as it was sent, under the name ``part``.

    ``size`` is in bytes; ``media_type`` is empty where it was not said.
    """

    part: str
    filename: str
    size: int
    media_type: str = ""

    def told(self, member: str) -> JSON:
        """Return what a member of that name tells of the file; None where it tells something else."""
        words = tuple(word for word in words_of(member) if word not in _WORDS)
        if words in _SIZES:
            return self.size
        if words in _NAMES:
            return self.filename
        return (self.media_type or None) if words in _TYPES else None
