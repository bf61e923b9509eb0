"""What a path as sent may mean: a percent-encoding either says nothing, or keeps a delimiter from dividing."""

from __future__ import annotations

import re
from urllib.parse import unquote

_RESERVED = re.compile("%(2[1346-9A-CF]|3[ABDF]|40|5[BD]|25)", re.IGNORECASE)
"""The reserved characters (RFC 3986, 2.2) and the percent sign, encoded."""
_KEPT = re.compile("%2([fF5])")
"""A slash and a percent sign, encoded: decoded, they would divide and encode."""
_BARE = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing: one that somebody left as it is."""


def forms(path: str) -> tuple[str, ...]:
    """The forms of a path to look for, the truest first.

    Everything is decoded but what is reserved (RFC 3986, 6.2.2.2); then that too, save the slash, for literals
    that a client encoded without need (``/pets%3Afind``).
    """
    if "%" not in path:
        return (path,)
    return unquote(_RESERVED.sub(r"%25\1", path)), literal(path)


def literal(text: str) -> str:
    """Return the one form of a path's literals: everything decoded but slashes and percent signs.

    Authors write them as they are (``/test path``, ``/100%``) or as they are sent (``/test%20path``, ``/100%25``).
    """
    if "%" not in text:
        return text
    return unquote(_KEPT.sub(lambda match: "%252" + match[1].upper(), _BARE.sub("%25", text)))
