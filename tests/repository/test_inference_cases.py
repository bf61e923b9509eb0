"""The tables of inference say one thing of each operation, of every kind, in words that fit each other."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.inference_cases import TABLES, VERBS, InferenceTable


def test_tables_have_enough_operations_of_every_verb() -> None:
    verbs = Counter(case.verb for name in TABLES for case in InferenceTable.read(name).cases)
    assert len(TABLES) >= 9
    assert verbs.total() >= 180
    assert set(VERBS) == set(verbs)


@pytest.mark.parametrize("name", TABLES)
def test_operations_are_unique(name: str) -> None:
    counts = Counter(case.operation for case in InferenceTable.read(name).cases)
    assert [operation for operation, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("name", TABLES)
def test_alternatives_differ_from_verdict(name: str) -> None:
    cases = InferenceTable.read(name).cases
    assert [case.operation for case in cases if case.verb in case.also or case.resource in case.akin] == []


@pytest.mark.parametrize("name", TABLES)
def test_parent_stands_in_path(name: str) -> None:
    cases = InferenceTable.read(name).cases
    assert [case.operation for case in cases if case.parent and "{" not in case.operation] == []


@pytest.mark.parametrize("name", TABLES)
def test_pairs_leave_out_akin_resources(name: str) -> None:
    pairs = list(InferenceTable.read(name).pairs())
    assert not [pair for pair in pairs if pair[0].is_akin(pair[1])]
    assert {together for _, _, together in pairs} >= {False}
