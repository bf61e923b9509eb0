"""``serve`` with TLS and at a Unix socket, by real connections; the health check of both."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import stat
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mock_server.testing import MockServer
from tests.support.certificates import certificate_files
from tests.support.command_line import Done, assert_one_message, called
from tests.support.customers import ME
from tests.support.server_process import RunningServer

SE = {"authorization": "Bearer polar_cst_SE"}
by_socket = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no Unix sockets")


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A path that is short enough for a socket, and free."""
    return str(tmp_path_factory.mktemp("s") / "mock.sock")


def asked_by_socket(path: str, target: str) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(uds=path), base_url="http://localhost", timeout=60) as client:
        return client.get(target, headers=SE)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_certificate_is_made_on_the_spot(workers: str, own_cache: None, capsys: pytest.CaptureFixture[str]) -> None:
    with RunningServer("--tls", "--workers", workers) as server:
        assert server.process.stdout is not None
        authority = Path(server.process.stdout.readline().removeprefix("Certificate to trust: ").strip())
        trusting = ssl.create_default_context(cafile=str(authority))
        port = urlsplit(server.url).port
        for host in ("127.0.0.1", "localhost"):
            assert httpx.get(f"https://{host}:{port}{ME}", headers=SE, verify=trusting, timeout=60).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}{ME}")
        assert called(capsys, "healthcheck", "--tls", "--port", str(port)) == Done(0, "", "")
        assert called(capsys, "healthcheck", "--url", server.url) == Done(0, "", "")
        assert called(capsys, "healthcheck", "--port", str(port)).code == 1
        assert [stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (authority.parent,)] == [0]
        assert server.stop() == 0
    assert not authority.parent.exists()


@pytest.mark.parametrize("is_one_file", [True, False])
def test_certificate_of_files_is_used(
    is_one_file: bool, tmp_path: Path, own_cache: None, capsys: pytest.CaptureFixture[str]
) -> None:
    files = certificate_files(tmp_path, "mock.example", "127.0.0.1")
    flags = ["--tls-cert", files.both] if is_one_file else ["--tls-cert", files.chain, "--tls-key", files.key]
    with RunningServer(*flags) as server:
        assert server.url.startswith("https://127.0.0.1:")
        got = httpx.get(f"{server.url}{ME}", headers=SE, verify=files.trusting, timeout=60)
        assert (got.status_code, got.http_version) == (200, "HTTP/1.1")
        environment = {"MOCK_SERVER_TLS_CERT": files.both, "MOCK_SERVER_PORT": str(urlsplit(server.url).port)}
        assert called(capsys, "healthcheck", env=environment) == Done(0, "", "")
        assert server.stop() == 0
    assert server.errors == ""


def test_broken_connection_is_broken_with_tls_too(tmp_path: Path, own_cache: None) -> None:
    files = certificate_files(tmp_path, "127.0.0.1")
    with RunningServer("--tls-cert", files.both) as server, httpx.Client(verify=files.trusting, timeout=60) as client:
        scenario = {"answers": [{"cut": "mid_body"}]}
        assert client.post(f"{server.url}/__admin/scenarios", json=scenario).status_code == 201
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(f"{server.url}{ME}", headers=SE)
        assert server.stop() == 0


def test_server_in_thread_has_tls_and_sockets(tmp_path: Path, place: str, own_cache: None) -> None:
    files = certificate_files(tmp_path, "127.0.0.1")
    with MockServer(tls_cert=files.both) as mock:
        assert mock.url.startswith("https://")
        assert httpx.get(f"{mock.url}{ME}", headers=SE, verify=files.trusting, timeout=60).status_code == 200
    with MockServer(uds=place):
        assert asked_by_socket(place, ME).status_code == 200
    assert not Path(place).exists()


@by_socket
@pytest.mark.parametrize("workers", ["1", "2"])
def test_socket_is_there_as_long_as_the_server(
    workers: str, place: str, own_cache: None, capsys: pytest.CaptureFixture[str]
) -> None:
    with RunningServer("--uds", place, "--workers", workers) as server:
        assert server.ready_line == f"Mock server ready at http://localhost by the socket {place} (Polar API 0.1.0)\n"
        assert {asked_by_socket(place, ME).status_code for _ in range(8)} == {200}
        assert asked_by_socket(place, "/__admin/requests").status_code == 200
        assert called(capsys, "healthcheck", "--uds", place) == Done(0, "", "")
        second = called(capsys, "serve", "--uds", place)
        assert_one_message(second)
        assert f"--uds: {place}: found a socket at which a server listens; expected a path" in second.errors
        assert server.stop(signal.SIGINT) == 0
    assert not Path(place).exists()
    unwell = called(capsys, "healthcheck", "--uds", place)
    assert (unwell.code, unwell.errors.startswith(f"mock-server: {place}: found no ready server")) == (1, True)


@by_socket
def test_socket_that_was_left_behind_is_replaced(place: str, own_cache: None) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(place)
    with RunningServer("--uds", place) as server:
        assert asked_by_socket(place, ME).status_code == 200
        os.unlink(place)
        Path(place).write_text("of somebody else", encoding="utf-8")
        assert server.stop() == 0
    assert Path(place).read_text(encoding="utf-8") == "of somebody else"


@by_socket
def test_other_file_is_left_alone(place: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(place).write_text("precious", encoding="utf-8")
    done = called(capsys, "serve", "--uds", place)
    assert_one_message(done)
    assert f"--uds: {place}: found a file that is no socket; expected a path that is free" in done.errors
    assert Path(place).read_text(encoding="utf-8") == "precious"


def test_files_that_do_not_fit_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = certificate_files(tmp_path / "a", "a.example"), certificate_files(tmp_path / "b", "b.example")
    plain = tmp_path / "plain"
    plain.write_text("no certificate", encoding="utf-8")
    for flags, said in (
        ((first.chain, second.key), f"--tls-key: {second.key}: found a key of another certificate"),
        ((str(plain), second.key), f"--tls-cert: {plain}: found none that OpenSSL can read; expected a certificate"),
        ((first.chain, str(plain)), f"--tls-key: {plain}: found none that OpenSSL can read; expected a private key"),
        ((first.chain, first.chain), f"--tls-key: {first.chain}: found none that OpenSSL can read"),
    ):
        done = called(capsys, "serve", "--port", "0", "--tls-cert", flags[0], "--tls-key", flags[1])
        assert_one_message(done)
        assert said in done.errors


def test_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    done = called(capsys, "serve", "--port", "0", "--tls")
    assert_one_message(done)
    assert re.search(r"--tls: found no trustme; expected .*pip install 'contract-mock-server\[tls\]'", done.errors)
