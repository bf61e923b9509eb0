"""What tests share: the contract that ships, a running server, the command line."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

import httpx
import pytest

from mock_server.core import bundled
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from tests.support.command_line import Done
from tests.support.postgresql import running
from tests.support.server_process import RunningServer
from tests.support.suite_server import SuiteServer


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is learnt of contracts out of the developer's cache, and the developer's settings out of the tests.

    The workers of pytest-xdist share it: what one of them has compiled the others read.
    """
    directory = tmp_path_factory.getbasetemp()
    shared = directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "contracts-cache"))
        for name in [*os.environ]:
            if name.startswith("MOCK_SERVER_") or name in ("PORT", "PYTHONDONTWRITEBYTECODE"):
                patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def patient_clients() -> Iterator[None]:
    """Have clients of httpx that are given no time wait for a minute, not 5 s: the machine does more than one test."""
    default = signature(httpx.get).parameters["timeout"].default
    with pytest.MonkeyPatch.context() as patch:
        for phase in ("connect", "read", "write", "pool"):
            patch.setattr(default, phase, 60.0)
        yield


@pytest.fixture(scope="module", autouse=True)
def heap_of_before() -> None:
    """Let the garbage collector pass over what is there: it takes seconds to look through contracts in caches."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def contract(own_cache: None) -> Contract:
    """The contract that ships, with its overlays."""
    return load_contract(str(bundled.default_contract_path()), [str(path) for path in bundled.overlays()])


@pytest.fixture(scope="session")
def store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The store of ``--store``: an address, or ``sqlite`` or ``postgresql`` for one of the tests' own."""
    store = str(request.config.getoption("--store"))
    if store == "postgresql":
        with running() as postgres:
            yield postgres.url()
    else:
        yield f"sqlite:///{tmp_path_factory.mktemp('store')}/records.db" if store == "sqlite" else store


@pytest.fixture(scope="session")
def suite_server(own_cache: None, store_url: str) -> Iterator[SuiteServer]:
    """A server with the contract that ships, its store, hub, workers and replicas as the options of pytest say."""
    with SuiteServer(env={"MOCK_SERVER_STORE": store_url}) as server:
        yield server


@pytest.fixture(scope="session")
def server_url(suite_server: SuiteServer) -> str:
    """The base URL of the server that suites share."""
    return suite_server.url


@pytest.fixture(scope="session")
def wire_url(suite_server: SuiteServer) -> str:
    """The base URL of the same server, or of a replica, where no byte changes on the way."""
    return suite_server.wire_url


@pytest.fixture(scope="session")
def command(own_cache: None) -> Callable[..., Done]:
    """Run ``mock-server`` with arguments, as a user would."""

    def run(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "mock_server", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **(env or {})},
            **options,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the golden file be written anew, and the suites on the wire run over any store and number of workers."""
    parser.addoption(
        "--store", default="memory", help="store of the server that suites share; sqlite, postgresql: its own"
    )
    parser.addoption("--workers", default="1", help="processes of each server in a process of its own")
    parser.addoption("--hub", default="", help="hub of servers of suites on the wire; valkey: one of its own")
    parser.addoption("--replicas", default=1, type=int, help="replicas behind HAProxy, for suites on the wire")
    parser.addoption("--no-fast-path", action="store_true", help="have servers find every answer anew")
    parser.addoption("--operations", default="25", help="operations of each published contract that Schemathesis tries")
    parser.addoption("--renew-golden", action="store_true", help="write what is generated to tests/golden")


def pytest_configure(config: pytest.Config) -> None:
    """Take note of how many workers and replicas servers have, and of their hub."""
    RunningServer.workers = str(config.getoption("--workers"))
    SuiteServer.hub = str(config.getoption("--hub"))
    SuiteServer.replicas = int(config.getoption("--replicas"))
    RunningServer.finds_anew = bool(config.getoption("--no-fast-path"))
