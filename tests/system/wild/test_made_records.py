"""Records of published contracts: what every create and update is sent comes back by every view of the resource.

The numbers of members that come back are the least: they may rise.
"""

from __future__ import annotations

import pytest

from benchmarks.published.at_hand import contracts
from mock_server.openapi.loading.loader import load_contract
from tests.support.made_records import outcome_of

pytestmark = pytest.mark.wild

AT_HAND = contracts()
LEAST = {"discord-2026": 930, "github": 4_800, "openai-2026-08": 620, "stripe-2026-08": 3_950}
"""Plain members that were sent, and that a view shows as they are."""


@pytest.mark.parametrize("name", LEAST)
def test_what_is_sent_comes_back_by_every_view(name: str) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    outcome = outcome_of(load_contract(str(AT_HAND[name])))
    print(f"\n{name}: {outcome}", *outcome.told, sep="\n")
    assert outcome.failures == []
    assert outcome.equal >= LEAST[name]
