"""Requests that a browser sends for a page of another site, which nobody who runs tests here has opened.

Any page can have a browser ask a server of this machine for ``/~NAME`` after ``/~NAME``. Browsers say so: by
``Sec-Fetch-Site`` (Fetch Metadata, 2.3), which they send to all that is trustworthy, localhost included, and else by
``Origin``. A page of this machine is no stranger, whatever its port and scheme: an application under test at
``https://127.0.0.1:3000`` is of another site than ``http://localhost:4010``.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from mock_server.http.asgi import Field
from mock_server.http.messages import Response
from mock_server.http.problem_details import problem_response
from mock_server.settings import Settings


def is_foreign(headers: Iterable[Field], settings: Settings) -> bool:
    """Tell whether a request was sent by a page of another site that is none of this machine.

    ``--allowed-host`` names hosts that are no strangers, ``--admin-origin`` origins. Programs send neither of the two
    headers.
    """
    fields = dict(headers)
    site, origin = fields.get(b"sec-fetch-site"), fields.get(b"origin")
    if site is None and origin is None:
        return False
    if site in (b"same-origin", b"same-site", b"none"):
        return False
    from mock_server.admin.access import is_named_origin, is_own_name  # no start waits for control

    text = (origin or b"").decode("latin-1")
    if is_named_origin(text, settings):
        return False
    try:
        parts = urlsplit(text)
        name = parts.hostname or ""
    except ValueError:
        return True
    is_same_host = bool(name) and parts.netloc.lower() == fields.get(b"host", b"").decode("latin-1").lower()
    return not is_same_host and not is_own_name(name.rstrip("."), settings)


def no_world_for(name: str) -> Response:
    """Return the refusal of a request that would have made a world."""
    detail = (
        f"path /~{name}: found no world of that name, and a request from a web page of another site; expected one of"
        " this machine. Ask in the world from the test first, or name the page's host with --allowed-host."
    )
    return problem_response("world", 403, detail)
