"""``mock-server generate`` and ``mock-server import``: files made of a contract, and a contract made of pages."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from functools import partial
from typing import Any

import click

from mock_server.cli.help_pages import HelpfulCommand, with_examples
from mock_server.cli.progress import shown
from mock_server.cli.setting_flags import read_flags, settings_of
from mock_server.core.errors import UsageError
from mock_server.core.terminal import escaped, is_terminal
from mock_server.settings import PREFIX, read_settings

MOST_PROCESSES = 64
"""Most processes that make records; as many as may answer (``--workers``)."""


@click.command(cls=HelpfulCommand, short_help="Write records, made up and valid, as a file.")
@click.argument("resource", metavar="RESOURCE")
@click.option(
    "--contract",
    "contract",
    metavar="CONTRACT",
    multiple=True,
    help=f"The contract; may be repeated. Default: {PREFIX}CONTRACT, or Polar's Get Customer.",
)
@click.option(
    "--count",
    metavar="NUMBER",
    help="How many records. Default: those with which a server begins, or one for each country.",
)
@click.option(
    "--country",
    "countries",
    metavar="CODE",
    multiple=True,
    help="A country; may be repeated, the records then take turns. all: every country.",
)
@click.option(
    "--below",
    "parents",
    metavar="NAME=KEY",
    multiple=True,
    help="A parent of the records, of those that stand before them in paths; may be repeated.",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="",
    help="yaml, json, ndjson or csv. Default: that of the file's name, or yaml.",
    shell_complete=lambda ctx, parameter, incomplete: [
        form for form in ("yaml", "json", "ndjson", "csv") if form.startswith(incomplete)
    ],
)
@click.option("-o", "--output", metavar="FILE", default="-", help="Where to write. Default: standard output.")
@click.option(
    "--processes",
    metavar="NUMBER",
    help="How many processes make the records, where these are many. Default: one for each processor.",
)
@settings_of(("seed", "overlay", "fill", "no_fill_properties", "allow_remote_refs", "no_cache", "no_plugins", "strict"))
def generate(
    *,
    resource: str,
    count: str | None,
    countries: tuple[str, ...],
    parents: tuple[str, ...],
    form: str,
    output: str,
    processes: str | None,
    **flags: Any,
) -> None:
    """Write records of RESOURCE (customers), made up and valid, as a fixture file.

    RESOURCE is any that `mock-server routes` names. What one resource names of another (customer_id) are the records
    that the same seed gives for that.
    """
    from mock_server.core.ordered_processes import usable_processors
    from mock_server.mocking.described_export import ExportProcesses
    from mock_server.mocking.fixture_export import Export, plan
    from mock_server.mocking.mounts import are_files, contracts_again, contracts_of

    settings = read_flags(flags)
    export = Export(
        resource,
        _whole("--count", count),
        countries,
        settings.seed,
        form,
        output,
        parents,
        settings.fill,
        not settings.no_fill_properties,
    )
    number = _whole("--processes", processes, MOST_PROCESSES) or min(usable_processors(), MOST_PROCESSES)
    again = partial(contracts_again, settings) if are_files(settings) else None
    with shown("Reading the contract"):
        planned = plan(export, contracts_of(settings), ExportProcesses(number, again))
    if output == "-" and is_terminal(sys.stdout):
        planned.run(lambda: nullcontext(lambda _: None))  # the records themselves are what goes on
    else:
        planned.run(lambda: shown(f"Writing {escaped(resource)}:", planned.count))


@click.command("import", cls=HelpfulCommand, short_help="Make one contract of documentation pages.")
@click.argument("pages", metavar="PAGE...", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    help="Where to write: YAML, or JSON where the name ends so. Default: standard output.",
)
@settings_of(("strict",))
def import_(pages: tuple[str, ...], output: str, **flags: Any) -> None:
    """Make one contract of the OpenAPI blocks in documentation PAGEs (Markdown; paths or http(s) URLs).

    Where its parts came from stands in comments, and in short on standard error.
    """
    from mock_server.core.atomic_file import atomic_write
    from mock_server.core.errors import ContractError
    from mock_server.openapi.loading.markdown_import import import_pages

    settings = read_settings(flags, os.environ)
    with shown(f"Reading {len(pages)} pages" if len(pages) > 1 else "Reading a page"):
        imported = import_pages(pages, as_json=output.lower().endswith(".json"))
    if settings.strict and imported.findings:
        names = ", ".join(pages)
        raise ContractError(f"{names}: found dangling references; expected none (--strict).", imported.findings)
    with atomic_write(output) as out:
        out.write(imported.text)
    for line in imported.report:
        click.echo(line, err=True)


def _whole(flag: str, text: str | None, most: int | None = None) -> int | None:
    """Return the number that a flag has; None where it is not there."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) < 1 or (most is not None and int(text) > most):
        expected = "of at least 1" if most is None else f"from 1 to {most}"
        raise UsageError(f"{flag}: found {text!r}; expected a whole number {expected}")
    return int(text)


with_examples(
    generate,
    "docs/state.md",
    ("mock-server generate customers --country SE --country FR -o customers.yaml", "A customer in each country"),
    ("mock-server generate orders --contract shop.yaml --count 1000 --format csv", "Records of a contract of yours"),
)
with_examples(
    import_,
    "docs/contracts.md",
    ("mock-server import docs/api/*.md -o openapi.yaml", "One contract of all pages"),
)
