"""The metrics of a server: ``/__admin/metrics``.

The library that writes them is imported at the first request: a server without a monitor does not need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mock_server.admin.router import AdminRequest, AdminRequestError, Rows
from mock_server.core.extras import MissingExtraError, needed_extra
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource

METRICS = "/metrics"


def _metrics(request: AdminRequest) -> Response:
    request.query()
    with _library():
        from mock_server.admin.prometheus import write_metrics
    accept = ", ".join(request.request.header_values("accept"))
    body, media_type = write_metrics(request, accept)
    return Response(200, (("content-type", media_type), ("cache-control", "no-store")), body, ResponseSource.CONTROL)


def process_metrics(request: AdminRequest) -> JSON:
    """Return the metrics of this process as JSON, for another process. Raises :class:`AdminRequestError` (501)."""
    with _library():
        from mock_server.admin.prometheus import metrics_to_json
    return metrics_to_json(request)


@contextmanager
def _library() -> Iterator[None]:
    try:
        with needed_extra("metrics", "prometheus_client", "metrics"):
            yield
    except MissingExtraError as error:
        raise AdminRequestError("not-installed", 501, str(error)) from None


ROUTES: Rows = (("GET", METRICS, _metrics),)
