"""The engines that the tests of this folder run over, as two processes would open them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from mock_server.hub import HubBounds, MemoryHub, SharedHub, SharedScenario
from mock_server.hub.sqlite import SqliteHub
from mock_server.hub.valkey import ValkeyHub
from tests.support.hubs import OpensPair, OpensPlace, OpensSharedPair, Pair, SharedPair
from tests.support.valkey_server import running_valkey

SHARED = ["sqlite", pytest.param("valkey", marks=pytest.mark.store)]


@pytest.fixture(autouse=True)
def _rings_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the rings of a test, and of the processes that it starts, in a directory that goes with it."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The host and port of a server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as place:
        yield place


class Opener:
    """Open hubs of an engine twice, and close them."""

    def __init__(self, request: pytest.FixtureRequest, directory: Path) -> None:
        self._request = request
        self._directory = directory
        self._hubs: list[SharedHub] = []

    def open(self, *standing: SharedScenario, bounds: HubBounds | None = None) -> SharedPair:
        pair: SharedPair
        if self._request.param == "valkey":
            address, prefix = f"redis://{self._request.getfixturevalue('valkey')}", f"{token_hex(4)}:"
            pair = (ValkeyHub(address, bounds, prefix), ValkeyHub(address, bounds, prefix))
        else:
            file = self._directory / "hub.db"
            pair = (SqliteHub(file, bounds), SqliteHub(file, bounds))
        for hub in pair:
            hub.serve("d", standing)
        self._hubs.extend(pair)
        return pair

    def close(self) -> None:
        for hub in self._hubs:
            hub.close()


@pytest.fixture(params=SHARED)
def opens_shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpensSharedPair]:
    """Open a hub of several processes twice."""
    opener = Opener(request, tmp_path)
    yield opener.open
    opener.close()


@pytest.fixture(params=["memory", *SHARED])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpensPair]:
    """Open a hub twice; in memory that is one and the same."""
    opener = Opener(request, tmp_path)

    def open_memory(*standing: SharedScenario, bounds: HubBounds | None = None) -> Pair:
        hub = MemoryHub(bounds)
        hub.serve("d", standing)
        return hub, hub

    yield open_memory if request.param == "memory" else opener.open
    opener.close()


@pytest.fixture
def pair(opens: OpensPair) -> Pair:
    """A hub as two processes have it."""
    return opens()


@pytest.fixture
def shared(opens_shared: OpensSharedPair) -> SharedPair:
    """A hub of several processes, as two of them have it."""
    return opens_shared()


@pytest.fixture(params=SHARED)
def opens_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpensPlace]:
    """Open a hub in several processes."""
    if request.param == "valkey":
        opener = OpensPlace(f"redis://{request.getfixturevalue('valkey')} {token_hex(4)}:")
    else:
        opener = OpensPlace(str(tmp_path / "hub.db"))
    yield opener
    opener.close()
