"""What tests of replicas share: a hub that keeps what it acknowledged, and two replicas of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.support.replica_client import ReplicaClient
from tests.support.replicas import Replicas
from tests.support.valkey_server import DURABLE, RunningValkey

Pair: TypeAlias = tuple[ReplicaClient, ReplicaClient]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningValkey]:
    directory = tmp_path / "hub"
    directory.mkdir()
    with RunningValkey(directory, *DURABLE, "--enable-debug-command", "local") as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, str]:
    """The arguments that name records which all replicas share."""
    return "--store", f"sqlite:///{tmp_path}/records.db"


@pytest.fixture
def two(own_cache: None, hub: RunningValkey, store: tuple[str, str]) -> Iterator[Replicas]:
    with Replicas(2, "--hub", hub.url, *store) as replicas:
        yield replicas
    assert "Traceback" not in replicas.errors


@pytest.fixture
def pair(two: Replicas) -> Iterator[Pair]:
    """A client of each of two replicas."""
    with ExitStack() as stack:
        first, second = (stack.enter_context(ReplicaClient(url)) for url in two.urls)
        yield first, second
