"""What browsers ask for of themselves: ``/``, which leads to the console, and an icon for their tabs.

A contract that has such a path answers itself. No journal shows these requests: no test has sent them.
"""

from __future__ import annotations

from collections.abc import Sequence

from mock_server.http.asgi import Scope
from mock_server.http.content_negotiation import negotiate
from mock_server.http.messages import Response
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.loading.loader import CONTROL

BROWSER_PATHS = frozenset({"/", "/favicon.ico"})


def browser_response(scope: Scope, served: Sequence[ApiMount], world_prefix: str) -> Response | None:
    """Return the answer for a path of :data:`BROWSER_PATHS`; None where a contract has it, or a program asks."""
    path, method = scope["path"], scope["method"]
    if method not in ("GET", "HEAD"):
        return None
    accept = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
    wanted = "text/html" if path == "/" else "image/svg+xml"
    choice = negotiate(("application/json", wanted), accept)
    if choice is None or choice.index != 1 or any(_has(mount, path) for mount in served):
        return None
    if path == "/":
        location = f"{world_prefix}{CONTROL}/"
        return Response(303, (("location", location), ("cache-control", "no-store"), ("vary", "Accept")))
    from mock_server.admin.console.static_files import static_files  # no start waits for it

    icon = static_files()["icon.svg"]
    return Response(200, (("content-type", icon.content_type), ("cache-control", "max-age=86400")), icon.content)


def _has(mount: ApiMount, path: str) -> bool:
    route = mount.router.route("GET", path, "")
    return bool(route.operation or route.allow or route.redirect)
