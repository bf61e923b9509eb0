"""The program: its commands, its exit codes, and what it says of errors.

Exit codes: 0 done, 1 findings, 2 wrong use or something that cannot be served.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import CompletionItem

from mock_server.cli.completion_command import completion, contracts
from mock_server.cli.contract_commands import check, routes
from mock_server.cli.help_pages import write_examples
from mock_server.cli.name_clash import name_clash
from mock_server.cli.network_commands import healthcheck, listen
from mock_server.cli.record_commands import generate, import_
from mock_server.cli.serve_command import serve
from mock_server.cli.standard_files import fail, fill_standard_files, let_go_of_output
from mock_server.core.bundled import api_named, apis
from mock_server.core.errors import MockServerError
from mock_server.core.text import did_you_mean


class _Commands(click.Group):
    """A group of commands: a contract in place of a command is served, any other word gets the nearest command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:  # as where a shell asks for completions
            known = ", ".join(self.list_commands(ctx))
            raise click.UsageError(f"found no command; expected one of {known}. Try mock-server --help.", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        word = args[0]
        if self.get_command(ctx, word) is not None or word.startswith("-"):
            return super().resolve_command(ctx, args)
        if not _is_contract(word):
            suggestion = did_you_mean(word, [*self.list_commands(ctx), *apis()]) or "; expected one, or a contract"
            raise click.UsageError(f"there is no command {word!r}{suggestion}", ctx)
        return super().resolve_command(ctx, ["serve", *args])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return how a first word can go on: a command or a flag, an API that ships, or a file."""
        commands = super().shell_complete(ctx, incomplete)
        named = contracts(incomplete)
        return commands + [item for item in named if item.type == "plain"] if commands else named

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        examples = (
            ("mock-server openapi.yaml", "Serve a contract"),
            ("mock-server polar --open", "Serve all of Polar, and open the console"),
            ("mock-server check openapi.yaml", "Try every answer that a contract documents"),
            ("mock-server serve --help", "All settings"),
        )
        write_examples(formatter, examples, "docs/")


def _is_contract(word: str) -> bool:
    """Tell whether a word that is no command means a contract: a URL, a path, a file, or an API that ships."""
    is_written_so = word.startswith(("http://", "https://")) or bool({"/", os.sep, "."} & {*word})
    return is_written_so or os.path.exists(word) or api_named(word) is not None


@click.group(cls=_Commands, no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(None, "-V", "--version", package_name="contract-mock-server", prog_name="mock-server")
def commands() -> None:
    """Turn an OpenAPI contract into the API."""


for command in (serve, check, routes, generate, import_, healthcheck, listen, completion):
    commands.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; print every error as one message."""
    fill_standard_files()
    if (clash := name_clash()) is not None:
        click.echo(f"mock-server: {clash}", err=True)
    try:
        commands.main(args=arguments, prog_name="mock-server", standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except (click.exceptions.Abort, KeyboardInterrupt):
        sys.exit(130)
    except click.ClickException as error:
        fail(error.format_message())
    except MockServerError as error:
        fail(str(error))
    except BrokenPipeError:
        let_go_of_output()  # the reader has gone, as `head` does
