"""A PostgreSQL of the tests' own: Debian's package, in a directory that goes away, on a free port of loopback."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from tests.support.loopback import lasting_port

PASSWORD = "sesame:and/more@"
WRITTEN = "sesame%3Aand%2Fmore%40"


def programs() -> Path | None:
    """Where PostgreSQL's programs are; None where it is not installed."""
    paths = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if paths:
        return paths[-1].parent
    command = shutil.which("initdb")
    return Path(command).parent if command else None


class Postgres:
    """A server that can be stopped and started again. Its user is ``mock``, its password :data:`PASSWORD`."""

    def __init__(self, directory: Path) -> None:
        location = programs()
        assert location, "make test-store installs PostgreSQL"
        self._programs = location
        self._directory = directory
        self._data = directory / "data"
        self.port = lasting_port()
        self._process: subprocess.Popen[bytes] | None = None
        secret = directory / "password"
        secret.write_text(PASSWORD, encoding="utf-8")
        if os.getuid() == 0:  # which initdb refuses
            for place in (directory, secret):
                shutil.chown(place, "postgres", "postgres")
        options = ("-U", "mock", f"--pwfile={secret}", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "-N")
        self._run("initdb", "-D", str(self._data), *options)

    def url(self, database: str = "postgres", *, password: str = WRITTEN, user: str = "mock") -> str:
        """The address of a database."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it; it takes connections when this returns."""
        assert self._process is None
        options = ("-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self._directory}")
        log = (self._directory / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    *self._as_user(),
                    str(self._programs / "postgres"),
                    "-D",
                    str(self._data),
                    "-p",
                    str(self.port),
                    *options,
                    "-c",
                    "fsync=off",
                ],
                stdout=log,
                stderr=log,
                cwd=self._directory,
                start_new_session=True,
            )
        self._run("pg_isready", "-h", "127.0.0.1", "-p", str(self.port), "-t", "30", tries=300)

    def stop(self) -> None:
        """Stop it at once, by its process id; connections break off."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(30)

    def kill(self) -> None:
        """End all its processes at once, with nothing put in order."""
        process, self._process = self._process, None
        if process is not None:
            for pid in self._pids(process.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.wait(30)

    def freeze(self) -> None:
        """Let it answer no more, and close nothing."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """A database of one's own; its address."""
        import psycopg

        name = f"t{uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        if self._process is not None:
            with psycopg.connect(self.url(), autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _pids(self, server: int | None = None) -> list[int]:
        if server is None:
            assert self._process is not None
            server = self._process.pid
        pids = [server]
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == pids[0]:
                    pids.append(int(stat.parent.name))
        return pids

    def _as_user(self) -> Sequence[str]:
        return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.getuid() == 0 else ()

    def _run(self, program: str, *arguments: str, tries: int = 1) -> None:
        command = [*self._as_user(), str(self._programs / program), *arguments]
        for _ in range(tries):
            done = subprocess.run(command, capture_output=True, text=True, cwd=self._directory, check=False)
            if done.returncode == 0:
                return
        raise AssertionError(f"{program}: {done.stdout}{done.stderr}{self._said()}")

    def _said(self) -> str:
        log = self._directory / "log"
        return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


@contextlib.contextmanager
def running() -> Iterator[Postgres]:
    """A server that runs until the end of the ``with``."""
    with TemporaryDirectory(prefix="mock-pg-") as name:
        postgres = Postgres(Path(name))
        postgres.start()
        try:
            yield postgres
        finally:
            postgres.stop()
