"""Forms of the console: their fields, once it is sure that a page of this server has sent them.

A form of another origin's page is told by ``Origin``, or by ``Sec-Fetch-Site`` where a browser sends no ``Origin``
(Fetch, 3.2; Fetch Metadata, 2.3), and it does not know the token of forms. Programs use the admin API.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

from mock_server.admin.console.session import FORMS, cookie_of
from mock_server.admin.router import AdminRequestError
from mock_server.http.messages import Request

TOKEN_FIELD = "token_of_forms"  # noqa: S105 - the name of a field
"""The field that holds the token of forms."""
_MOST_FIELDS = 1000
_TYPE = "application/x-www-form-urlencoded"


def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form, the last of each name.

    Raises :class:`AdminRequestError` (403) for one that no page of this server has sent, and (400) for what is no form.
    """
    if not _is_same_origin(request):
        raise AdminRequestError("control", 403, "Found a form of no page of this server; expected one of the console.")
    if (request.header("content-type") or "").partition(";")[0].strip().lower() != _TYPE:
        raise AdminRequestError("malformed-request", 400, f"Found no form; expected the media type {_TYPE}.")
    try:
        text = request.body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        raise AdminRequestError("malformed-request", 400, "Found a form that cannot be read.") from None
    fields = dict(pairs)
    token, sent = cookie_of(request, FORMS), fields.pop(TOKEN_FIELD, "")
    if not token or not hmac.compare_digest(token.encode(), sent.encode()):
        raise AdminRequestError(
            "control", 403, "Found a form without the token of its page. Load the page again, then send the form."
        )
    return fields


def _is_same_origin(request: Request) -> bool:
    origin, host = request.header("origin"), request.header("host") or ""
    if origin is not None:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    return request.header("sec-fetch-site") == "same-origin"
