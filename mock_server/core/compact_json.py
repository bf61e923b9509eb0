"""Values to JSON texts (RFC 8259), compact and in UTF-8: the bytes of bodies.

orjson writes them in a tenth of the time that Python's own library takes. What it refuses (integers beyond 64 bits,
half characters, names that are no texts, more than 254 levels) is written by Python's.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from mock_server.core.types import JSON

try:
    import orjson
except ImportError:  # there are builds of it for CPython alone
    _OPTIONS = 0
    _dumps: Callable[[JSON, None, int], bytes] | None = None
else:
    # What Python's library refuses is refused here, too.
    _OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
    _dumps = orjson.dumps

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Made once: to make one takes longer than to write a small body."""
_latest: list[tuple[bytes, JSON]] = [(b"", None)]
"""The last body that :func:`json_body` wrote, with its value."""


def json_bytes(value: JSON) -> bytes:
    """Return a value as a JSON text; half characters stay as they are, so that the bytes are no UTF-8 then."""
    if _dumps is not None:
        try:
            return _fitting(_dumps(value, None, _OPTIONS))
        except TypeError:
            pass
    return _ENCODER.encode(value).encode("utf-8", "surrogatepass")


def _fitting(body: bytes) -> bytes:
    """Return the same bytes in memory of their size: orjson 3.13 leaves them in 4 KB or more, which many keep."""
    return bytes(memoryview(body))


def json_body(value: JSON) -> bytes:
    """Return a value as a JSON text that is looked at before it is sent: :func:`value_written` has its value ready."""
    try:
        if _dumps is not None:
            body = _fitting(_dumps(value, None, _OPTIONS))
            _latest[0] = body, value
            return body
    except TypeError:
        pass
    return json_bytes(value)


def value_written(body: bytes) -> tuple[bool, JSON]:
    """Return whether a body is the last that :func:`json_body` wrote, and the value that it was written from.

    Nobody has to read what was just written; the value is read-only. Only the very same object counts.
    """
    latest, value = _latest[0]
    return (True, value) if latest is body else (False, None)
