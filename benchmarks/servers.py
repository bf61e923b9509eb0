"""The servers that are measured, each in processes of its own that are ended with the ``with``."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psutil

from benchmarks.answers import Answer, NotMeasuredError, answer

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0
"""Seconds that a server may take until it answers, and until it is gone."""


class NotStartedError(NotMeasuredError):
    """A server is not there; says how it was started and what it said."""


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    url: str
    process: psutil.Process
    ready: float
    """Seconds from the spawn until it was ready."""
    log: Path
    """What it writes to stderr."""

    def memory(self) -> float:
        """Return the resident memory of all its processes in MB (10⁶ bytes); what they share counts once (Linux)."""
        return sum(_resident(process) for process in self._family()) / 1e6

    def processor_time(self) -> float:
        """Seconds of processor time that all its processes took until now."""
        return sum(process.cpu_times().user + process.cpu_times().system for process in self._family())

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def _resident(process: psutil.Process) -> int:
    """Return the bytes that a process has in memory, of what it shares its part (proc_pid_smaps(5), "Pss")."""
    return int(process.memory_full_info().pss if sys.platform == "linux" else process.memory_info().rss)


class Place:
    """A directory of one run of the benchmark, for what its servers read and keep."""

    def __init__(self, directory: Path, tree: Path = ROOT) -> None:
        """``tree`` is the source tree of the server; another one than this has its own environment in ``.venv``."""
        self._directory = directory
        self._tree = tree
        self._python = sys.executable if tree == ROOT else str(tree / ".venv/bin/python")
        self._names = count()
        own = {name: value for name, value in os.environ.items() if not name.startswith("MOCK_SERVER_")}
        own.pop("PORT", None)
        # Neither what a developer's cache holds nor what a server leaves in a home is to count.
        self._environment = {**own, "XDG_CACHE_HOME": str(directory / "cache"), "HOME": str(directory)}

    def file(self, name: str) -> Path:
        """Return where a new file of such a name goes."""
        return self._directory / f"{next(self._names)}-{name}"

    @contextmanager
    def mock_server(self, *arguments: str) -> Iterator[Server]:
        """Start this project's server, with its defaults but for these arguments; it is ready when its line says so."""
        command = [self._python, "-m", "mock_server", "serve", "--port", "0", *arguments]
        with self._spawned(command, subprocess.PIPE) as (process, started, log):
            assert process.stdout is not None
            match = re.search(r"http://\S+", process.stdout.readline().decode())
            ready = time.perf_counter() - started
            if match is None:
                raise NotStartedError(_story(command, log))
            # A pipe that nobody reads would stop it in the end.
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield Server(match.group(), psutil.Process(process.pid), ready, log)

    def first_answer(self, request: bytes, *arguments: str) -> float:
        """Return the seconds from the spawn of this project's server to its first answer, asked as its line stands.

        Raises :class:`NotStartedError` where it is no 2xx.
        """
        started = time.perf_counter()
        with self.mock_server(*arguments) as server:
            first = answer(server.url, request)
            seconds = time.perf_counter() - started
        if not 200 <= first.status < 300:
            raise NotStartedError(f"found the first answer {first.status}; expected a 2xx.")
        return seconds

    def bare(self, reply: Answer, workers: int = 1) -> AbstractContextManager[Server]:
        """Bare uvicorn that sends these bytes, with the options that this project's server gives its own."""
        answer_file = self.file("answer.json")
        reply.write(answer_file)
        command = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--port", "{port}"]
        command += ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off"]
        command += ["--log-level", "error", "--no-access-log", "--no-server-header", "--no-proxy-headers"]
        command += ["--workers", str(workers)]
        return self.program(command, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", {"BARE_ANSWER": str(answer_file)})

    @contextmanager
    def program(
        self, command: Sequence[str], request: bytes, variables: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """Any server, ``{port}`` in its command filled in. Ready is when something answers the request.

        Raises :class:`NotStartedError` where nothing does within :data:`PATIENCE`.
        """
        port = free_port()
        command = [part.replace("{port}", str(port)) for part in command]
        url = f"http://127.0.0.1:{port}"
        with self._spawned(command, subprocess.DEVNULL, variables) as (process, started, log):
            while True:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answer(url, request)
                    break
                if process.poll() is not None or time.perf_counter() - started > PATIENCE:
                    raise NotStartedError(_story(command, log))
                time.sleep(0.01)
            yield Server(url, psutil.Process(process.pid), time.perf_counter() - started, log)

    @contextmanager
    def _spawned(
        self, command: Sequence[str], output: int, variables: Mapping[str, str] | None = None
    ) -> Iterator[tuple[subprocess.Popen[bytes], float, Path]]:
        """Start a process in a session of its own, which a Ctrl-C does not reach; yield it, its start and stderr."""
        environment = {**self._environment, **(variables or {})}
        log = self.file("log")
        with log.open("wb") as errors:
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=self._tree,
                env=environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )
        try:
            yield process, started, log
        finally:
            end(process)
            if process.stdout is not None:
                process.stdout.close()


def _story(command: Sequence[str], log: Path) -> str:
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it said nothing"]
    reason = next((line for line in said if "error" in line.lower()), said[-1])
    return f"did not start: {reason} ({' '.join(command)})"


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it started, by their ids; what does not go is killed."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE / 3)
    for child in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.terminate()
    _, remaining = psutil.wait_procs(family, PATIENCE / 3)
    for child in remaining:
        child.kill()
    if process.poll() is None:
        process.kill()
    process.wait()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port
