"""The index of the admin API: ``GET /__admin/``, as JSON for programs. Browsers get the console there."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.admin.router import PREFIX, AdminRequest, Function, Rows, json_response
from mock_server.core.types import JSON
from mock_server.http.messages import Response


def index_rows(rows: Iterable[tuple[str, str, Function]]) -> Rows:
    """Return the route of the index of other routes."""
    methods: dict[str, list[str]] = {}
    for method, template, _ in sorted(rows, key=lambda row: row[1]):
        methods.setdefault(PREFIX + template.replace("{+", "{"), []).append(method)

    def index(request: AdminRequest) -> Response:
        world = request.request.origin + request.world.prefix
        base = world + request.request.path.partition(PREFIX)[0]
        paths: list[JSON] = [
            {"path": path, "url": base + path, "methods": [*of_path]} for path, of_path in methods.items()
        ]
        contracts: list[JSON] = [
            {"title": mount.contract.title, "version": mount.contract.version, "url": world + mount.base_path}
            for mount in request.served
        ]
        return json_response({"world": request.world.name, "contracts": contracts, "paths": paths})

    return (("GET", "/", index),)
