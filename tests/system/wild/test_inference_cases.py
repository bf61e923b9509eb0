"""What is inferred of published contracts is what careful readers say, operation by operation.

The tables are about operations that the contracts have, in the edition that was read.
"""

from __future__ import annotations

from functools import cache

import pytest

from benchmarks.published.at_hand import contracts
from benchmarks.published.contract import PublishedContract
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.resources.inference import infer
from mock_server.openapi.resources.model import ResourceModel, Verdict
from tests.support.inference_cases import TABLES, InferenceTable

pytestmark = pytest.mark.wild

AT_HAND = contracts()
SEEN = 0.7
"""The least share of a table that has to be understood; of all tables together it is more than nine tenths."""


@pytest.mark.parametrize("name", TABLES)
def test_contract_has_operations_of_table(name: str) -> None:
    table = InferenceTable.read(name)
    if table.contract not in AT_HAND:
        pytest.skip(f"the contract is not on this machine: {table.source or 'make published brings it'}")
    contract = PublishedContract.read(AT_HAND[table.contract])
    operations = {operation.key for operation in contract.operations}
    assert [case.operation for case in table.cases if case.operation not in operations] == []
    info = contract.document["info"]
    assert (info["title"], info["version"], len(operations)) == (table.title, table.version, table.operations)


@cache
def model_of_table(contract: str) -> ResourceModel:
    """What is inferred of a published contract."""
    return infer(load_contract(str(AT_HAND[contract])))


def verdicts_of(table: InferenceTable) -> dict[str, Verdict]:
    """The verdicts on the operations of a table; skips where the contract is not on this machine."""
    if table.contract not in AT_HAND:
        pytest.skip(f"the contract is not on this machine: {table.source or 'make published brings it'}")
    verdicts = model_of_table(table.contract).verdicts
    return {case.operation: verdicts[case.operation] for case in table.cases}


def is_one_thing(first: Verdict, second: Verdict) -> bool:
    """Whether two verdicts are about one resource; what is linked is a set of its own for each path."""
    if {first.verb, second.verb} <= {"link", "unlink"}:
        places = {verdict.operation.partition(" ")[2].rpartition("/")[0] for verdict in (first, second)}
        return first.resource == second.resource and len(places) == 1
    return first.resource == second.resource


@pytest.mark.parametrize("name", TABLES)
def test_no_claim_contradicts_the_reader(name: str) -> None:
    """What is unsure, or a view or an action, keeps no state: that is a miss at most."""
    table = InferenceTable.read(name)
    verdicts = verdicts_of(table)
    claims = [(case, verdicts[case.operation]) for case in table.cases if verdicts[case.operation].is_stateful]
    assert [f"{verdict.operation}: {verdict.claim}" for case, verdict in claims if not case.accepts(verdict.verb)] == []
    keys = [(case, verdict) for case, verdict in claims if case.keys and verdict.key is not None]
    assert [f"{verdict.operation}: {verdict.key}" for case, verdict in keys if verdict.key not in case.keys] == []


@pytest.mark.parametrize("name", TABLES)
def test_resources_are_together_and_apart_as_the_reader_has_them(name: str) -> None:
    table = InferenceTable.read(name)
    verdicts = verdicts_of(table)
    wrong = [
        f"{first.operation}, {second.operation}: {'one thing' if together else 'two things'}"
        for first, second, together in table.pairs()
        if verdicts[first.operation].is_stateful
        and verdicts[second.operation].is_stateful
        and is_one_thing(verdicts[first.operation], verdicts[second.operation]) != together
    ]
    assert wrong == []


@pytest.mark.parametrize("name", TABLES)
def test_most_of_what_the_reader_sees_is_seen(name: str) -> None:
    table = InferenceTable.read(name)
    verdicts = verdicts_of(table)
    verbs = {case: verdicts[case.operation] for case in table.cases}
    agreed = [case for case, verdict in verbs.items() if verdict.is_sure and verdict.verb in {case.verb, *case.also}]
    assert len(agreed) >= SEEN * len(table.cases)
