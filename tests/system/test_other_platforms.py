"""Where a system has not what POSIX has, the server serves all the same, and says what it cannot do there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.contracts import SHOP

WITHOUT_POSIX = """
import asyncio, connexion, faker, http.client, logging.handlers, mmap, multiprocessing, sqlite3, ssl
import subprocess, tempfile, urllib.request, uuid, uvicorn
import os, signal, socket, sys
from functools import partial

pair = partial(socket.socketpair, socket.AF_UNIX)
ABSENT = {
    os: "fork getuid geteuid getgid getegid set_blocking O_NOFOLLOW O_CLOEXEC O_DIRECTORY posix_fallocate posix_spawn"
        " sched_getaffinity fchmod fchown chown killpg getpgid setsid statvfs uname pread pwrite writev mkfifo sysconf",
    socket: "AF_UNIX SO_REUSEPORT",
    signal: "SIGHUP SIGKILL SIGUSR1 SIGALRM SIGCHLD SIGQUIT pthread_sigmask pthread_kill setitimer sigwait",
}
for module, names in ABSENT.items():
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
for name in ("fcntl", "grp", "pwd", "resource", "termios", "uvloop"):
    sys.modules[name] = None
sys.platform = "win32"
asyncio.ProactorEventLoop, socket.socketpair = asyncio.SelectorEventLoop, pair  # which are there under these names
"""
"""The libraries are as they are there, so they are imported before; what is imported after this is the server's own."""

SERVES = """
from mock_server import MockServer
with MockServer("shop.yaml") as mock, mock.world() as world:
    print(urllib.request.urlopen(world.url + "/__admin/health").status)
    world.verify(path="/orders", times=0)
"""

LISTENS = """
socket.SO_EXCLUSIVEADDRUSE = socket.SO_KEEPALIVE  # in the place of an option that Windows alone has
from mock_server.server.sockets import listen
with listen("127.0.0.1", 0) as listener:
    print(*(listener.getsockopt(socket.SOL_SOCKET, option) for option in (socket.SO_REUSEADDR, socket.SO_KEEPALIVE)))
"""


def run(directory: Path, program: str) -> subprocess.CompletedProcess[str]:
    (directory / "shop.yaml").write_text(SHOP, encoding="utf-8")
    command = [sys.executable, "-c", WITHOUT_POSIX + program]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


def test_serves_without_posix(own_cache: None, tmp_path: Path) -> None:
    done = run(tmp_path, SERVES)
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr


def test_port_is_of_one_server_on_windows(tmp_path: Path) -> None:
    done = run(tmp_path, LISTENS)
    assert (done.returncode, done.stdout) == (0, "0 1\n"), done.stderr


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--uds", "server.sock"], "--uds: found a system without Unix sockets; expected --host and --port"),
        (["--workers", "2"], "--workers: found 2 on a system without locks of files (fcntl), such as Windows"),
        (["--hub", "valkey://127.0.0.1:1"], "--hub: found a system without locks of files (fcntl), such as Windows"),
    ],
)
def test_absent_feature_is_refused_in_words(own_cache: None, tmp_path: Path, arguments: list[str], error: str) -> None:
    main = f"from mock_server.cli.program import main\nmain(['serve', 'shop.yaml', '--port', '0', *{arguments}])\n"
    done = run(tmp_path, main)
    assert done.returncode == 2, done.stderr
    assert error in done.stderr
    assert "Traceback" not in done.stderr
