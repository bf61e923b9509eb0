"""The metrics of a server: ``/__admin/metrics``.

The library that writes them is imported at the first request: a server without a monitor does not need it.
"""

from __future__ import annotations

from mock_server.admin.router import AdminRequest, Rows
from mock_server.core.types import JSON
from mock_server.http.messages import Response, ResponseSource

METRICS = "/metrics"


def _metrics(request: AdminRequest) -> Response:
    from mock_server.admin.prometheus import write_metrics

    request.query()
    accept = ", ".join(request.request.header_values("accept"))
    body, media_type = write_metrics(request, accept)
    return Response(200, (("content-type", media_type), ("cache-control", "no-store")), body, ResponseSource.CONTROL)


def process_metrics(request: AdminRequest) -> JSON:
    """Return the metrics of this process as JSON, for another process."""
    from mock_server.admin.prometheus import metrics_to_json

    return metrics_to_json(request)


ROUTES: Rows = (("GET", METRICS, _metrics),)
