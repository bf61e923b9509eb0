"""The seeds of every resource of published contracts: valid, told apart, found, and naming one another."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.seeds.seed_book import SeedBook
from mock_server.worlds.state.seeds.seeds import Seeds
from tests.support.paths import SHARED
from tests.support.seeds import book_of

CONTRACTS = sorted([*(SHARED / "contracts").glob("*.json"), *(SHARED / "contracts").glob("*.y*ml")])
COUNT = 3

pytestmark = [
    pytest.mark.state,
    pytest.mark.skipif(not CONTRACTS, reason="the published contracts are not on this machine"),
]
of_each_contract = pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.stem)


@cache
def loaded(file: Path) -> tuple[Contract, SeedBook, dict[str, tuple[Seeds, dict[str, str], list[Record]]]]:
    """A contract, and of each resource the seeds, a scope that they are of, and the first few."""
    contract = load_contract(str(file))
    book = book_of(contract, records=COUNT)
    everything = {}
    for name in model_of(contract).resources:
        seeds = book.seeds(name)
        assert seeds is not None
        scope = book.scope(seeds, {})
        everything[name] = seeds, scope, [*seeds.of(scope)]
    return contract, book, everything


@of_each_contract
def test_records_are_valid(file: Path) -> None:
    contract, _, resources = loaded(file)
    document = SchemaDocument(contract.document, contract.openapi)
    refused: list[tuple[str, JSON]] = []
    for name, (seeds, _, records) in resources.items():
        for record in records:
            assert seeds.home is not None
            others = {*seeds.members} - seeds.home.shape.members.keys()
            shown: JSON = {member: value for member, value in record.value.items() if member not in others}
            if not document.root(seeds.home.schema).accepts(shown):
                refused.append((name, shown))
    assert refused == []


@of_each_contract
def test_records_are_told_apart_and_found_by_key(file: Path) -> None:
    _, _, resources = loaded(file)
    lost = []
    for name, (seeds, scope, records) in resources.items():
        assert len({record.handle for record in records}) == len(records), name
        member = seeds.key.member if seeds.key is not None else ""
        for record in records if member else ():
            text = text_of(record.value[member])
            if seeds.find(scope, member, text) != record:
                lost.append((name, text))
    assert lost == []


@of_each_contract
def test_relations_lead_to_seeds(file: Path) -> None:
    _, book, resources = loaded(file)
    dangling = []
    for name, (seeds, _, records) in resources.items():
        for relation in seeds.resource.relations:
            others = book.seeds(relation.resource)
            if others is None or others.key is None or not others.is_global or relation.is_list:
                continue
            for record in records[seeds.examples :]:
                text = text_of(record.value.get(relation.member))
                if text and others.find({}, others.key.member, text) is None:
                    dangling.append((name, relation.member, text))
    assert dangling == []


@of_each_contract
def test_most_resources_have_records(file: Path) -> None:
    _, _, resources = loaded(file)
    empty = [name for name, (seeds, _, records) in resources.items() if not records and seeds.home is not None]
    assert empty == []
