"""The command line, called within the process of the tests: no second interpreter to start.

A command that would open a port fails instead. So what is refused is refused before anything is served.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from mock_server import cli

COMMANDS = ("serve", "check", "routes")
"""Commands that read a contract."""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    output: str
    errors: str


def called(capsys: pytest.CaptureFixture[str], *arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """Call ``mock-server`` with arguments and with variables beside those of the environment."""
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    capsys.readouterr()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "listen", _no_port)
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        try:
            cli.main(arguments)
        except SystemExit as done:
            code = done.code
        finally:
            # The command sends its log to the standard error of now, which is gone after the test.
            root.handlers[:] = handlers
            root.setLevel(level)
    assert isinstance(code, int)
    return Done(code, *capsys.readouterr())


def _no_port(*_: object) -> None:
    raise AssertionError("a port was opened")


def assert_one_message(done: Done) -> None:
    """Wrong use: exit code 2, one message on standard error (its findings are indented), nothing else."""
    first, *rest = done.errors.splitlines()
    assert first.startswith("mock-server: "), done.errors
    assert all(line.startswith("  ") for line in rest), done.errors
    assert "Traceback" not in done.errors
    assert (done.code, done.output) == (2, "")
