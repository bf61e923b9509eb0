"""What the events of webhooks cost: each made and validated in this process, in processor time.

``python -m benchmarks.events [CONTRACT]`` prints, for each webhook (of all of Polar), microseconds of the first event
of a record in a change and of a further one of the same record, and the bytes of the body.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from time import process_time

from benchmarks import contracts
from mock_server.mocking.events.event_maker import ShownRecords
from mock_server.mocking.mounts import build_mounts
from mock_server.settings import Settings
from mock_server.worlds.state.record_editor import RecordEditor

EVENTS = 20
"""Events of one round."""
ROUNDS = 10
"""Rounds, of which the quickest counts: another program on the machine makes none quicker."""


def cost(make: Callable[[int], object]) -> float:
    """Return the microseconds of processor time that a call takes."""
    rounds: list[float] = []
    for _ in range(ROUNDS):
        began = process_time()
        for number in range(EVENTS):
            make(number)
        rounds.append((process_time() - began) / EVENTS * 1e6)
    return min(rounds)


def main(arguments: list[str]) -> int:
    """Measure and print; the exit code, 0."""
    if not arguments and not contracts.FULL.exists():
        print("found no contract of all of Polar on this machine; expected one. Name a contract.")
        return 2
    (mount, *_) = build_mounts(Settings(contract=(arguments[0] if arguments else str(contracts.FULL),)))
    state = mount.state
    assert state is not None
    maker, store = mount.selector.events.maker, mount.store
    print(f"{'event':<36} {'first µs':>10} {'again µs':>10} {'bytes':>8}")
    for name, mapped in maker.webhooks.webhooks.items():
        records = RecordEditor(state.model, mapped.resource, store).all() if mapped.resource else ()
        record = next(iter(records), None)
        event = maker.event(name, record, "", 0.0, store)
        if event.finding:
            print(f"{name:<36} {event.finding}")
            continue
        showings: ShownRecords = {}
        first = cost(lambda number: maker.event(name, record, "", float(number), store))  # noqa: B023
        again = cost(lambda number: maker.event(name, record, "", float(number), store, showings))  # noqa: B023
        print(f"{name:<36} {first:>10.0f} {again:>10.0f} {len(json.dumps(event.body)):>8}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
