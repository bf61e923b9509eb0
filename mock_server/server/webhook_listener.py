"""The receiver of ``mock-server listen``, on a port."""

from __future__ import annotations

from collections.abc import Callable

import uvicorn

from mock_server.server.sockets import listen, url_of
from mock_server.webhooks.receiver import ReceiverManners, WebhookReceiver


def listen_for_webhooks(host: str, port: int, manners: ReceiverManners, tell: Callable[[str], None]) -> None:
    """Receive webhooks until a signal ends it; ``tell`` gets what is to be printed.

    Raises :class:`UsageError` where the port is not available.
    """
    with listen(host, port) as listener:
        tell(f"Listening for webhooks at {url_of(listener)} (stop with Ctrl-C)")
        config = uvicorn.Config(
            WebhookReceiver(manners, tell),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        uvicorn.Server(config).run([listener])
