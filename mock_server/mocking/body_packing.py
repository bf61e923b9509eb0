"""Bodies that are alike, packed by what they have in common: the names of members, the words of enums.

They are those of one operation, method and status. zlib packs each by itself, with some of them as its dictionary.
"""

from __future__ import annotations

from zlib import DEFLATED, Z_DEFAULT_STRATEGY, compressobj, decompressobj

SHORTEST = 128
"""Bytes of a body from which on it is packed."""
LONGEST = 8192
"""Bytes of a body up to which it is packed: of a longer one that would hold others up (0.1 ms for this many)."""
_SAMPLE = 1024
"""Bytes of bodies that are a dictionary: more of them take longer to pack by, and save little."""
_LEVEL = 6
_WINDOW = -12
"""The window is 4 KB (2 to the 12th), and there is no header."""
_MEMORY = 5
_WORTH = 0.75
"""What is not packed to this part of its length is left as it is."""
_TRIES = 16
"""Bodies that are not worth it until no more are tried."""


class BodyPacking:
    """How the bodies of one operation, method and status are packed. The first ones become the dictionary."""

    __slots__ = ("_failures", "_is_ready", "_sample")

    def __init__(self) -> None:
        self._sample = b""
        self._is_ready = False
        self._failures = 0

    @property
    def cost(self) -> int:
        """Bytes that this holds."""
        return len(self._sample)

    def packed(self, body: bytes) -> bytes | None:
        """Return a body as fewer bytes; None where it stays as it is."""
        if not SHORTEST <= len(body) <= LONGEST or self._failures >= _TRIES:
            return None
        if not self._is_ready:
            self._sample += body[:_SAMPLE]
            self._is_ready = len(self._sample) >= _SAMPLE
            return None
        packer = compressobj(_LEVEL, DEFLATED, _WINDOW, _MEMORY, Z_DEFAULT_STRATEGY, self._sample)
        data = packer.compress(body) + packer.flush()
        if len(data) <= _WORTH * len(body):
            self._failures = 0
            return data
        self._failures += 1
        return None

    def unpacked(self, data: bytes) -> bytes:
        """Return the body of what :meth:`packed` returned."""
        return decompressobj(_WINDOW, self._sample).decompress(data)
