"""A container of the image: it starts fast, is used by a real SDK, needs nothing but its port, and stops when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.support.container import URL, USER, Container, Mount, Start
from tests.support.customers import INDIVIDUAL, ME
from tests.support.http_exchange import Got, asked, me
from tests.support.paths import ROOT

pytestmark = pytest.mark.image

SDK = [".venv-clients/python-1.0/bin/python", "tests/system/clients/python-1.0/client_1_0.py"]
LIGHTHOUSES = ROOT / "deploy/kubernetes/components/contract"
SHELLS = ("sh", "bash", "dash")
SECONDS_TO_STOP = 2


def got(container: Container, **case: object) -> Got:
    """What a client in the container's network is answered."""
    return container.asked(partial(asked, URL, case))


def test_container_is_ready_healthy_and_used_by_sdk(start: Start, server_url: str, figures: list[str]) -> None:
    container = start()
    assert container.ready_line == "Mock server ready at http://0.0.0.0:4010 (Polar API 0.1.0)\n"
    assert container.is_healthy()
    tokens = ["polar_cst_individual", "polar_cst_SE", "polar_cst_expired"]
    outputs = [
        subprocess.run(
            [*network, *SDK, *tokens],
            cwd=ROOT,
            env={**os.environ, "MOCK_SERVER_URL": url, "NO_PROXY": "*", "no_proxy": "*"},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        ).stdout
        for network, url in ((["nsenter", f"--net=/proc/{container.pid}/ns/net"], URL), ([], server_url))
    ]
    assert outputs[0] == outputs[1]
    assert json.loads(outputs[0].splitlines()[0])["customer"]["email"] == "harriet.winslade@example.com"
    memory = psutil.Process(container.pid).memory_info().rss / 1e6
    code, seconds = container.stop()
    assert (code, container.errors) == (0, "")
    assert seconds < SECONDS_TO_STOP
    figures.append(
        f"run by crun: ready after {container.seconds_to_ready:.2f} s, {memory:.0f} MB, stopped in {seconds:.2f} s"
    )


def test_container_runs_without_privileges(start: Start) -> None:
    container = start()
    status = dict(
        line.split(":\t", 1) for line in container.run("/usr/bin/cat", "/proc/1/status").splitlines() if ":\t" in line
    )
    assert status["Uid"].split() == [str(USER[0])] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    with pytest.raises(AssertionError, match="Read-only file system"):
        container.run("/usr/bin/touch", "/opt/mock-server/written")


def test_any_user_will_do(start: Start) -> None:
    """Some orchestrators choose a number of their own, with the group of root."""
    container = start(user=(1_000_720_000, 0))
    assert container.is_healthy()
    assert container.stop()[0] == 0
    assert container.errors == ""


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_signal_ends_container_though_response_is_pending(start: Start, workers: str, how: int) -> None:
    container = start(environment={"MOCK_SERVER_WORKERS": workers}, mounts=[Mount("/tmp")] if workers == "2" else [])
    lines = [f"GET {ME} HTTP/1.1", "Host: localhost", *(f"{name}: {value}" for name, value in INDIVIDUAL.items())]

    def wait() -> socket.socket:
        waiting = socket.create_connection(("127.0.0.1", 4010), timeout=30)
        waiting.sendall("\r\n".join([*lines, "Prefer: delay=60000", "", ""]).encode())
        return waiting

    with container.asked(wait):
        assert got(container, headers=INDIVIDUAL).status == 200
        code, seconds = container.stop(how)
    assert code == 0
    assert seconds < SECONDS_TO_STOP
    assert "Traceback" not in container.errors


def test_no_shell_is_needed(start: Start, root: str) -> None:
    masked = [Mount(f"/usr/bin/{shell}", Path("/dev/null")) for shell in SHELLS]
    container = start(environment={"MOCK_SERVER_WORKERS": "2"}, mounts=[*masked, Mount("/tmp")])
    for shell in SHELLS:
        with pytest.raises(AssertionError, match=r"exec|denied"):
            container.run(f"/usr/bin/{shell}", "-c", "true")
    assert container.is_healthy()
    assert got(container, headers=INDIVIDUAL).status == 200
    assert container.stop()[0] == 0


def test_all_that_start_learns_is_in_image(start: Start) -> None:
    """A start that is told to keep it elsewhere writes files of the very names that the image has."""
    container = start(environment={"XDG_CACHE_HOME": "/tmp"}, mounts=[Mount("/tmp")])
    listing = "import os, sys; print(*sorted(os.listdir(sys.argv[1])))"
    learnt, shipped = (
        container.run("/opt/mock-server/bin/python", "-c", listing, f"{place}/mock-server").split()
        for place in ("/tmp", "/var/cache")
    )
    assert learnt == shipped
    assert len(shipped) == 3
    container.run(
        "/opt/mock-server/bin/python",
        "-c",
        "import sys; open(sys.argv[1]).read()",
        f"/var/cache/mock-server/{shipped[0]}",
    )


def test_contract_is_mounted(start: Start) -> None:
    container = start(
        environment={"MOCK_SERVER_CONTRACT": "/contract/openapi.yaml"}, mounts=[Mount("/contract", LIGHTHOUSES)]
    )
    assert container.ready_line == "Mock server ready at http://0.0.0.0:4010 (Lighthouses 1.0.0)\n"
    assert json.loads(got(container, path="/lighthouses/Kullen").body) == {"name": "Kullen", "height": 15, "lit": True}
    assert container.stop()[0] == 0
    assert container.errors == ""


def test_fixtures_are_mounted(start: Start, tmp_path: Path) -> None:
    shipped = (ROOT / "fixtures/customers.yaml").read_text(encoding="utf-8")
    (tmp_path / "customers.yaml").write_text(shipped.replace("harriet.winslade@", "mounted@"), encoding="utf-8")
    tmp_path.chmod(0o755)
    container = start(environment={"MOCK_SERVER_FIXTURES": "/fixtures"}, mounts=[Mount("/fixtures", tmp_path)])
    assert json.loads(container.asked(partial(me, URL)).body)["email"] == "mounted@example.com"


def test_contract_that_is_missing_ends_start_with_message(start: Start) -> None:
    container = start(environment={"MOCK_SERVER_CONTRACT": "/contract/openapi.yaml"})
    assert container.finished() == ""
    assert container.process.returncode == 2
    assert "/contract/openapi.yaml" in container.errors
    assert len(container.errors.splitlines()) == 1


def test_image_has_client_of_hub(start: Start) -> None:
    container = start(environment={"MOCK_SERVER_HUB": "valkey://127.0.0.1:6379/0"})
    assert container.finished() == ""
    assert container.process.returncode == 2
    assert "hub valkey://127.0.0.1:6379/0: found no server that answers" in container.errors


def test_arguments_are_commands(start: Start) -> None:
    container = start("check")
    assert container.finished().endswith(" 0 findings\n")
    assert container.process.returncode == 0


def test_customers_are_same_in_a_container(start: Start) -> None:
    arguments = ["generate", "customers", "--country", "all", "--seed", "7"]
    container = start(*arguments)
    elsewhere = subprocess.run(
        [ROOT / ".venv/bin/mock-server", *arguments], capture_output=True, text=True, check=True
    ).stdout
    assert container.finished() == elsewhere
    assert container.process.returncode == 0


def test_admin_takes_token_from_others_than_container_itself(start: Start) -> None:
    """A published port is asked from the address of another machine; here the network has one more of its own."""
    container = start(environment={"MOCK_SERVER_ADMIN_TOKEN": "sesame"})
    other = "192.0.2.17"
    container.engine.run("ip", "address", "add", f"{other}/32", "dev", "lo", network_of=container.pid)
    url = f"http://{other}:4010"

    def status(path: str, **headers: str) -> int:
        return container.asked(partial(asked, url, {"path": path, "headers": headers})).status

    assert status(ME, **INDIVIDUAL) == 200
    assert status("/__admin/health") == 200
    assert status("/__admin/requests") == 403
    assert status("/__admin/requests", Authorization="Bearer sesame") == 200
    assert status("/__admin/requests", Authorization="Bearer guess") == 401
    assert got(container, path="/__admin/requests").status == 200  # as in `docker exec`
