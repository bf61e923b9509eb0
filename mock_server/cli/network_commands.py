"""``mock-server healthcheck`` and ``mock-server listen``: what asks a server, and what servers call."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

import click

from mock_server.cli.help_pages import HelpfulCommand, with_examples
from mock_server.cli.setting_flags import settings_of
from mock_server.core.errors import UsageError
from mock_server.settings import PREFIX, read_settings


@click.command(cls=HelpfulCommand, short_help="Ask a server whether it is ready.")
@click.option("--url", metavar="URL", help=f"The server to ask. Default: this host and port. [{PREFIX}URL]")
@settings_of(
    ("host", "port", "uds", "tls"),
    {
        "host": "Address of the server, where there is no --url.",
        "port": "Its port, where there is no --url.",
        "uds": "Its Unix socket, where it has no port.",
        "tls": "Ask with TLS; a certificate of this machine is not looked at.",
    },
)
def healthcheck(url: str | None, **flags: Any) -> None:
    """Ask a server whether it is ready. Exit code 0 when it is, 1 when it is not."""
    from mock_server.server.healthcheck import ask

    settings = read_settings(flags, os.environ)
    scheme = "https" if settings.tls or settings.tls_cert else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    place = url or os.environ.get(PREFIX + "URL") or ""
    if not place and settings.uds:
        place, trouble = settings.uds, ask("http://localhost", settings.uds)
    else:
        place = place or f"{scheme}://{host}:{settings.port}"
        trouble = ask(place)
    if trouble:
        click.echo(f"mock-server: {place}: {trouble}", err=True)
        sys.exit(1)


@click.command(cls=HelpfulCommand, short_help="Receive webhooks: print and verify them.")
@click.option("--port", metavar="NUMBER", default="4020", help="Port to listen on; 0 picks a free one. Default: 4020.")
@click.option("--secret", metavar="SECRET", default="", help="Secret with which signatures are verified.")
@click.option(
    "--signing",
    type=click.Choice(["standard-webhooks", "stripe", "github"]),
    default=None,
    help="How deliveries are signed. Default: as their headers say.",
)
@click.option("--status", metavar="STATUS", default="200", help="Status to answer with. Default: 200.")
@click.option(
    "--every",
    metavar="NUMBER",
    default="1",
    help="Answer with --status each so many requests, with 200 else. Default: 1.",
)
@settings_of(("host",))
def listen(*, port: str, secret: str, signing: str | None, status: str, every: str, **flags: Any) -> None:
    """Receive webhooks: print each that arrives, verify its signature, answer as told. For people; tests need none."""
    from mock_server.server.webhook_listener import listen_for_webhooks
    from mock_server.webhooks.receiver import ReceiverManners, receiver_schemes

    settings = read_settings(flags, os.environ)
    schemes = receiver_schemes(signing or "")
    manners = ReceiverManners(_whole("--status", status, 200, 599), _whole("--every", every, 1), secret, schemes)
    with contextlib.suppress(KeyboardInterrupt):
        listen_for_webhooks(settings.host, _whole("--port", port, 0, 65535), manners, lambda text: click.echo(text))


def _whole(flag: str, text: str, low: int, high: int = 1_000_000) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 8 and low <= int(text) <= high):
        raise UsageError(f"{flag}: found {text!r}; expected a whole number from {low} to {high}")
    return int(text)


with_examples(
    healthcheck,
    "docs/observability.md",
    ("mock-server healthcheck", "The server of this machine, at its usual port"),
    ("mock-server healthcheck --url http://mock:4010", "Another one"),
)
with_examples(
    listen,
    "docs/webhooks.md",
    ("mock-server listen --port 4020 --secret whsec_dGVzdA==", "Verified, answered with 200"),
    ("mock-server listen --status 500 --every 3", "Every third fails"),
)
