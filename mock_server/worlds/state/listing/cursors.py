"""Cursors: texts that say where a page begins, for whoever keeps nothing.

A cursor names the record before its page and the one after, and where they stood. So it leads to the same place while
records are added or removed, even the record that it names.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from zlib import crc32

from mock_server.core.value_class import value_class

_FORM = re.compile(r"([<>])([0-9]{1,12})~([A-Za-z0-9._-]{0,64})~([A-Za-z0-9._-]{0,64})~([0-9a-f]{4})")
_LONGEST = 400


@value_class
class Cursor:
    """A place between two records of a list: before ``position``, between the handles ``last`` and ``following``.

    Either is empty at an end of the list. ``is_backward`` asks for the page before the place, not the one after it.
    """

    position: int
    last: str
    following: str
    is_backward: bool = False

    def text(self) -> str:
        """Return the cursor as a text that any URL can have in it."""
        plain = f"{'<' if self.is_backward else '>'}{self.position}~{self.last}~{self.following}"
        return urlsafe_b64encode(f"{plain}~{_check(plain)}".encode("ascii")).decode("ascii").rstrip("=")

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Return the cursor that a text is; None for one that :meth:`text` has not written."""
        if len(text) > _LONGEST:
            return None
        try:
            plain = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode("ascii")
        except (Error, ValueError):
            return None
        match = _FORM.fullmatch(plain)
        if match is None or match[5] != _check(plain[:-5]):
            return None
        return cls(int(match[2]), match[3], match[4], match[1] == "<")


def _check(plain: str) -> str:
    """Return four digits that tell a cursor from a text that only looks like one, or that was cut."""
    return f"{crc32(plain.encode('ascii')) & 0xFFFF:04x}"
