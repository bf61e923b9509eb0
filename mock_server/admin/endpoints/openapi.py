"""The document that is served: ``/__admin/openapi.json``; whole, or one operation of it."""

from __future__ import annotations

from mock_server.admin.operation_document import operation_document
from mock_server.admin.router import PREFIX, AdminRequest, AdminRequestError, Rows, json_response
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.http.messages import Response
from mock_server.mocking.mounts import ApiMount


def _document(admin_request: AdminRequest) -> Response:
    """Return the document; with ``servers=world`` its servers are the base URL of this world."""
    query = admin_request.query("operation", "servers")
    if query.get("servers", "world") != "world":
        detail = f"query servers: found {query['servers'][:80]!r}; expected world, or none for those of the contract."
        raise AdminRequestError("invalid-request", 400, detail)
    if len(admin_request.served) == 1:
        (mount,) = admin_request.served
        return admin_request.errands.run(_answer, admin_request, mount, query, is_long="operation" not in query)
    places = ", ".join(f"{mount.base_path}{PREFIX}/openapi.json" for mount in admin_request.served if mount.base_path)
    detail = f"Found several contracts; expected the base path of one before it: {places}."
    raise AdminRequestError("not-found", 404, detail)


def _answer(admin_request: AdminRequest, mount: ApiMount, query: dict[str, str]) -> Response:
    document: dict[str, JSON] = mount.contract.document
    if "operation" in query:
        key, operations = query["operation"], mount.contract.operations
        operation = operations.get(key) or next((one for one in operations.values() if one.operation_id == key), None)
        if operation is None:
            detail = (
                f"query operation: found {key[:80]!r}{did_you_mean(key, operations)}; expected one of the contract."
            )
            raise AdminRequestError("unknown", 404, detail)
        document = operation_document(mount.contract, operation)
    if "servers" in query:
        url = admin_request.request.origin + admin_request.world.prefix + mount.base_path
        document = {**document, "servers": [{"url": url}]}
    return json_response(document)


ROUTES: Rows = (("GET", "/openapi.json", _document),)
