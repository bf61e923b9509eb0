"""Access to the admin API: for programs on this machine, and for holders of the token. No web page has access.

A page of any site can make a browser send requests to localhost, and by DNS rebinding of its own name can make them
look like requests to its own site. So ``Host`` must be a name of this machine, and ``Origin``, which a browser adds to
requests of a page, must be that of the very same host (Fetch, 3.2).
"""

from __future__ import annotations

import hmac
from ipaddress import ip_address
from urllib.parse import urlsplit

from mock_server.contract.security import bearer_token
from mock_server.control.router import RefusedError
from mock_server.exchange import Request
from mock_server.settings import Settings

ANY = frozenset({"0.0.0.0", "::", ""})  # noqa: S104
"""Addresses to listen on that do not name a host."""


def check_access(request: Request, peer: str, settings: Settings) -> None:
    """Raise :class:`RefusedError` (403, 401) for a request that may not use the admin API.

    ``peer`` is the address of the client; empty where there is none (a socket of this machine).
    """
    host = request.header("host") or ""
    origin = request.header("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise _refused(f"header origin: found {origin!r}; expected none, or that of this server. Web pages may not")
    if _has_token(request, settings.admin_token):
        return
    if settings.admin_token and bearer_token(request) is not None:
        detail = "header authorization: found another token; expected that of --admin-token. Send it as Bearer."
        raise RefusedError("control", 401, detail, headers=(("WWW-Authenticate", 'Bearer realm="control"'),))
    if host and not _is_own(_name(host), settings):
        raise _refused(
            f"header host: found {host!r}; expected localhost or an address of this machine. Name it with"
            " --allowed-host, so that it may"
        )
    if peer and not _is_loopback(peer):
        raise _refused(
            f"found a request from {peer}; expected one from this machine, or a token. Start the server with"
            " --admin-token and send that as Authorization: Bearer, so that others may"
        )


def _refused(detail: str) -> RefusedError:
    return RefusedError("control", 403, f"{detail} use control.")


def _has_token(request: Request, expected: str) -> bool:
    given = bearer_token(request)
    return bool(expected) and given is not None and hmac.compare_digest(given.encode(), expected.encode())


def _name(host: str) -> str:
    """Return the host without its port (RFC 9110, 7.2), in lower case, without a final dot."""
    name = host[1 : host.index("]")] if host.startswith("[") and "]" in host else host.partition(":")[0]
    return name.lower().rstrip(".")


def _is_own(name: str, settings: Settings) -> bool:
    allowed = {one.lower() for one in settings.allowed_host}
    if settings.host not in ANY:
        allowed.add(settings.host.lower())
    return name == "localhost" or name.endswith(".localhost") or name in allowed or _is_loopback(name)


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)
