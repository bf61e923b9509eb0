"""The forms of a path as sent: a percent-encoding either has no meaning, or keeps a delimiter from dividing."""

from __future__ import annotations

import re
from urllib.parse import unquote

_RESERVED = re.compile("%(2[1346-9A-CF]|3[ABDF]|40|5[BD]|25)", re.IGNORECASE)
"""The reserved characters (RFC 3986, 2.2) and the percent sign, encoded."""
_KEPT = re.compile("%2([fF5])")
"""A slash and a percent sign, encoded: decoded, they would divide and encode."""
_BARE = re.compile("%(?![0-9A-Fa-f]{2})")
"""A percent sign that encodes nothing: a client left it unencoded."""


def forms(path: str) -> tuple[str, ...]:
    """Return the forms of a path to look up, the most exact first.

    Everything is decoded but what is reserved (RFC 3986, 6.2.2.2); then that too, except the slash, for literals that a
    client encoded without need (``/pets%3Afind``).
    """
    if "%" not in path:
        return (path,)
    return unquote(_RESERVED.sub(r"%25\1", path)), literal(path)


def literal(text: str) -> str:
    """Return the one form of a path's literals: everything decoded but slashes and percent signs.

    Authors write them decoded (``/test path``, ``/100%``) or encoded (``/test%20path``, ``/100%25``).
    """
    if "%" not in text:
        return text
    return unquote(_KEPT.sub(lambda match: "%252" + match[1].upper(), _BARE.sub("%25", text)))
