"""The id that a client gives its request: in ``X-Request-Id``, or by the trace that it belongs to.

A text that is not an id is ignored, so that no client can write arbitrary text into the log.
"""

from __future__ import annotations

import re

from mock_server.http.messages import Headers

HEADER = "x-request-id"
_ID = re.compile(r"[A-Za-z0-9._~:/+=@-]{1,128}")
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
"""Version, trace, parent, flags, and what a later version may add (W3C Trace Context, 3.2)."""


def client_request_id(headers: Headers) -> str | None:
    """Return the id of a request with these headers (names in lower case); None where it has no valid one."""
    for name, value in headers:
        if name == HEADER:
            return value if _ID.fullmatch(value) else _trace_of(headers)
    return _trace_of(headers)


def _trace_of(headers: Headers) -> str | None:
    values = [value for name, value in headers if name == "traceparent"]
    match = _TRACEPARENT.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        return None
    version, trace, parent, more = match.groups()
    is_sound = version != "ff" and not (version == "00" and more) and set(trace) != {"0"} and set(parent) != {"0"}
    return trace if is_sound else None
