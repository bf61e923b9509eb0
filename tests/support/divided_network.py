"""A network of hosts that can be parted: network namespaces at one bridge, within a namespace of the tests' own.

Whoever uses it has to be in such a namespace: :func:`run_apart` runs a test there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from types import TracebackType

APART = "TESTS_RUN_APART"
"""The variable that says that a test runs in a network of its own."""
NETWORK = "10.213.7"


def _entered() -> list[str]:
    """Return the command by which a program gets a network of its own, which users get with a user's namespace."""
    return ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]


def can_run_apart() -> bool:
    """Return whether this machine lets a program have a network of its own."""
    if not all(shutil.which(name, path=f"{os.defpath}:/usr/sbin:/sbin") for name in ("unshare", "nsenter", "ip")):
        return False
    return subprocess.run([*_entered(), "true"], capture_output=True, check=False).returncode == 0


def run_apart(test: str) -> subprocess.CompletedProcess[str]:
    """Run a test, by its node id, in a network of its own."""
    command = [*_entered(), sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "", test]
    return subprocess.run(command, env={**os.environ, APART: "1"}, capture_output=True, text=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Host:
    """A host of the network: an address, and what a command begins with that runs there."""

    def __init__(self, number: int) -> None:
        self.address = f"{NETWORK}.{number}"
        self.port = f"port{number}"
        self._process = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self._process.pid}/ns/net") == own:
            assert self._process.poll() is None
        self.before = ("nsenter", f"--net=/proc/{self._process.pid}/ns/net", "--")
        _ip("link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", str(self._process.pid))
        _ip("link", "set", self.port, "master", "bridge", "up")
        for words in (
            ("addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            subprocess.run([*self.before, "ip", *words], check=True)

    def end(self) -> None:
        self._process.kill()
        self._process.wait(10)


class DividedNetwork:
    """A bridge that tests are at too, and hosts at it, until the end of the ``with``."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._numbers = iter(range(2, 200))

    def host(self) -> Host:
        host = Host(next(self._numbers))
        self._stack.callback(host.end)
        return host

    def part(self, *hosts: Host) -> None:
        """Let nothing pass between hosts from now on; what they send is dropped, and nobody is told."""
        self._isolate(hosts, "on")

    def join(self, *hosts: Host) -> None:
        self._isolate(hosts, "off")

    def _isolate(self, hosts: tuple[Host, ...], state: str) -> None:
        for host in hosts:
            _ip("link", "set", host.port, "type", "bridge_slave", "isolated", state)

    def __enter__(self) -> DividedNetwork:
        assert APART in os.environ
        _ip("link", "set", "lo", "up")
        _ip("link", "add", "bridge", "type", "bridge")
        _ip("addr", "add", f"{NETWORK}.1/24", "dev", "bridge")
        _ip("link", "set", "bridge", "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        _ip("link", "del", "bridge")
