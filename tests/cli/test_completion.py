"""Completion in the shells themselves: commands, flags, values, APIs and files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import assert_one_message, called

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
IN_BASH = """
eval "$(mock-server completion bash)"
complete -p mock-server >/dev/null || exit 9
COMP_WORDS=(mock-server "$@"); COMP_CWORD=$#
compopt() { printf 'compopt %s %s\\n' "$@"; }
"$(complete -p mock-server | sed 's/.*-F \\([^ ]*\\).*/\\1/')" mock-server
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""A shell does this when somebody presses Tab; it then shows what is in COMPREPLY, or files."""


@pytest.fixture
def completed(tmp_path: Path) -> Callable[..., list[str]]:
    """Return what bash would offer for words of which the last is not finished."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")

    def ask(*words: str) -> list[str]:
        command = [bash, "--norc", "-c", IN_BASH, "bash", *words]
        environment = {**os.environ, "PATH": PATH}
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1]

    return ask


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["he"], ["healthcheck"]),
        (["pol"], ["polar"]),
        (["serve", "pol"], ["polar"]),
        (["serve", "--access"], ["--access-log"]),
        (["polar", "--access"], ["--access-log"]),
        (["serve", "--state", "st"], ["strict"]),
        (["serve", "--log-format", ""], ["text", "json"]),
        (["generate", "customers", "--format", "c"], ["csv"]),
        (["completion", "z"], ["zsh"]),
        (["serve", "--overlay", "x"], ["compopt -o default", ""]),
        (["serve", "--fixtures", "x"], ["compopt -o dirnames", ""]),
        (["./co"], ["compopt -o default", ""]),
        (["serve", "--host", ""], [""]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_offers_what_fits(words: list[str], expected: list[str], completed: Callable[..., list[str]]) -> None:
    assert completed(*words) == expected


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_read_by_its_shell(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "completion"
    script.write_text(called(capsys, "completion", shell).output, encoding="utf-8")
    assert "_MOCK_SERVER_COMPLETE" in script.read_text(encoding="utf-8")
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"there is no {shell}")
    done = subprocess.run([program, "-n", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_fish_offers_what_fits(tmp_path: Path) -> None:
    fish = shutil.which("fish")
    if fish is None:
        pytest.skip("there is no fish")
    script = "mock-server completion fish | source; complete --do-complete 'mock-server serve --log-format '"
    environment = {**os.environ, "PATH": PATH, "HOME": str(tmp_path)}
    done = subprocess.run([fish, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert {*done.stdout.split()} == {"text", "json"}


def test_other_shells_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "completion", "bsh")
    assert_one_message(done)
    assert "SHELL: found 'bsh'; did you mean bash?; expected bash, zsh or fish" in done.errors
