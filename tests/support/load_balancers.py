"""Load balancers with the configurations that are shipped, before replicas at ports of loopback."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection
from urllib.parse import urlsplit

from tests.support.paths import ROOT
from tests.support.polling import until
from tests.support.valkey_server import free_port

PLACE = ROOT / "deploy/load-balancing"
ENVOY = ROOT / ".venv/envoy/envoy/_bin/envoy"
REMEDY = "no such program: make test-deploy installs it"
PROGRAMS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
Configured = Callable[[str], str]
"""The configuration of that name with the addresses of a test in it."""


def _nginx(directory: Path, configured: Configured) -> list[str]:
    (directory / "mock-server.conf").write_text(configured("nginx.conf"), encoding="utf-8")
    places = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    http = f"access_log off; {places} include mock-server.conf;"
    main = f"daemon off; pid pid; error_log stderr; events {{}} http {{ {http} }}"
    (directory / "main.conf").write_text(main, encoding="utf-8")
    return [_program("nginx"), "-p", str(directory), "-e", "stderr", "-c", "main.conf"]


def _haproxy(directory: Path, configured: Configured) -> list[str]:
    (directory / "haproxy.cfg").write_text(configured("haproxy.cfg"), encoding="utf-8")
    return [_program("haproxy"), "-db", "-f", str(directory / "haproxy.cfg")]


def _envoy(directory: Path, configured: Configured) -> list[str]:
    (directory / "envoy.yaml").write_text(configured("envoy.yaml"), encoding="utf-8")
    assert ENVOY.exists(), REMEDY
    options = ["--use-dynamic-base-id", "--log-level", "error", "--concurrency", "1"]
    return [str(ENVOY), "-c", str(directory / "envoy.yaml"), *options]


LOAD_BALANCERS = {"nginx": _nginx, "haproxy": _haproxy, "envoy": _envoy}


def _program(name: str) -> str:
    program = shutil.which(name, path=PROGRAMS)
    assert program is not None, f"{name}: {REMEDY}"
    return program


def _with_addresses(text: str, port: int, replicas: Sequence[str]) -> str:
    """Return a configuration for this port and these replicas, whose three names it has."""
    addresses = {f"replica-{number}": urlsplit(url) for number, url in enumerate(replicas, 1)}
    for name, address in addresses.items():
        text, by_colon = re.subn(rf"\b{name}:4010", address.netloc, text)
        text, by_fields = re.subn(
            rf"address: {name}, port_value: 4010", f"address: {address.hostname}, port_value: {address.port}", text
        )
        assert by_colon + by_fields == 1, name
    text, listeners = re.subn(
        r"(listen |bind |address: )(?:0\.0\.0\.0)?(:|, port_value: |)4010", rf"\g<1>127.0.0.1\g<2>{port}", text
    )
    assert listeners == 1
    return text.replace(f"listen 127.0.0.1{port}", f"listen 127.0.0.1:{port}")


@contextmanager
def load_balanced(name: str, directory: Path, replicas: Sequence[str]) -> Iterator[str]:
    """Start a load balancer before three replicas, in a directory of its own; yield its URL."""
    port = free_port()

    def configured(file: str) -> str:
        return _with_addresses((PLACE / file).read_text(encoding="utf-8"), port, replicas)

    command = LOAD_BALANCERS[name](directory, configured)
    with (directory / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=directory)
        try:
            until(lambda: process.poll() is not None or _listens(port))
            assert process.poll() is None, (directory / "log").read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    try:
        create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
