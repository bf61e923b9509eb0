from __future__ import annotations

import pytest

from mock_server.openapi.loading.loader import load_contract
from tests.support.made_records import outcome_of
from tests.support.paths import SHARED

pytestmark = pytest.mark.state

POLAR = SHARED / "contracts/polar-full-2026-10.json"


@pytest.mark.skipif(not POLAR.exists(), reason="the shared contracts are not beside the project")
def test_what_polar_is_sent_comes_back_by_every_view() -> None:
    outcome = outcome_of(load_contract(str(POLAR)))
    assert outcome.failures == [], str(outcome)
    assert outcome.operations >= 47
    assert outcome.equal >= 1_270, str(outcome)
