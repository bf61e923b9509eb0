"""The document that is served: ``/__admin/openapi.json``."""

from __future__ import annotations

from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.http.messages import Response


def _document(asked: AdminRequest) -> Response:
    if len(asked.served) == 1:
        return asked.errands.run(json_response, asked.served[0].contract.document, is_long=True)
    places = ", ".join(f"{one.base_path}{PREFIX}/openapi.json" for one in asked.served if one.base_path)
    detail = f"Found several contracts; expected the base path of one before it: {places}."
    raise AdminRequestError("not-found", 404, detail)


ROUTES: Rows = (("GET", "/openapi.json", _document),)
