"""The engines that the tests of this folder run over, as two processes would open them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mock_server.hub import Hub, HubBounds, MemoryHub, SharedScenario
from mock_server.hub.sqlite import SqliteHub
from tests.support.hubs import OpensPair, Pair


@pytest.fixture(params=["memory", "sqlite"])
def opens(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpensPair]:
    """Open a hub twice; in memory that is one and the same."""
    hubs: list[Hub] = []

    def open_pair(*standing: SharedScenario, bounds: HubBounds | None = None) -> Pair:
        if request.param == "memory":
            hub = MemoryHub(standing, bounds)
            hubs.append(hub)
            return hub, hub
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
