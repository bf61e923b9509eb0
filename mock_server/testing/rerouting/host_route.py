"""A route: requests to one origin (RFC 6454) go to the base URL of a world."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from mock_server.core.errors import UsageError

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[0-9a-z._-]+|[0-9a-f:.]+")


@dataclass(frozen=True)
class HostRoute:
    """Leads from an origin (``https://api.example.com``) to a base URL without a slash at its end."""

    origin: str
    target: str

    @property
    def host(self) -> str:
        """The value of ``Host`` of a request that is led there: that of the server, which builds links with it."""
        return urlsplit(self.target).netloc

    def url(self, url: str) -> str:
        """Return where a request to a URL of the origin goes."""
        parts = urlsplit(url)
        return f"{self.target}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")

    def location(self, location: str) -> str:
        """Return a ``Location`` of the world as one of the origin, so that a client keeps its credentials there."""
        rest = location.removeprefix(self.target)
        return f"{self.origin}{rest}" if rest != location and rest[:1] in ("", "/", "?") else location


def origin_of(scheme: str, host: str, port: int | None) -> str:
    """Return an origin as it is compared: in lower case, without the usual port."""
    scheme, host = scheme.lower(), host.lower().strip("[]")
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" + ("" if port in (None, _PORTS.get(scheme)) else f":{port}")


def origin_of_url(url: str) -> str:
    """Return the origin of a URL; empty where it has none."""
    try:
        return _origin(urlsplit(url))
    except ValueError:
        return ""


def checked_origin(text: str) -> str:
    """Return an origin that a test names; raises :class:`UsageError` for anything else."""
    try:
        parts = urlsplit(text.lower())
        origin = _origin(parts)
    except ValueError:
        origin = ""
    rest = "" if not origin else f"{parts.path.removesuffix('/')}{parts.query}{parts.fragment}"
    if not origin or rest or parts.username is not None or not _HOST.fullmatch(parts.hostname or ""):
        raise UsageError(
            f"route: found {text[:80]!r}; expected an origin: http or https, a host, perhaps a port, and no path, such"
            " as https://api.example.com. The path of a request is kept."
        )
    return origin


def _origin(parts: SplitResult) -> str:
    if parts.scheme not in _PORTS or not parts.hostname:
        return ""
    return origin_of(parts.scheme, parts.hostname, parts.port)
