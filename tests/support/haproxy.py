"""HAProxy before several servers: Debian's package, as the user who runs the tests, at a free port of loopback."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

from tests.support.loopback import lasting_port, wait_for_listener

# Of what goes wrong only a connection that could not be made leads to another server: that request was not sent.
# Requests are taken as they come, and may be as large as the servers behind want to have them.
CONFIGURATION = """\
global
    maxconn 2000
    tune.bufsize 262144
    tune.maxrewrite 8192
    tune.http.maxhdr 4096
defaults
    timeout connect 2s
    timeout client 90s
    timeout server 90s
    timeout check 2s
    retries 3
    option redispatch 1
    default-server check inter 200ms fall 1 rise 1
frontend requests
    mode http
    option accept-invalid-http-request
    bind 127.0.0.1:{port}
    default_backend requests
backend requests
    mode http
    balance roundrobin
    retry-on conn-failure
    option accept-invalid-http-response
    option httpchk
    http-check send meth GET uri /__admin/health/ready ver HTTP/1.1 hdr Host localhost
    http-check expect status 200
{servers}
"""


def program() -> str:
    """Return the path of HAProxy, which Debian keeps where only administrators look."""
    path = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    assert path, "no haproxy: run tests/system/storage/install"
    return path


class HAProxy:
    """A load balancer that leads each request to the next server that is ready, until the end of the ``with``."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = [*ports]
        self._directory = TemporaryDirectory(prefix="mock-haproxy-")
        self._port = lasting_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> HAProxy:
        servers = "\n".join(f"    server replica{number} 127.0.0.1:{port}" for number, port in enumerate(self._ports))
        path = Path(self._directory.name) / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(port=self._port, servers=servers))
        self._log = (Path(self._directory.name) / "log").open("w+b")
        self._process = subprocess.Popen([program(), "-db", "-f", str(path)], stdout=self._log, stderr=self._log)
        try:
            wait_for_listener(self._port)
        except AssertionError:
            self.__exit__(None, None, None)
            raise AssertionError(Path(self._log.name).read_text()) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        self._directory.cleanup()
