"""Standard output and error: as commands find them, and when nobody reads them any more."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from mock_server.core.terminal import let_go


def let_go_of_output() -> None:
    """Write to nowhere from now on."""
    let_go(sys.stdout)


def fill_standard_files() -> None:
    """Have no socket, nor file of a store, become standard output or error where these are closed (``>&-``)."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def fail(message: str) -> NoReturn:
    """Print why nothing was done, and exit with code 2."""
    click.echo(f"mock-server: {message}", err=True)
    sys.exit(2)
