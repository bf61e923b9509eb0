"""The Valkey of the manifests, as its container starts it: with a password, and all is there after it was killed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import asked
from tests.support.kubernetes_manifests import PLACE, Object, of_kind, pod_of, read
from tests.support.polling import until
from tests.support.server_process import RunningServer
from tests.support.valkey_server import free_port

pytestmark = pytest.mark.deploy

PASSWORD = "s3cret"
SCENARIO = '{"answers": [{"code": 429, "times": 3}, {"pass": true}]}'


def container() -> Object:
    """The container of the manifest."""
    objects = read((PLACE / "components/valkey/valkey.yaml").read_text(encoding="utf-8"))
    (workload,) = of_kind(objects, "StatefulSet")
    (valkey,) = pod_of(workload)["containers"]
    return dict(valkey)


def program(name: str) -> str:
    """Debian 12 has Redis, which takes the same options."""
    path = shutil.which(name) or shutil.which(name.replace("valkey", "redis"))
    assert path is not None, f"no {name}: make test-deploy installs it"
    return path


@contextmanager
def started(directory: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start what the container starts, in a directory in place of its volume, until it answers its probe."""
    name, *options = container()["args"]
    places = {"/data": str(directory), "$(REDISCLI_AUTH)": PASSWORD}
    command = [program(name), *(places.get(option, option) for option in options)]
    process = subprocess.Popen([*command, "--bind", "127.0.0.1", "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        until(lambda: probed(port, PASSWORD))
        yield process
    finally:
        process.kill()
        process.wait(10)


def probed(port: int, password: str) -> bool:
    """Return whether the readiness probe of the manifest succeeds."""
    name, *words = container()["readinessProbe"]["exec"]["command"]
    environment = {**os.environ, "REDISCLI_AUTH": password}
    command = [program(name), "-p", str(port), *words]
    return subprocess.run(command, env=environment, capture_output=True, timeout=10, check=False).returncode == 0


def test_probe_needs_password(tmp_path: Path) -> None:
    port = free_port()
    with started(tmp_path, port):
        assert not probed(port, "another")


def status(server: RunningServer) -> int:
    """Return what a request of the world gets."""
    return asked(server.url, {"path": f"/~w{ME}", "headers": INDIVIDUAL}).status


def test_turns_outlive_killed_hub(tmp_path: Path) -> None:
    """With appendfsync everysec what a killed process wrote is with the system, which writes it to the disk."""
    port = free_port()
    with ExitStack() as servers:
        with started(tmp_path, port):
            hub = f"valkey://:{PASSWORD}@127.0.0.1:{port}/0"
            server = servers.enter_context(RunningServer("--workers", "1", "--hub", hub))
            staged = {"method": "POST", "path": "/~w/__admin/scenarios", "content": SCENARIO}
            assert asked(server.url, staged).status == 201
            assert status(server) == 429
        assert status(server) == 503
        with started(tmp_path, port):
            until(lambda: asked(server.url, {"path": "/__admin/health/ready"}).status == 200)
            assert [status(server) for _ in range(3)] == [429, 429, 200]
