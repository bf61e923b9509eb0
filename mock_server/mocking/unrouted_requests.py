"""Requests that no operation of the contract matches: their failures, and what is said of them."""

from __future__ import annotations

import re
from urllib.parse import quote

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import Headers, Request, Route

_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
PLAIN = "/:@!$&'()*+,;=~"
"""The characters that a path may have unencoded (RFC 3986, 3.3), in addition to letters and digits."""


def failure_of_unrouted(request: Request, route: Route, prefix: str) -> tuple[str, Headers]:
    """Return the failure of a request that no operation matches, and the headers of its answer.

    ``prefix`` is that of the world.
    """
    if route.allow:
        return "method_not_allowed", (("Allow", allowed_methods(route)),)
    if route.redirect is not None:
        # Back to the form of a URI (RFC 3986, 2.1): path and query came as raw bytes.
        path = quote(route.redirect, safe=PLAIN + "%")
        query = "?" + quote(request.query.encode("latin-1"), safe=PLAIN + "?%") if request.query else ""
        target = _LONE_PERCENT.sub("%25", f"{prefix}{path}{query}")
        return "trailing_slash", (("Location", f"{request.origin}{target}"),)
    return "not_found", ()


def allowed_methods(route: Route) -> str:
    """Return the value of ``Allow`` (RFC 9110, 10.2.1)."""
    return ", ".join(route.allow)


def findings_of_unrouted(request: Request, route: Route) -> tuple[Diagnostic, ...]:
    """Return the findings about a request that no operation matches."""
    if route.allow:
        return (Diagnostic("method", "method", request.method, allowed_methods(route)),)
    if route.redirect is not None:
        return ()
    return (Diagnostic("path", "path", request.path, "a path of the contract", "", "`mock-server routes` lists them."),)
