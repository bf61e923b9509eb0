"""The metrics of a server: ``/__admin/metrics``.

The library that writes them is imported at the first request: a server without a monitor does not need it.
"""

from __future__ import annotations

from mock_server.admin.router import Asked, Rows
from mock_server.core.types import JSON
from mock_server.http.messages import Answer

METRICS = "/metrics"


def _metrics(request: Asked) -> Answer:
    from mock_server.admin.prometheus import exposed

    request.query()
    accept = ", ".join(request.request.header_values("accept"))
    body, media_type = exposed(request, accept)
    return Answer(200, (("content-type", media_type), ("cache-control", "no-store")), body, "control")


def figures_of(request: Asked) -> JSON:
    """Return the metrics of this process as JSON, for another process."""
    from mock_server.admin.prometheus import forms_of

    return forms_of(request)


ROUTES: Rows = (("GET", METRICS, _metrics),)
