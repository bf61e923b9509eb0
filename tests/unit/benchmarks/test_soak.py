"""The soak tells what stays and what does not, and its kinds of requests are answered as they expect."""

from __future__ import annotations

import pytest

from benchmarks.soak.client import Client, Findings
from benchmarks.soak.kinds import KINDS, large_bodies
from benchmarks.soak.verdict import verdicts
from benchmarks.soak.watch import Samples, Timing, thirds
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

SHOP = ROOT / "benchmarks/soak/shop"


def samples(*, growth: float = 0.0, slower: float = 0.0, health: float = 5.0) -> Samples:
    """Five minutes; ``growth`` in MB and ``slower`` in milliseconds per minute."""
    return Samples(
        memory=[(float(at), 100 + growth * at / 60) for at in range(301)],
        health=[Timing(at, health) for at in range(301)],
        loaded=[Timing(1, 1.0)],
        quiet=[Timing(at, 1 + slower * at / 60) for at in range(0, 301, 10)],
    )


@pytest.mark.parametrize(
    ("seen", "findings", "log", "expected"),
    [
        (samples(), Findings(), "ERROR: not reloaded", []),
        (samples(growth=4), Findings(), "", ["resident memory after the first minute"]),
        (samples(growth=-9), Findings(), "", []),
        (samples(slower=5), Findings(), "", ["p99 of remembered answers while clients rest"]),
        (samples(health=260), Findings(), "", ["health while clients are at work"]),
        (samples(), Findings(), "Traceback (most recent call last)", ["tracebacks in the log"]),
        (samples(), Findings(surprises=["orders: found 500"]), "", ["answers that were not expected"]),
    ],
    ids=["flat", "memory", "less memory", "slower", "health", "traceback", "surprise"],
)
def test_what_does_not_hold_is_said(seen: Samples, findings: Findings, log: str, expected: list[str]) -> None:
    assert [one.what for one in verdicts(seen, findings, log) if not one.good] == expected


def test_time_without_core_is_not_servers() -> None:
    seen = samples()
    seen.health.append(Timing(10, 600, held_up=300))
    assert all(one.good for one in verdicts(seen, Findings(), ""))


def test_one_health_answer_may_be_slow() -> None:
    seen = samples()
    seen.health.append(Timing(10, 400))
    assert all(one.good for one in verdicts(seen, Findings(), ""))
    seen.health.append(Timing(11, 510))
    assert [one.what for one in verdicts(seen, Findings(), "") if not one.good] == ["health while clients are at work"]


def test_too_short_run_is_not_good() -> None:
    seen = samples()
    seen.memory = seen.memory[:30]
    assert not verdicts(seen, Findings(), "")[0].good


def test_thirds_are_of_time_after_warm_up() -> None:
    assert thirds([(0, 99), (10, 1), (14, 1), (15, 2), (19, 2), (24, 3), (25, 3)], 10) == [1, 2, 3]


@pytest.mark.slow
def test_each_kind_of_request_is_answered(own_cache: None) -> None:
    with RunningServer(str(SHOP / "shop.yaml"), "--fixtures", str(SHOP / "fixtures")) as server:
        client = Client(server.url, 1, Findings())
        for kind in KINDS.keys() - {large_bodies}:
            client.turn += 1
            kind(client)
        client.hang_up()
    assert "Traceback" not in server.errors
