"""Published contracts, every operation of each: whatever the contract lets a client ask is answered, and truly.

What the answers took is printed and not asserted, since machines differ; ``benchmarks.first_answers`` measures it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.first_answers import survey_table, surveyed
from benchmarks.published.at_hand import contracts
from benchmarks.published.contract import PublishedContract
from benchmarks.published.survey import Survey
from benchmarks.servers import Place

pytestmark = pytest.mark.wild

AT_HAND = contracts()
NAMES = sorted(
    {
        "blockfrost",
        "directus",
        "discord-2026",
        "github",
        "openai-2026-08",
        "polar-full-2026-05",
        "polar-full-2026-10",
        "stripe-2026-08",
        *AT_HAND,
    }
)
MOST_MEMORY = 240.0
"""MB (10⁶ bytes) that a server may hold after every operation of a contract was asked in every way.

What is worked out of the 228 resources of GitHub's contract, for the records that it keeps, has some 40 of them.
"""


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_of_published_contract_answers_truly(name: str, tmp_path: Path) -> None:
    if name not in AT_HAND:
        pytest.skip("the contract is not on this machine: make published brings those of npm packages")
    survey = Survey(PublishedContract.read(AT_HAND[name]))
    outcomes, memory = surveyed(survey, Place(tmp_path), AT_HAND[name])
    print(f"\n{survey_table(name, outcomes, memory)}")
    faults = [
        f"{outcome.fault}: {outcome.name} ({outcome.way})\n  {outcome.findings[0]}\n  {outcome.command}"
        for outcome in outcomes
        if outcome.fault
    ]
    assert not faults, "\n".join([f"{len(faults)} of {len(outcomes)} calls:", *faults[:20]])
    assert memory <= MOST_MEMORY
