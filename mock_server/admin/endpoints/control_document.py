"""The control API itself, described: ``/__admin/openapi-admin.json``, and JSON Schemas for editors below ``/schemas``.

The files are composed of YAML by ``python -m tools.control_api``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import cast

from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.json_text import json_bytes, read_json
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource

FOLDER = Path(__file__).parent.parent / "openapi"
SCHEMAS = ("scenario", "request-pattern")
"""The names of the JSON Schemas."""


def _document(request: AdminRequest) -> Response:
    """Return the document; its one server is the base URL of the control API of this world."""
    request.query()
    base = request.request.path.partition(PREFIX)[0]
    url = request.request.origin + request.world.prefix + base + PREFIX
    return json_response({**_file("openapi-admin.json"), "servers": [{"url": url}]})


def _schema(request: AdminRequest) -> Response:
    """Return a JSON Schema, as an editor takes it from an address."""
    name = request.values["name"]
    if name not in SCHEMAS:
        detail = f"path: found the schema {name[:80]!r}{did_you_mean(name, SCHEMAS)}; expected {' or '.join(SCHEMAS)}."
        raise AdminRequestError("unknown", 404, detail)
    headers = (("content-type", "application/schema+json"), ("cache-control", "no-store"))
    return Response(200, headers, json_bytes(_file(f"{name}.schema.json")), ResponseSource.CONTROL)


@cache
def _file(name: str) -> dict[str, JSON]:
    return cast("dict[str, JSON]", read_json((FOLDER / name).read_bytes()))


ROUTES: Rows = (("GET", "/openapi-admin.json", _document), ("GET", "/schemas/{name}.json", _schema))
