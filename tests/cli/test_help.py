"""Help for people: flags in groups, examples that are right, and nothing of another command."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from mock_server.cli.help_pages import GROUPS, HelpfulCommand, group_of
from mock_server.cli.program import commands
from mock_server.settings import ROWS
from tests.support.command_line import called

NAMES = sorted(commands.commands)


def test_serve_has_flags_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    page = called(capsys, "serve", "--help").output
    heads = re.findall(r"^([A-Z]\w+):$", page, re.MULTILINE)
    assert heads == ["Options", *GROUPS, "Examples"]
    *_, limits, logs = page.partition("\nExamples:")[0].split("\n\n")[-3:]
    assert limits.startswith("Limits:\n")
    assert "--max-worlds" in limits
    assert logs.startswith("Logs:\n")
    assert "--access-log" in logs


def test_groups_name_settings_once() -> None:
    named = [name for names in GROUPS.values() for name in names]
    assert len(named) == len({*named})
    assert {*named} <= {row.name for row in ROWS}
    assert {group_of(row.name) for row in ROWS} - {"Options"} == {*GROUPS}


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_understood(name: str) -> None:
    command = commands.commands[name]
    assert isinstance(command, HelpfulCommand)
    assert [*command.examples] != []
    for line, _ in command.examples:
        words = re.findall(r"mock-server [^)>]+", line)[0]
        _, asked, *arguments = shlex.split(words)
        assert asked == name
        command.make_context(name, arguments)  # raises what wrong use would be


def test_health_check_speaks_of_itself_alone(capsys: pytest.CaptureFixture[str]) -> None:
    page = called(capsys, "healthcheck", "--help").output
    assert {*re.findall(r"--[\w-]+", page)} <= {"--url", "--host", "--port", "--help", "--tls", "--uds"}
    assert "listen" not in page
    assert "0 picks a free one" not in page


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version_has_a_short_flag(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert called(capsys, flag).output.startswith("mock-server, version ")


def test_short_help_of_commands_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert "..." not in called(capsys, "--help").output.partition("Commands:")[2].partition("Examples:")[0]


def test_short_flags_are_those_of_settings() -> None:
    flags = {row.short: row.flag for row in ROWS if row.short}
    assert flags == {"-p": "--port", "-d": "--dynamic", "-q": "--quiet", "-v": "--verbose"}
    serve = commands.commands["serve"]
    options = [parameter.opts for parameter in serve.params if isinstance(parameter, click.Option)]
    assert all([short, long] in options for short, long in flags.items())
