"""What is inferred of published contracts: how many operations keep state without being told, and how many are unsure.

The numbers of ``tests/golden/resources.json`` change when a rule does; whoever changes one reads what changed with it
(``mock-server routes CONTRACT``). Times are printed and not asserted, since machines differ.
"""

from __future__ import annotations

import json
from time import process_time

import pytest

from benchmarks.published.at_hand import contracts
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.resources.inference import infer
from tests.support.paths import TESTS

pytestmark = pytest.mark.wild

AT_HAND = contracts()
GOLDEN = json.loads((TESTS / "golden" / "resources.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", GOLDEN)
def test_published_contract_is_understood_as_before(name: str) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    contract = load_contract(str(AT_HAND[name]))
    begun = process_time()
    model = infer(contract)
    print(
        f"\n{name}: {len(contract.operations)} operations in {1000 * (process_time() - begun):.0f} ms of process time"
    )
    unsure = sum(not verdict.is_sure for verdict in model.verdicts.values())
    counts = {"operations": len(contract.operations), "stateful": model.stateful, "unsure": unsure}
    assert counts == GOLDEN[name]
