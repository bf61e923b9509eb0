"""What a server process can tell of itself, beside what it serves."""

from __future__ import annotations

from dataclasses import dataclass

from mock_server.fast import FastPath
from mock_server.readiness import Readiness
from mock_server.tally import Tallies


@dataclass(slots=True)
class Vitals:
    """What was counted, whether requests can be answered, and what is remembered (None: nothing is)."""

    tallies: Tallies
    readiness: Readiness
    fast: FastPath | None
