"""The worlds of a server: which there are, when each was last asked, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from mock_server.admin.console.form import form_of
from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows, PageSteps, base_of, see_other
from mock_server.admin.console.session import has_signed_in, sign_in_cookies
from mock_server.admin.router import AdminRequestError
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.worlds.world import NAME

_DONE = {
    "reset": "The world is as it began.",
    "forgotten": "The world was forgotten.",
    "kept": "The records were kept under that name.",
    "restored": "The records of the snapshot are back.",
    "dropped": "The snapshot was dropped.",
}


def _listed(request: PageRequest) -> PageSteps:
    listed = cast("dict[str, list[JSON]]", (yield from request.call("GET", "/worlds")))
    snapshots = cast("dict[str, list[JSON]]", (yield from request.call("GET", "/snapshots")))
    values = {
        "worlds": listed["worlds"],
        "total": len(request.admin.worlds),
        "here": request.admin.world.name,
        "snapshots": snapshots["snapshots"],
        "done": _DONE.get(request.query.get("done", ""), ""),
    }
    return ConsolePage("worlds.html", "Worlds", "/worlds", values)


def _done(request: PageRequest) -> PageSteps:
    """Open, reset or forget the world that a form names."""
    fields = form_of(request.request)
    name, act = fields.get("world", "").removeprefix("~"), fields.get("act", "")
    if act == "open":
        return _opened(request, name)
    world = request.admin.worlds.find(name)
    if world is None or act not in ("reset", "forget"):
        raise AdminRequestError("unknown", 404, f"Found the world {name[:80]!r}; expected one that there is.")
    there = PageRequest(replace(request.admin, world=world), request.routes)
    yield from there.call(*(("POST", "/reset") if act == "reset" else ("DELETE", "/")))
    return see_other(f"{request.base}/worlds?done={'reset' if act == 'reset' else 'forgotten'}")


def _opened(request: PageRequest, name: str) -> Response:
    """Lead to the console of a world; who has signed in here has signed in there."""
    if name and not NAME.fullmatch(name):
        detail = f"Found {name[:80]!r}; expected 1 to 64 letters, digits, dots, dashes and underscores."
        raise AdminRequestError("world", 400, detail)
    world = request.admin.worlds.get(name)
    base, token = base_of(world.prefix, request.request.path), request.admin.settings.admin_token
    is_secure = request.request.origin.startswith("https:")
    signed_in = has_signed_in(request.request, token)
    base_paths = [mount.base_path for mount in request.admin.served]
    return see_other(
        f"{base}/", *(sign_in_cookies(token, world.prefix, base_paths, is_secure=is_secure) if signed_in else ())
    )


def _snapshot(request: PageRequest) -> PageSteps:
    """Keep the records of this world under a name, have those of a snapshot again, or drop one."""
    fields: Mapping[str, str] = form_of(request.request)
    name, act = fields.get("name", "").strip(), fields.get("act", "")
    calls = {
        "keep": ("PUT", "", "kept"),
        "restore": ("POST", "/restore", "restored"),
        "drop": ("DELETE", "", "dropped"),
    }
    if act not in calls or not name:
        raise AdminRequestError("invalid-request", 400, "Found no name of a snapshot; expected one.")
    method, end, done = calls[act]
    yield from request.call(method, f"/snapshots/{name}{end}")
    return see_other(f"{request.base}/worlds?done={done}")


ROWS: PageRows = (
    ("GET", "/worlds", _listed),
    ("POST", "/console/world", _done),
    ("POST", "/console/snapshot", _snapshot),
)
