"""Faults of deliveries that a scenario asks for: the events that one request causes go wrong on their way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.text import did_you_mean
from mock_server.http.messages import Response
from mock_server.openapi.model import Contract
from mock_server.openapi.webhooks.known_events import event_named, event_names
from mock_server.scenarios.delivery_fault import EventFault
from mock_server.scenarios.model import Scenario
from mock_server.worlds.state.effects.later_rows import with_faults

if TYPE_CHECKING:
    from mock_server.worlds.events.outbox import Outbox


def with_faulty_deliveries(
    answer: Response, faults: Sequence[EventFault], contract: Contract, outbox: Outbox | None
) -> Response:
    """Return an answer whose events are delivered with faults, those too of the steps that it plans for later."""
    if not faults or not answer.changes or outbox is None:
        return answer
    named = [replace(fault, event=event_named([contract], fault.event) or fault.event) for fault in faults]
    return replace(answer, changes=tuple(outbox.spoilt(with_faults(answer.changes, named), named)))


def fault_findings(scenario: Scenario, contracts: Sequence[Contract]) -> Iterator[Diagnostic]:
    """Yield findings about faults of events that no contract tells of: a test could pass because nothing happens."""
    if not any(stub.webhook for stub in scenario.answers):
        return
    known = event_names(contracts)
    for index, stub in enumerate(scenario.answers):
        for number, fault in enumerate(stub.webhook):
            is_listed = len(stub.webhook) > 1 or isinstance(_written(scenario, index), list)
            pointer = f"/answers/{index}/webhook" + (f"/{number}" if is_listed else "")
            if not known:
                yield Diagnostic("unknown-event", "body", "a fault of webhooks", "a contract that has some", pointer)
            elif fault.event and event_named(contracts, fault.event) is None:
                actual = f"{fault.event[:80]!r}{did_you_mean(fault.event, known)}"
                yield Diagnostic("unknown-event", "body", actual, "an event of the contract", f"{pointer}/event")


def _written(scenario: Scenario, index: int) -> object:
    """Return what a scenario says of faults in one of its answers."""
    data = scenario.data
    answers = data.get("answers") if isinstance(data, dict) else None
    answer = answers[index] if isinstance(answers, list) else None
    return answer.get("webhook") if isinstance(answer, dict) else None
