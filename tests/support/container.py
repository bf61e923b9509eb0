"""A container as an orchestrator starts it: by an OCI runtime, with no rights, on a file system that is read-only."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeVar

import psutil

from tests.support.container_engine import Engine, Image

Result = TypeVar("Result")
USER = (10001, 10001)
PORT = 4010
URL = f"http://127.0.0.1:{PORT}"
NAMESPACES = ("pid", "network", "ipc", "uts", "mount")
"""What a container has of its own. Its network is a loopback device and nothing else: no other machine is there."""
PSEUDO = (
    ("/proc", "proc", ()),
    ("/dev", "tmpfs", ("nosuid", "strictatime", "mode=755", "size=65536k")),
    ("/dev/shm", "tmpfs", ("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")),
    ("/sys", "sysfs", ("nosuid", "noexec", "nodev", "ro")),
)


@dataclass(frozen=True)
class Mount:
    """A file or directory of this machine, or an empty one to write to, at a path of the container."""

    destination: str
    source: Path | None = None

    def row(self) -> dict[str, Any]:
        """The mount in the words of OCI's runtime specification."""
        if self.source is None:
            return {"destination": self.destination, "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]}
        return {
            "destination": self.destination,
            "type": "bind",
            "source": str(self.source),
            "options": ["bind", "ro"],
        }


class Container:
    """A container of an image, from its first line until the end of the ``with``."""

    def __init__(
        self,
        engine: Engine,
        image: Image,
        root: str,
        command: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        mounts: Sequence[Mount] = (),
        user: tuple[int, int] = USER,
    ) -> None:
        self.engine = engine
        self.image = image
        self._bundle = Path(tempfile.mkdtemp(prefix="container.", dir=engine.directory))
        self.name = self._bundle.name
        variables = {**image.environment, **(environment or {})}
        arguments = [*image.config["Entrypoint"], *(command or image.config["Cmd"])]
        config = _config(root, arguments, variables, mounts, user)
        (self._bundle / "config.json").write_text(json.dumps(config), encoding="utf-8")
        self._errors: IO[str] = (self._bundle / "errors").open("w", encoding="utf-8")
        start = time.perf_counter()
        self.process = subprocess.Popen(
            engine.command(*self._crun("run", "--bundle", str(self._bundle), self.name)),
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline()
        self.seconds_to_ready = time.perf_counter() - start

    def __enter__(self) -> Container:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.engine.run(*self._crun("kill", self.name, "KILL"))
            self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._errors.close()

    def finished(self) -> str:
        """What it has printed, once it has ended by itself."""
        assert self.process.stdout is not None
        printed = self.ready_line + self.process.stdout.read()
        self.process.wait(timeout=30)
        return printed

    @property
    def errors(self) -> str:
        """What it wrote to standard error."""
        return (self._bundle / "errors").read_text(encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Run a program of the image within the container; what it printed."""
        return self.engine.run(*self._crun("exec", self.name, *arguments))

    def is_healthy(self) -> bool:
        """What the image's own health check says."""
        kind, *arguments = self.image.config["Healthcheck"]["Test"]
        assert kind == "CMD", "a shell would be needed"
        command = self.engine.command(*self._crun("exec", self.name, *arguments))
        return subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0

    def stop(self, how: int = signal.SIGTERM) -> tuple[int, float]:
        """Send the signal to the first process, as an engine does; its exit code and the seconds that it took."""
        start = time.perf_counter()
        self.engine.run(*self._crun("kill", self.name, signal.Signals(how).name.removeprefix("SIG")))
        return self.process.wait(timeout=30), time.perf_counter() - start

    def asked(self, mock_request: Callable[[], Result]) -> Result:
        """What a function comes to that is called in the container's network, where :data:`URL` is the server."""
        return _in_network(self.pid, mock_request)

    @property
    def pid(self) -> int:
        """The number that the container's first process has on this machine."""
        (pid,) = [
            process.pid
            for process in psutil.Process(self.process.pid).children(recursive=True)
            if _is_first(process.pid)
        ]
        return pid

    def _crun(self, *arguments: str) -> list[str]:
        state = str(self.engine.directory / "crun")
        return ["crun", "--root", state, "--cgroup-manager=disabled", *arguments]


def _is_first(pid: int) -> bool:
    """Whether a process is the first of its namespace, which the place's own first process is not asked about."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = [line for line in status.splitlines() if line.startswith("NSpid:")]
    return line.split()[-1] == "1"


def _in_network(pid: int, mock_request: Callable[[], Result]) -> Result:
    """Call a function in a thread that has entered the network of a process. The thread ends there."""
    results: list[Result] = []
    errors: list[BaseException] = []

    def enter_and_ask() -> None:
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/proc/{pid}/ns/net", "rb") as network:
                if libc.setns(network.fileno(), 0) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            results.append(mock_request())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=enter_and_ask)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def _config(
    root: str, arguments: Sequence[str], variables: Mapping[str, str], mounts: Sequence[Mount], user: tuple[int, int]
) -> dict[str, Any]:
    """A container in the words of OCI's runtime specification, as a careful orchestrator would have it."""
    kinds = ("bounding", "effective", "inheritable", "permitted", "ambient")
    pseudo = [
        {"destination": destination, "type": kind, "source": kind, "options": list(options)}
        for destination, kind, options in PSEUDO
    ]
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": user[0], "gid": user[1]},
            "args": list(arguments),
            "env": [f"{name}={value}" for name, value in variables.items()],
            "cwd": "/",
            "capabilities": {kind: [] for kind in kinds},
            "noNewPrivileges": True,
        },
        "root": {"path": root, "readonly": True},
        "mounts": [*pseudo, *(mount.row() for mount in mounts)],
        "linux": {"namespaces": [{"type": kind} for kind in NAMESPACES]},
    }


Start = Callable[..., Container]
"""Starts a container: a command, and `environment`, `mounts` and `user`."""
