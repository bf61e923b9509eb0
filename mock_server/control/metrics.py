"""What a monitor wants to know of the process that it asks: ``/__admin/metrics``."""

from __future__ import annotations

from mock_server.control.router import Asked, Rows
from mock_server.exchange import Answer

METRICS = "/metrics"


def _metrics(asked: Asked) -> Answer:
    from mock_server.control.exposition import exposed  # a server that nobody monitors has no need of the library

    asked.query()
    accept = ", ".join(asked.request.header_values("accept"))
    body, media_type = exposed(asked, accept)
    return Answer(200, (("content-type", media_type), ("cache-control", "no-store")), body, "control")


ROUTES: Rows = (("GET", METRICS, _metrics),)
