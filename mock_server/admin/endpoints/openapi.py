"""The document that is served: ``/__admin/openapi.json``."""

from __future__ import annotations

from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.http.messages import Response


def _document(admin_request: AdminRequest) -> Response:
    if len(admin_request.served) == 1:
        return admin_request.errands.run(json_response, admin_request.served[0].contract.document, is_long=True)
    places = ", ".join(f"{mount.base_path}{PREFIX}/openapi.json" for mount in admin_request.served if mount.base_path)
    detail = f"Found several contracts; expected the base path of one before it: {places}."
    raise AdminRequestError("not-found", 404, detail)


ROUTES: Rows = (("GET", "/openapi.json", _document),)
