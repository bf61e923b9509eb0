"""The observers of a server's requests, by its settings; by default there are none."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from mock_server.core.errors import UsageError
from mock_server.core.extras import install_command
from mock_server.server.observability.middleware import Observer
from mock_server.settings import Settings

if TYPE_CHECKING:
    from mock_server.server.application import Application
    from mock_server.server.observability.request_lines import LineForm


def build_observers(application: Application, lines: LineForm | None = None) -> list[Observer]:
    """Return the observers for the settings of an application, the outermost first. Raises :class:`UsageError`.

    With ``lines``, standard output has a line for each request, unless the access log has one.
    """
    watchers: list[Observer] = []
    if application.settings.otel:
        check_observers(application.settings)
        from mock_server.server.observability.tracing import Tracing, provider_of_environment

        watchers.append(Tracing(application, provider_of_environment()))
    if application.settings.access_log:
        from mock_server.server.observability.access_log import AccessLog

        watchers.append(AccessLog(application.redaction))
    elif lines is not None and sys.stdout is not None:
        from mock_server.server.observability.request_lines import RequestLines

        application.is_watched = True
        watchers.append(RequestLines(sys.stdout, lines, application.redaction, application.is_control))
    return watchers


def check_observers(settings: Settings) -> None:
    """Import what the observers need.

    Raises :class:`UsageError` where it is not installed, or a variable is invalid.
    """
    if not settings.otel:
        return
    try:
        import_module("mock_server.server.observability.tracing")
    except ModuleNotFoundError as error:
        if not str(error.name).startswith("opentelemetry"):
            raise
        raise UsageError(
            f"--otel: found no {error.name}; expected OpenTelemetry and its exporter."
            f" Install them: {install_command('otel')}"
        ) from None
    except ValueError as error:  # the import fails for an unknown propagator
        raise UsageError(f"variable OTEL_PROPAGATORS: found {os.environ.get('OTEL_PROPAGATORS')!r}: {error}") from None
    from mock_server.server.observability.tracing import check_environment

    check_environment(os.environ)
