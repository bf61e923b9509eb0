"""The flags of commands, made from the rows of the settings; and what commands have the settings make."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli.completion_command import values_of
from mock_server.core.errors import UsageError
from mock_server.plugins import activate
from mock_server.settings import REMOVED, ROWS, Option, read_settings

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mock_server.mocking.mounts import ApiMount
    from mock_server.settings import Settings

LOADING = (
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


def settings_of(
    names: Sequence[str], helps: Mapping[str, str] | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command the flags of these settings; ``helps`` are texts of its own, by name."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        for row in reversed([row for row in ROWS if row.name in names]):
            command = _parameter(row, (helps or {}).get(row.name, row.help))(command)
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


def _parameter(row: Option, text: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def complete(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return values_of(row, incomplete)

    if not row.flag:
        return click.argument(row.name, nargs=-1, shell_complete=complete)
    default = "" if row.is_switch or row.default in ("", ()) else f" Default: {row.default}."
    description = f"{text}{default} [{row.variable}]"
    names = [row.short] * bool(row.short) + [row.flag, row.name]
    if row.is_switch:
        return click.option(*names, is_flag=True, help=description)
    # Texts all of them: the settings read flags and variables alike, and complain alike.
    is_list = isinstance(row.default, tuple)
    return click.option(*names, metavar=row.metavar, multiple=is_list, help=description, shell_complete=complete)


def read_flags(flags: dict[str, Any]) -> Settings:
    """Return the settings, with the plugins loaded that they allow."""
    settings = read_settings(flags, os.environ)
    activate(is_enabled=not settings.no_plugins)
    return settings


def mounts_of(settings: Settings) -> tuple[ApiMount, ...]:
    """Return what is loaded of the contracts of these settings."""
    from mock_server.mocking.mounts import build_mounts

    return build_mounts(settings)
