"""``serve`` at a terminal: the banner, the lines of requests, Ctrl-C; and what is different in a pipe."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import assert_one_message, called
from tests.support.customers import ME
from tests.support.http_exchange import asked, me
from tests.support.pseudo_terminal import PseudoTerminal
from tests.support.server_process import RunningServer

READY = r"^Mock server ready at (http://\S+) \(Polar API 0\.1\.0\)$"
ENDS = r"Ctrl-C ends the server.*\n"


def test_terminal_shows_banner_and_requests(own_cache: None) -> None:
    with PseudoTerminal("serve", "-p", "0") as terminal:
        url = terminal.wait_for(READY)[1]
        terminal.wait_for(ENDS)
        assert f"  GET     {url}{ME}  200 401 429 500\n" in terminal.text
        assert f"  Console  {url}/__admin/\n" in terminal.text
        assert "\x1b[" in terminal.raw
        assert me(url).status == 200
        assert asked(url, {"path": "/nowhere"}).status == 404
        terminal.wait_for(rf"^GET     {ME} +200 +[0-9,.]+ ms$")
        terminal.wait_for(r"^GET     /nowhere +404 +[0-9,.]+ ms  path: /nowhere; expected a path of the c…$")
        terminal.press_interrupt()
        assert terminal.end() == 0
    assert "Traceback" not in terminal.text


def test_call_of_banner_works(own_cache: None) -> None:
    with PseudoTerminal("polar", "--port=0", "--quiet", env={"NO_COLOR": "1"}, columns=200) as terminal:
        command = shlex.split(terminal.wait_for(r"^  Try +(curl .*)$")[1])
        done = subprocess.run([*command, "-w", "%{http_code}", "-o", os.devnull], capture_output=True, check=False)
        assert done.stdout == b"200"
        assert "and 1" in terminal.text  # hundreds more of its routes, for which the terminal has no room
        terminal.press_interrupt()
        assert terminal.end() == 0
    assert re.search(r"\x1b\[[0-9;]*m", terminal.raw) is None


@pytest.mark.parametrize(("flag", "expected"), [("--quiet", 0), ("--access-log", 0), ("--log-format=json", 0)])
def test_lines_give_way(flag: str, expected: int, own_cache: None) -> None:
    with PseudoTerminal("serve", "--port", "0", flag) as terminal:
        url = terminal.wait_for(READY)[1]
        assert me(url).status == 200
        terminal.press_interrupt()
        assert terminal.end() == 0
    assert len(re.findall(rf"^GET     {ME} +200 ", terminal.text, re.MULTILINE)) == expected


def test_verbose_writes_into_a_pipe(own_cache: None) -> None:
    with RunningServer("-v") as server:
        assert asked(server.url, {"path": f"/{'x' * 300}"}).status == 404
        assert server.stop() == 0
    *_, line, facts, finding = server.output.splitlines()
    assert re.match(r"GET +/x{300} +404 +[0-9,.]+ ms$", line)
    assert facts == "        no operation; from failure"
    assert finding.endswith("[path]. `mock-server routes` lists them.")
    assert server.errors == ""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_reader_that_has_gone_away_stops_nothing(workers: str, own_cache: None) -> None:
    with RunningServer("-v", "--workers", workers) as server:
        assert server.process.stdout is not None
        nowhere = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nowhere, server.process.stdout.fileno())
        os.close(nowhere)
        assert {me(server.url).status for _ in range(20)} == {200}
        assert server.stop() == 0
    assert server.errors == ""


def test_workers_write_lines_too(own_cache: None) -> None:
    with PseudoTerminal("serve", "--port", "0", "--workers", "2") as terminal:
        url = terminal.wait_for(READY)[1]
        terminal.wait_for(ENDS)
        assert me(url).status == 200
        terminal.wait_for(rf"^GET     {ME} +200 ")
        terminal.press_interrupt()
        assert terminal.end() == 0


def test_console_is_opened(tmp_path: Path, own_cache: None) -> None:
    browser, visited = tmp_path / "browser", tmp_path / "visited"
    browser.write_text(
        f'#!{sys.executable}\nimport sys\nprint(sys.argv[1])\nopen("{visited}", "w").write(sys.argv[1])\n'
    )
    browser.chmod(0o755)
    os.mkfifo(visited)  # who reads it waits for the browser
    with RunningServer("--open", env={"BROWSER": f"{browser} %s"}) as server:
        assert visited.read_text() == f"{server.url}/__admin/"
        assert server.stop() == 0
    assert server.errors == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a browser")
def test_machine_without_browser_says_so(monkeypatch: pytest.MonkeyPatch, own_cache: None) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    with RunningServer("--open") as server:
        assert me(server.url).status == 200
        assert server.stop() == 0
    assert server.errors == (
        f"--open: found no screen and no variable BROWSER; expected one. Open {server.url}/__admin/ yourself.\n"
    )


def test_quiet_and_verbose_contradict(capsys: pytest.CaptureFixture[str]) -> None:
    done = called(capsys, "serve", "-q", "-v")
    assert_one_message(done)
    assert "--quiet: found it together with --verbose; expected one of the two" in done.errors
