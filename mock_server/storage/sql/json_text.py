"""JSON as text that both databases take."""

from __future__ import annotations

import json


def json_text(value: object) -> str:
    """Return a value as JSON. Half a surrogate pair, which databases refuse, is escaped."""
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        plain.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return plain
