"""Published contracts: a record of every resource is created, read, listed, filtered, sorted, changed and deleted.

The numbers of ``tests/golden/cycles.json`` are those of the cycles that are whole; they may not fall. What fails is
printed: ``python -m tests.support.state_cycles CONTRACT --resource NAME --all`` shows it with requests and answers.
"""

from __future__ import annotations

import json

import pytest

from benchmarks.published.at_hand import contracts
from tests.support.paths import TESTS
from tests.support.state_cycles import StateCycles, summary

pytestmark = pytest.mark.state

AT_HAND = contracts()
GOLDEN: dict[str, dict[str, int]] = json.loads((TESTS / "golden" / "cycles.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mode", ["auto", "strict"])
@pytest.mark.parametrize("name", GOLDEN)
def test_no_fewer_cycles_of_published_contract_are_whole(name: str, mode: str) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    report = StateCycles(AT_HAND[name], mode=mode).run()
    print("\n" + summary(report))
    assert report.whole >= GOLDEN[name][mode], summary(report)
