"""Five hundred worlds that eight clients use at any of three replicas, undisturbed and while processes are killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.haproxy import HAProxy
from tests.support.replicas import Replicas
from tests.support.sprayed_load import SprayedLoad
from tests.support.valkey_server import DURABLE, RunningValkey
from tests.support.world_ledger import written_contract

pytestmark = [pytest.mark.chaos, pytest.mark.usefixtures("own_cache")]
WORLDS = 500


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[RunningValkey]:
    with RunningValkey(tmp_path, *DURABLE) as server:
        yield server


@pytest.fixture
def replicas(hub: RunningValkey, tmp_path: Path) -> Iterator[Replicas]:
    with Replicas(3, written_contract(tmp_path), "--hub", hub.url) as replicas:
        yield replicas
    assert "Traceback" not in replicas.errors


@pytest.fixture
def load(replicas: Replicas) -> Iterator[SprayedLoad]:
    """Clients of each replica, and of a load balancer before all."""
    with ExitStack() as stack:
        balancer = stack.enter_context(HAProxy(replicas.ports))
        load = SprayedLoad([*replicas.urls, balancer.url])
        stack.callback(load.close)
        yield load


def test_no_world_sees_anything_of_another(load: SprayedLoad) -> None:
    for names in load.batches(WORLDS):
        ledgers = load.run(names)
        assert load.contradictions(ledgers) == []
    assert load.misses == []
    assert {*load.statuses} == {200, 201, 429}
