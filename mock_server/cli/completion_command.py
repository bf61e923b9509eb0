"""``mock-server completion``: the script with which a shell completes commands, flags, values and files.

The scripts are click's; they ask this program each time, so that they never tell of flags that it does not have.
"""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from mock_server.cli.help_pages import HelpfulCommand, with_examples
from mock_server.core.bundled import apis
from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.settings import Option

PROGRAM = "mock-server"
_VARIABLE = "_MOCK_SERVER_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")


def _shells(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(shell) for shell in _SHELLS if shell.startswith(incomplete)]


@click.command(cls=HelpfulCommand, short_help="Print a script of completions for a shell.")
@click.argument("shell", metavar="SHELL", shell_complete=_shells)
def completion(shell: str) -> None:
    """Print a script that completes commands, flags, values and files; SHELL is bash, zsh or fish."""
    if shell not in _SHELLS:
        raise UsageError(f"SHELL: found {shell!r}{did_you_mean(shell, _SHELLS)}; expected bash, zsh or fish")
    kind = get_completion_class(shell)
    assert kind is not None
    # Not the method of its class, which for bash starts one to ask for its version.
    click.echo(ShellComplete.source(kind(click.Command(PROGRAM), {}, PROGRAM, _VARIABLE)))


with_examples(
    completion,
    "README.md",
    ('eval "$(mock-server completion bash)"', "In ~/.bashrc"),
    ('eval "$(mock-server completion zsh)"', "In ~/.zshrc, after compinit"),
    ("mock-server completion fish > ~/.config/fish/completions/mock-server.fish", "Once"),
)


def values_of(row: Option, incomplete: str) -> list[CompletionItem]:
    """Return how the value of a setting can go on: a choice, an API that ships, a file or a directory."""
    if row.choices:
        return [CompletionItem(choice) for choice in row.choices if choice.startswith(incomplete)]
    if row.name == "contract":
        return contracts(incomplete)
    kind = {"FILE": "file", "DIR": "dir"}.get(row.metavar)
    return [CompletionItem(incomplete, type=kind)] if kind else []


def contracts(incomplete: str) -> list[CompletionItem]:
    """Return the APIs that ship and begin so; where there is none, files."""
    named = [CompletionItem(name) for name in apis() if name.startswith(incomplete)]
    return named or [CompletionItem(incomplete, type="file")]
