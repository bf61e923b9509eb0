"""The command line: ``mock-server``, also ``python -m mock_server``.

Exit codes: 0 done, 1 findings, 2 wrong use or something that cannot be served.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mock_server.core.errors import MockServerError, UsageError
from mock_server.core.logging import log_to_stderr, warn_of
from mock_server.core.text import did_you_mean
from mock_server.plugins import activate
from mock_server.server.shutdown_guard import guarded
from mock_server.settings import PREFIX, REMOVED, ROWS, Option, read_settings

if TYPE_CHECKING:
    from mock_server.mocking.contract_audit import ContractAudit
    from mock_server.mocking.mounts import ApiMount
    from mock_server.settings import Settings

_LOADING = (
    "contract",
    "fixtures",
    "overlay",
    "seed",
    "dynamic",
    "no_fill_properties",
    "allow_remote_refs",
    "no_cache",
    "no_plugins",
    "strict",
)
"""The settings of commands that load a contract and do not listen. Their records come from the fixtures alone."""


class _Commands(click.Group):
    """A group of commands that suggests the command that may have been meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            known = ", ".join(self.list_commands(ctx))
            raise click.UsageError(f"found no command; expected one of {known}. Try mock-server --help.", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise click.UsageError(
                f"there is no command {args[0]!r}{did_you_mean(args[0], self.list_commands(ctx))}", ctx
            )
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="contract-mock-server", prog_name="mock-server")
def commands() -> None:
    """Turn an OpenAPI contract into the API."""


def _settings_of(names: Sequence[str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command the flags of these settings."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for row in reversed([row for row in ROWS if row.name in names]):
            command = _parameter(row)(command)
        command = _with_removed(command)
        return _with_argument(command) if "contract" in names else command

    return decorate


def _with_removed(command: Callable[..., None]) -> Callable[..., None]:
    """Add the flags of before, which are refused with what to use in their place."""
    for name in REMOVED:

        def refuse(_: click.Context, option: click.Parameter, value: str | None) -> None:
            if value is not None:
                raise UsageError(f"--{option.name}: there is no such flag any more; {REMOVED[str(option.name)]}.")

        command = click.option(f"--{name}", hidden=True, expose_value=False, is_eager=True, callback=refuse)(command)
    return command


def _with_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Add the argument to the help of a command, for which click has no help of its own."""
    row = next(row for row in ROWS if not row.flag)
    command.__doc__ = f"{command.__doc__}\n\n    {row.metavar}: {row.help} [{row.variable}]\n"
    return command


def _parameter(row: Option) -> Callable[[Callable[..., None]], Callable[..., None]]:
    if not row.flag:
        return click.argument(row.name, nargs=-1)
    default = "" if row.is_switch or row.default in ("", ()) else f" Default: {row.default}."
    description = f"{row.help}{default} [{row.variable}]"
    if row.is_switch:
        return click.option(row.flag, row.name, is_flag=True, help=description)
    # Texts all of them: the settings read flags and variables alike, and complain alike.
    return click.option(
        row.flag, row.name, metavar=row.metavar, multiple=isinstance(row.default, tuple), help=description
    )


def _read(flags: dict[str, Any]) -> Settings:
    """Return the settings, with the plugins loaded that they allow."""
    settings = read_settings(flags, os.environ)
    activate(is_enabled=not settings.no_plugins)
    return settings


@commands.command()
@_settings_of([row.name for row in ROWS])
def serve(**flags: Any) -> None:
    """Serve CONTRACT (a path or an http(s) URL; Polar's Get Customer if none), or several, each under its base path."""
    # A container's first process ignores what it has no handler for, and this has one only when it is ready.
    former = signal.signal(signal.SIGTERM, _end)
    settings = _read(flags)
    log_to_stderr(settings.log_format)
    gc.disable()  # until all is built: the objects of a start stay, and looking through them again takes 8 % of it
    try:
        with guarded() if settings.workers == 1 else contextlib.nullcontext():
            from mock_server.server.uvicorn_server import serve as run

            run(settings, _announce)
    finally:
        gc.enable()
        signal.signal(signal.SIGTERM, former)


def _end(*_: object) -> NoReturn:
    raise SystemExit(0)


MOST_TOLD = 16 * 1024
"""Most characters of routes that are printed at the start: much less than the 64 KB of a pipe that nobody reads."""


def _announce(url: str, served: Sequence[ApiMount]) -> None:
    """Print a line with the URL, then the routes. A reader that has gone away does not stop the server."""
    contracts = [mount.contract for mount in served]
    for contract in contracts:
        warn_of(contract.findings)
    try:
        titles = ", ".join(f"{contract.title} {contract.version}" for contract in contracts)
        routes = [
            f"  {operation.method:<7} {mount.base_path}{operation.path}  {' '.join(operation.responses)}"
            for mount in served
            for operation in mount.contract.operations.values()
        ]
        count = sum(1 for length in accumulate(len(route) + 1 for route in routes) if length <= MOST_TOLD)
        more = len(routes) - count
        rest = [f"  and {more:,} more: `mock-server routes` lists them"] if more else []
        click.echo("\n".join([f"Mock server ready at {url} ({titles})", *routes[:count], *rest]))
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        _let_go_of_output()


def _let_go_of_output() -> None:
    """Write to nowhere from now on: Python would complain of what is left while it closes standard output."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fill_standard_files() -> None:
    """Have no socket, nor file of a store, become standard output or error where these are closed (``>&-``)."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


@commands.command()
@_settings_of(_LOADING)
def check(**flags: Any) -> None:
    """Try every documented answer of CONTRACT and validate it. Exit code 1 where something is found."""
    settings = _read(flags)
    log_to_stderr("text")
    total = 0
    for served in _served(settings):
        total += _checked(served)
    sys.exit(1 if total else 0)


def _checked(served: ApiMount) -> int:
    """Try the answers of one contract and print them; return the number of findings."""
    findings = list(served.contract.findings)
    tried = 0
    for audited in _audit(served).answers():
        tried += 1
        findings += audited.findings
        name = f" {audited.media}" * bool(audited.media) + f" {audited.example}" * bool(audited.example)
        click.echo(
            f"{'no' if audited.findings else 'ok':<3} {audited.operation} {audited.status}{name} ({audited.source})"
        )
    for finding in findings:
        click.echo(str(finding))
    click.echo(f"{served.contract.title} {served.contract.version}: {tried} answers tried, {len(findings)} findings")
    return len(findings)


@commands.command()
@_settings_of(_LOADING)
def routes(**flags: Any) -> None:
    """Show the operations of CONTRACT: security, statuses, where each answer comes from."""
    settings = _read(flags)
    rows = [("METHOD", "PATH", "SECURITY", "ANSWERS")]
    for served in _served(settings):
        audit = _audit(served)
        for operation in served.contract.operations.values():
            security = " or ".join(" and ".join(schemes) or "none" for schemes in operation.security) or "none"
            answers = ", ".join(f"{status} {source}" for status, source in audit.sources(operation))
            rows.append((operation.method, served.base_path + operation.path, security, answers))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        click.echo("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]))


@commands.command()
@click.argument("resource", metavar="RESOURCE")
@click.option("--count", metavar="NUMBER", help="How many records. Default: one for each country, or one.")
@click.option(
    "--country",
    "countries",
    metavar="CODE",
    multiple=True,
    help="A country; may be repeated, the records then take turns. all: every country.",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="",
    help="yaml, json, ndjson or csv. Default: that of the file's name, or yaml.",
)
@click.option("-o", "--output", metavar="FILE", default="-", help="Where to write. Default: standard output.")
@_settings_of(("seed", "overlay", "allow_remote_refs", "no_cache", "no_plugins", "strict"))
def generate(
    resource: str, count: str | None, countries: tuple[str, ...], form: str, output: str, **flags: Any
) -> None:
    """Write records of RESOURCE (customers), made up and valid, as a fixture file.

    The contract is that of the variable MOCK_SERVER_CONTRACT; Polar's Get Customer if none.
    """
    from mock_server.mocking.fixture_export import Export, plan
    from mock_server.mocking.mounts import contracts_of

    settings = _read(flags)
    export = Export(resource, _count(count), countries, settings.seed, form, output)
    contracts = contracts_of(settings)
    contract = next((candidate for candidate in contracts if resource in candidate.extensions.resources), contracts[0])
    planned = plan(export, contract)
    if output != "-" and sys.stderr.isatty():
        with click.progressbar(length=planned.count, label=resource, file=sys.stderr) as bar:
            planned.run(bar.update)
    else:
        planned.run(lambda _: None)


@commands.command("import")
@click.argument("pages", metavar="PAGE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="Where to write: YAML, or JSON where the name ends so. Default: standard output.",
)
@_settings_of(("strict",))
def import_(pages: tuple[str, ...], output: str, **flags: Any) -> None:
    """Make one contract of the OpenAPI blocks in documentation PAGEs (Markdown; paths or http(s) URLs).

    Where its parts came from stands in comments, and in short on standard error.
    """
    from mock_server.core.atomic_file import atomic_write
    from mock_server.core.errors import ContractError
    from mock_server.openapi.loading.markdown_import import import_pages

    settings = read_settings(flags, os.environ)
    imported = import_pages(pages, as_json=output.lower().endswith(".json"))
    if settings.strict and imported.findings:
        names = ", ".join(pages)
        raise ContractError(f"{names}: found dangling references; expected none (--strict).", imported.findings)
    with atomic_write(output) as out:
        out.write(imported.text)
    for line in imported.report:
        click.echo(line, err=True)


def _count(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise UsageError(f"--count: found {text!r}; expected a whole number of at least 1")
    return int(text)


@commands.command()
@click.option("--url", metavar="URL", help=f"The server to ask. Default: this host and port. [{PREFIX}URL]")
@_settings_of(("host", "port"))
def healthcheck(url: str | None, **flags: Any) -> None:
    """Exit 0 when the server is ready, 1 when it is not."""
    from mock_server.server.healthcheck import ask

    settings = read_settings(flags, os.environ)
    place = url or os.environ.get(PREFIX + "URL") or f"http://{settings.host}:{settings.port}"
    trouble = ask(place)
    if trouble:
        click.echo(f"mock-server: {place}: {trouble}", err=True)
        sys.exit(1)


def _served(settings: Settings) -> tuple[ApiMount, ...]:
    from mock_server.mocking.mounts import build_mounts

    return build_mounts(settings)


def _audit(served: ApiMount) -> ContractAudit:
    from mock_server.mocking.contract_audit import ContractAudit

    return ContractAudit(served.contract, served.validator, served.selector, served.store)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; print every error as one message."""
    _fill_standard_files()
    try:
        commands.main(args=arguments, prog_name="mock-server", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        _fail(error.format_message())
    except MockServerError as error:
        _fail(str(error))
    except BrokenPipeError:
        _let_go_of_output()  # the reader has gone, as `head` does


def _fail(message: str) -> None:
    click.echo(f"mock-server: {message}", err=True)
    sys.exit(2)
