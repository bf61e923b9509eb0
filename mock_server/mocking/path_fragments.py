"""Fragments of path keys (``/#Action=List``), which tell apart operations that have one path."""

from __future__ import annotations

import contextlib
from urllib.parse import parse_qsl

from mock_server.http.media_types import essence_of
from mock_server.http.messages import Request
from mock_server.openapi.validation.request_bodies import FORM

MOST_MEMBERS = 1000
"""Members of a form among which that is looked for which a fragment names."""


def is_named(fragment: str, request: Request) -> bool:
    """Tell whether a request has all names and values of a fragment, in its query, its headers or its form."""
    pairs = parse_qsl(fragment, keep_blank_values=True)
    sent = parse_qsl(request.query, keep_blank_values=True)
    if essence_of(request.header("content-type") or "") == FORM:
        with contextlib.suppress(ValueError):  # too many members: validation reports it
            sent += parse_qsl(request.body.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_MEMBERS)
    return bool(pairs) and all((name, value) in sent or request.header(name.lower()) == value for name, value in pairs)
