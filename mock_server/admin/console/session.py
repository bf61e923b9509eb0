"""Cookies of the console: the admin token of who has signed in, and the token that every form carries.

Both are ``HttpOnly`` and ``SameSite=Strict`` (RFC 6265bis, 4.1.2), and sent to the console of one world alone. The
token of the forms is in a cookie and in each form (a double-submit cookie), so that all processes of a server know it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable
from secrets import token_urlsafe
from urllib.parse import quote

from mock_server.admin.router import PREFIX
from mock_server.http.form_pairs import cookie_pairs
from mock_server.http.messages import Request

SIGNED_IN = "mock_server_admin"
"""The cookie that holds the admin token, in base64: a token may have any characters."""
FORMS = "mock_server_forms"
"""The cookie that holds the token of forms."""

_OF_PATHS = "/~!$&'()*+,=:@"
"""Characters of a path (RFC 3986, 3.3) that may stand in a cookie as well: all but the semicolon."""


def cookie_of(request: Request, name: str) -> str:
    """Return the first cookie of a name; empty where the request has none."""
    pairs = cookie_pairs(request.header_values("cookie"))
    return next((value for key, value in pairs if key == name), "")


def has_signed_in(request: Request, expected: str) -> bool:
    """Tell whether the request has a cookie with the admin token. Nobody has where there is no token."""
    try:
        token = base64.b64decode(cookie_of(request, SIGNED_IN), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return False
    return bool(expected) and hmac.compare_digest(token, expected.encode())


def sign_in_cookies(token: str, world_prefix: str, base_paths: Iterable[str], *, is_secure: bool) -> list[str]:
    """Return each ``Set-Cookie`` that keeps the admin token for a console of a world; an empty token deletes them.

    Each console below the base path of a contract has a cookie of its own: one for a path above them all would go to
    the contracts too, whose journal holds what clients send.
    """
    value = base64.urlsafe_b64encode(token.encode()).decode()
    end = "" if token else "; Max-Age=0"
    paths = dict.fromkeys(quote(world_prefix + base + PREFIX, safe=_OF_PATHS) for base in ("", *base_paths))
    return [_set_cookie(SIGNED_IN, value, path, is_secure=is_secure) + end for path in paths]


def forms_cookie(value: str, path: str, *, is_secure: bool) -> str:
    """Return a ``Set-Cookie`` with the token of forms."""
    return _set_cookie(FORMS, value, path, is_secure=is_secure)


def forms_token(request: Request) -> str:
    """Return the token of forms: that of the request's cookie, or else a new one."""
    return cookie_of(request, FORMS) or token_urlsafe(18)


def _set_cookie(name: str, value: str, path: str, *, is_secure: bool) -> str:
    return f"{name}={value}; Path={path}; HttpOnly; SameSite=Strict" + ("; Secure" if is_secure else "")
