"""What ``mock-server serve`` says once it is ready: a line with the URL and the routes; more to a person."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from mock_server.cli.standard_files import let_go_of_output
from mock_server.core.logging import warn_of
from mock_server.core.terminal import escaped, fitted, has_colour, is_terminal

if TYPE_CHECKING:
    from mock_server.mocking.mounts import ApiMount
    from mock_server.server.listeners import ServerAddress
    from mock_server.settings import Settings

MOST_TOLD = 16 * 1024
"""Most characters of routes that are printed at the start: much less than the 64 KB of a pipe that nobody reads."""
_FEWEST = 6
"""Routes that are shown on the smallest terminal."""
_OTHER_LINES = 10
"""Lines of a terminal that are for all else than routes."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what was listened on, for people to call
"""Addresses that no client calls, and those that reach the same server from this machine."""
CONSOLE = "/__admin/"


class Banner:
    """Says that a server is ready. A reader that has gone away does not stop the server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_coloured = has_colour(sys.stdout)
        self._browser: subprocess.Popen[bytes] | None = None

    def announce(self, address: ServerAddress, served: Sequence[ApiMount]) -> None:
        """Print a line with the URL, then the routes; on a terminal also where to look and what to try."""
        contracts = [mount.contract for mount in served]
        for contract in contracts:
            warn_of(contract.findings)
        titles = ", ".join(f"{contract.title} {contract.version}" for contract in contracts)
        is_person = is_terminal(sys.stdout)
        lines = self._for_person(address, served, titles) if is_person else _for_program(address, served, titles)
        try:
            click.echo("\n".join(lines), color=self._is_coloured)
            if sys.stdout is not None:
                sys.stdout.flush()
        except OSError:
            let_go_of_output()
        if self._settings.open:
            self._browser = opened(_own_address(address.url) + CONSOLE)

    def _for_person(self, reached: ServerAddress, served: Sequence[ApiMount], titles: str) -> list[str]:
        """Return the ready line, some routes as full URLs, the console, a call to try, and what follows."""
        size = shutil.get_terminal_size()
        address = _own_address(reached.url)
        rows = list(_routes(served, address))
        shown = rows[: max(_FEWEST, size.lines - _OTHER_LINES)]
        rest = (
            [f"  and {len(rows) - len(shown):,} more: `mock-server routes` lists them"]
            if len(rows) > len(shown)
            else []
        )
        place = self._url(reached.url) + _by(reached)
        ready = f"{self._paint('Mock server ready', bold=True)} at {place} ({escaped(titles)})"
        routes = [self._route(*row, size.columns) for row in shown]
        return [ready, *routes, *rest, "", *self._places(reached, address, served), self._follows(), ""]

    def _route(self, method: str, target: str, statuses: str, columns: int) -> str:
        target = fitted(target, max(20, columns - len(statuses) - 13))
        return f"  {self._paint(f'{method:<7}', bold=True)} {self._url(target)}  {self._paint(statuses, dim=True)}"

    def _places(self, reached: ServerAddress, address: str, served: Sequence[ApiMount]) -> list[str]:
        """Return where to look and what to try, each with its name before it."""
        from mock_server.mocking.sample_call import sample_curl

        options = f"--unix-socket {shlex.quote(reached.socket)}" if reached.socket else ""
        if reached.authority:
            options = f"--cacert {shlex.quote(reached.authority)}"
        calls = filter(None, (sample_curl(mount, address, options) for mount in served))
        places = [] if reached.socket else [("Console", self._url(address + CONSOLE))]
        places += [("Trust", reached.authority)] * bool(reached.authority)
        places += [("Try", escaped(call)) for call in [*calls][:3]]
        return [f"  {self._paint(f'{name:<8}', dim=True)} {place}" for name, place in places]

    def _follows(self) -> str:
        settings = self._settings
        requests = "" if settings.quiet else " Requests follow; -v says more of each, -q nothing."
        return self._paint(f"  Ctrl-C ends the server.{requests}", dim=True)

    def _url(self, url: str) -> str:
        return self._paint(url, fg="cyan")

    def _paint(self, text: str, **style: Any) -> str:
        return click.style(text, **style) if self._is_coloured else text


def _by(reached: ServerAddress) -> str:
    return f" by the socket {reached.socket}" if reached.socket else ""


def _for_program(reached: ServerAddress, served: Sequence[ApiMount], titles: str) -> list[str]:
    """Return the ready line and the routes, in no more characters than a pipe takes that nobody reads."""
    routes = [f"  {method:<7} {target}  {statuses}" for method, target, statuses in _routes(served, "")]
    count = sum(1 for length in accumulate(len(route) + 1 for route in routes) if length <= MOST_TOLD)
    more = len(routes) - count
    rest = [f"  and {more:,} more: `mock-server routes` lists them"] if more else []
    trusted = [f"Certificate to trust: {reached.authority}"] if reached.authority else []
    return [f"Mock server ready at {reached.url}{_by(reached)} ({titles})", *trusted, *routes[:count], *rest]


def _routes(served: Sequence[ApiMount], address: str) -> Sequence[tuple[str, str, str]]:
    """Return method, path below ``address``, and statuses of each operation."""
    return [
        (operation.method, f"{address}{mount.base_path}{operation.path}", " ".join(operation.responses))
        for mount in served
        for operation in mount.contract.operations.values()
    ]


def _own_address(url: str) -> str:
    """Return a base URL by which this machine reaches the server: nobody can call all addresses at once."""
    host = urlsplit(url).netloc.rpartition(":")[0]
    return url.replace(host, _EVERYWHERE[host], 1) if host in _EVERYWHERE else url


def opened(
    url: str, start: Callable[..., subprocess.Popen[bytes]] = subprocess.Popen
) -> subprocess.Popen[bytes] | None:
    """Open a page in the browser (:mod:`webbrowser`, which reads ``BROWSER``), in a process that nobody waits for.

    Where there is no screen and no ``BROWSER``, say so instead: a browser for terminals would take this one.
    """
    is_screenless = sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & {*os.environ}
    if is_screenless:
        click.echo(f"--open: found no screen and no variable BROWSER; expected one. Open {url} yourself.", err=True)
        return None
    nowhere = subprocess.DEVNULL
    return start([sys.executable, "-m", "webbrowser", url], stdin=nowhere, stdout=nowhere, stderr=nowhere)
