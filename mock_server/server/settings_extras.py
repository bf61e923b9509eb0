"""The extras that the settings of a server need: that they are installed is known before anything is served."""

from __future__ import annotations

from mock_server.core.extras import check_extra
from mock_server.settings import Settings


def check_settings_extras(settings: Settings) -> None:
    """Raise :class:`MissingExtraError` where a setting needs a library that is not installed.

    Stores, hubs, TLS and traces are checked where they are opened.
    """
    if settings.reload:
        check_extra("--reload", "watchfiles", "reload")
    if settings.webhook and not settings.no_webhooks:
        check_extra("--webhook", "aiohttp", "webhooks")
