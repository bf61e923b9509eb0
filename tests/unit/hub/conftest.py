"""The engines that the tests of this folder run over, as two processes would open them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex

import pytest

from mock_server.hub import Hub, HubBounds, MemoryHub, SharedScenario
from mock_server.hub.sqlite import SqliteHub
from mock_server.hub.valkey import ValkeyHub
from tests.support.hubs import OpensPair, Pair
from tests.support.valkey_server import running_valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The host and port of a server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as place:
        yield place


@pytest.fixture(params=["memory", "sqlite", pytest.param("valkey", marks=pytest.mark.store)])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpensPair]:
    """Open a hub twice; in memory that is one and the same."""
    hubs: list[Hub] = []

    def open_pair(*standing: SharedScenario, bounds: HubBounds | None = None) -> Pair:
        if request.param == "memory":
            hub = MemoryHub(standing, bounds)
            hubs.append(hub)
            return hub, hub
        if request.param == "valkey":
            address, prefix = f"redis://{request.getfixturevalue('valkey')}", f"{token_hex(4)}:"
            replicas = (ValkeyHub(address, standing, bounds, prefix), ValkeyHub(address, standing, bounds, prefix))
            hubs.extend(replicas)
            return replicas
        first, second = (SqliteHub(tmp_path / "hub.db", standing, bounds) for _ in range(2))
        hubs.extend((first, second))
        return first, second

    yield open_pair
    for hub in hubs:
        hub.close()


@pytest.fixture
def pair(opens: OpensPair) -> Pair:
    """A hub as two processes have it."""
    return opens()
