"""All targets, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz.documents import CONTRACTS, FIXTURES, OVERLAYS
from tests.fuzz.schemas import BODY, PATTERN
from tests.fuzz.served import BYTES, CONTROL, SCENARIOS
from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target for target in (BYTES, CONTRACTS, OVERLAYS, FIXTURES, SCENARIOS, CONTROL, PATTERN, BODY)
}
