"""``mock-server serve``."""

from __future__ import annotations

import contextlib
import gc
import io
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mock_server.cli.banner import Banner
from mock_server.cli.help_pages import HelpfulCommand, with_examples
from mock_server.cli.progress import shown
from mock_server.cli.setting_flags import read_flags, settings_of
from mock_server.core.errors import UsageError
from mock_server.core.logging import log_to_stderr
from mock_server.core.terminal import has_colour, is_terminal
from mock_server.server.shutdown_guard import guarded
from mock_server.settings import ROWS

if TYPE_CHECKING:
    from mock_server.server.observability.request_lines import LineForm
    from mock_server.settings import Settings


@click.command(cls=HelpfulCommand, short_help="Serve a contract, or several.")
@settings_of([row.name for row in ROWS])
def serve(**flags: Any) -> None:
    """Serve CONTRACT (a path or an http(s) URL; Polar's Get Customer if none), or several, each under its base path."""
    # A container's first process ignores what it has no handler for, and this has one only when it is ready.
    former = signal.signal(signal.SIGTERM, _end)
    settings = read_flags(flags)
    if settings.open and settings.uds:
        raise UsageError("--open: found it together with --uds; expected one of the two: a browser needs a port")
    log_to_stderr(settings.log_format)
    lines = _lines_for(settings)
    gc.disable()  # until all is built: the objects of a start stay, and looking through them again takes 8 % of it
    try:
        with guarded() if settings.workers == 1 else contextlib.nullcontext():
            from mock_server.server.uvicorn_server import serve as run

            run(settings, Banner(settings).announce, lines, shown("Reading the contract"))
    finally:
        gc.enable()
        signal.signal(signal.SIGTERM, former)


def _lines_for(settings: Settings) -> LineForm | None:
    """Return how requests are told on standard output; None where they are not, as in a pipe.

    Who asks for more (``--verbose``) has it in a pipe too. Raises :class:`UsageError` where ``--quiet`` is there too.
    """
    if settings.quiet and settings.verbose:
        raise UsageError("--quiet: found it together with --verbose; expected one of the two")
    is_person = is_terminal(sys.stdout)
    is_asked = settings.verbose or (is_person and settings.log_format == "text")
    if settings.quiet or settings.access_log or not is_asked:
        return None
    from mock_server.server.observability.request_lines import LineForm

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever characters the terminal has
    return LineForm(settings.verbose, has_colour(sys.stdout), None if is_person and not settings.verbose else 0)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


with_examples(
    serve,
    "docs/",
    ("mock-server serve openapi.yaml", "A contract of yours at http://127.0.0.1:4010"),
    ("mock-server serve polar --port 8080 --open", "All of Polar, with its console in the browser"),
    ("mock-server serve openapi.yaml --fixtures fixtures --reload", "Records of yours, loaded again when they change"),
    ("mock-server serve openapi.yaml --store sqlite:///demo.db --workers 4", "Records that last, four processes"),
)
