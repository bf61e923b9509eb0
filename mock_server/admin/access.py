"""Access to the admin API: for programs on this machine, and for holders of the token.

No web page has access, but those of the server itself and of the origins that ``--admin-origin`` names; what is asked
of programs is asked of them too.

A page of any site can make a browser send requests to localhost, and by rebinding a name of its own (DNS) can make
them look like requests to itself. So ``Host`` must be a name of this machine, and ``Origin``, which a browser puts
on what a page sends, must be that of the very same host (Fetch, 3.2). What a browser sends without ``Origin`` (an
image, a link that is followed) says in ``Sec-Fetch-Site`` whether a page of another site is behind it (Fetch Metadata).
Pages of the same site (``same-site``: another port of this machine) are left to the two other rules.
"""

from __future__ import annotations

import hmac
import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from mock_server.admin.console.session import has_signed_in
from mock_server.admin.router import AdminRequestError
from mock_server.http.messages import Request
from mock_server.openapi.security import bearer_token
from mock_server.settings import Settings

ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104
"""Addresses to listen on that are no name of a host."""
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._~-]+))(?::[0-9]*)?")
"""A host, an IPv6 address in brackets, and perhaps a port (RFC 9110, 7.2; RFC 3986, 3.2), as names that are used go."""


def check_sender(request: Request, settings: Settings) -> None:
    """Raise :class:`AdminRequestError` (403) for a request that a page of another origin, or another site, has sent."""
    host = request.header("host") or ""
    origin = request.header("origin")
    is_named = is_named_origin(origin, settings)
    if origin is not None and not is_named and (not host or urlsplit(origin).netloc.lower() != host.lower()):
        raise _refused(
            f"header origin: found {origin!r}; expected none, that of this server, or one that --admin-origin names."
            " Other web pages may not"
        )
    if not is_named and "cross-site" in request.header_values("sec-fetch-site"):
        raise _refused(
            "header sec-fetch-site: found 'cross-site'; expected none, or same-origin, same-site or none. Pages of"
            " other sites may not"
        )


def check_caller(request: Request, peer: str, settings: Settings) -> None:
    """Raise :class:`AdminRequestError` (403, 401) for who has no access: neither a program of this machine nor a token.

    ``peer`` is the address of the client; empty where there is none (a socket of this machine). Who has signed in has
    the token in a cookie.
    """
    host = request.header("host") or ""
    if _has_token(request, settings.admin_token) or has_signed_in(request, settings.admin_token):
        return
    if settings.admin_token and bearer_token(request) is not None:
        detail = "header authorization: found another token; expected that of --admin-token. Send it as Bearer."
        raise AdminRequestError("control", 401, detail, headers=(("WWW-Authenticate", 'Bearer realm="control"'),))
    if host and not is_own_name(_name(host), settings):
        raise _refused(
            f"header host: found {host!r}; expected localhost or an address of this machine. Name it with"
            " --allowed-host, so that it may"
        )
    if peer and not _is_loopback(peer):
        raise _refused(
            f"found a request from {peer}; expected one from this machine, or a token. Start the server with"
            " --admin-token and send that as Authorization: Bearer, so that others may"
        )


def is_named_origin(origin: str | None, settings: Settings) -> bool:
    """Tell whether pages of an origin may use the admin API because ``--admin-origin`` names it."""
    return origin is not None and origin.lower() in settings.admin_origin


def _refused(detail: str) -> AdminRequestError:
    return AdminRequestError("control", 403, f"{detail} use the admin API.")


def _has_token(request: Request, expected: str) -> bool:
    token = bearer_token(request)
    return bool(expected) and token is not None and hmac.compare_digest(token.encode(), expected.encode())


def _name(host: str) -> str:
    """Return the host of an authority without its port, in lower case and without a final dot; empty where it is none.

    An IPv6 address has brackets around it and nothing behind them but a port: ``[::1].example`` is no address.
    """
    match = _AUTHORITY.fullmatch(host)
    if match is None:
        return ""
    if match[1] is not None:
        return match[1].lower() if _is_ipv6(match[1]) else ""
    return match[2].lower().removesuffix(".")


def _is_ipv6(text: str) -> bool:
    try:
        return IPv6Address(text).scope_id is None
    except ValueError:
        return False


def is_own_name(name: str, settings: Settings) -> bool:
    """Tell whether a name (in lower case, without a port) is one of this machine, or of ``--allowed-host``."""
    allowed = {host.lower() for host in settings.allowed_host}
    if settings.host not in ANY:
        allowed.add(settings.host.lower())
    return bool(name) and (name == "localhost" or name.endswith(".localhost") or name in allowed or _is_loopback(name))


def _is_loopback(address: str) -> bool:
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return bool((mapped or ip).is_loopback)
