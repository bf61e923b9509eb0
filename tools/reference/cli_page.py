"""The page of the command line: every command with its arguments, options and examples."""

from __future__ import annotations

from collections.abc import Iterator

import click

from mock_server.cli.help_pages import HelpfulCommand
from mock_server.cli.program import commands
from mock_server.settings import ROWS
from tools.reference.markdown import page, prose, table

INTRODUCTION = """\
`mock-server`, also `python -m mock_server`. `mock-server CONTRACT` is `mock-server serve CONTRACT`; `-h` is help
everywhere, and `-V` the version. Exit codes: 0 done, 1 findings, 2 wrong use or something that cannot be served, with a
message that says what to do.
"""


def cli_page() -> str:
    """Return the page."""
    sections = [_section(name, command) for name, command in sorted(commands.commands.items())]
    return page("Command line", INTRODUCTION, *sections)


def _section(name: str, command: click.Command) -> str:
    with click.Context(command, info_name=f"mock-server {name}") as ctx:
        usage = " ".join(command.collect_usage_pieces(ctx))
        parts = [f"## {name}", f"```text\nmock-server {name} {usage}\n```", prose(_help(command))]
        own = [*_own_options(command, ctx)]
        if own:
            parts.append(table(("option", ""), own))
        settings = {row.name for row in ROWS if row.flag} & {option.name for option in command.params}
        if settings:
            parts.append(_settings(settings))
    if isinstance(command, HelpfulCommand) and command.examples:
        lines = "\n".join(f"# {meaning}\n{line}" for line, meaning in command.examples)
        parts.append(f"```text\n{lines}\n```")
    return "\n\n".join(part for part in parts if part)


def _help(command: click.Command) -> str:
    """Return the help of a command, without the marks and the indentation that are for terminals."""
    lines = (line.strip() for line in (command.help or "").replace("\b", "").splitlines())
    return "\n".join(lines)


def _own_options(command: click.Command, ctx: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the options of a command that are no settings: how each is written, and its help."""
    settings = {row.name for row in ROWS}
    for option in command.get_params(ctx):
        record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
        if record is not None and option.name not in {*settings, "help"}:
            yield f"`{record[0]}`", record[1]


def _settings(names: set[str]) -> str:
    if len(names) == sum(bool(row.flag) for row in ROWS):
        return "It takes all [settings](settings.md)."
    flags = ", ".join(f"`{row.flag}`" for row in ROWS if row.name in names)
    return f"Of the [settings](settings.md) it takes {flags}."
