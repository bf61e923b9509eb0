"""The document that is served: ``/__admin/openapi.json``."""

from __future__ import annotations

from mock_server.admin.router import PREFIX, Asked, RefusedError, Rows, answered
from mock_server.http.messages import Answer


def _document(asked: Asked) -> Answer:
    if len(asked.served) == 1:
        return asked.errands.run(answered, dict(asked.served[0].contract.document), is_long=True)
    places = ", ".join(f"{one.base_path}{PREFIX}/openapi.json" for one in asked.served if one.base_path)
    detail = f"Found several contracts; expected the base path of one before it: {places}."
    raise RefusedError("not-found", 404, detail)


ROUTES: Rows = (("GET", "/openapi.json", _document),)
