"""The contract's own examples are the first records of a world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.seeds import TEXT, book_of, contract_of, record, resource, seeds_of

PET = record("Pet", id={"type": "integer"}, name=TEXT)
TOM = {"id": 7, "name": "Tom"}
REX = {"id": 9, "name": "Rex"}


def pets(directory: Path, *, settings: Any = None, **media: Any) -> Any:
    contract = contract_of(directory, [PET], resource("/pets", PET, **media))
    return seeds_of(book_of(contract, **(settings or {})), "pets")


def test_examples_take_the_place_of_made_up_records(tmp_path: Path) -> None:
    own = pets(tmp_path, examples={"tom": {"value": TOM}, "rex": {"value": REX}})
    assert [pet.value for pet in own.of({})] == [TOM, REX]
    assert [pet.handle for pet in own.of({})] == ["7", "9"]


def test_made_up_records_follow_up_to_the_number_wanted(tmp_path: Path) -> None:
    own = pets(tmp_path, settings={"records": 4}, example=TOM)
    assert own.of({})[0].value == TOM
    assert [pet.value["id"] for pet in own.of({})] == [7, 1, 2, 3]


def test_invalid_examples_are_none(tmp_path: Path) -> None:
    own = pets(tmp_path, examples={"tom": {"value": {"id": "seven"}}, "rex": {"value": REX}})
    assert [pet.value for pet in own.of({})] == [REX]


def test_example_that_comes_twice_is_one_record(tmp_path: Path) -> None:
    own = pets(tmp_path, examples={"tom": {"value": TOM}, "again": {"value": {**TOM, "age": 3}}})
    assert [pet.value for pet in own.of({})] == [{**TOM, "age": 3}]


def test_example_of_a_schema_is_a_record(tmp_path: Path) -> None:
    contract = contract_of(tmp_path, [{**PET, "example": TOM}], resource("/pets", PET))
    assert [pet.value for pet in seeds_of(book_of(contract), "pets").of({})] == [TOM]


def test_example_is_found_by_its_key(tmp_path: Path) -> None:
    found = pets(tmp_path, example=TOM).find({}, "id", "7")
    assert found is not None
    assert found.value == TOM


def test_example_of_a_small_view_gets_what_the_record_has_besides(tmp_path: Path) -> None:
    full = record("FullPet", id={"type": "integer"}, name=TEXT, tag=TEXT)
    paths = resource("/pets", PET, example=TOM)
    paths["/pets/{pet_id}"]["get"]["responses"]["200"]["content"]["application/json"] = {
        "schema": {"$ref": "#/components/schemas/FullPet"}
    }
    paths["/pets"]["get"]["responses"]["200"]["content"]["application/json"]["example"] = [TOM]
    contract = contract_of(tmp_path, [PET, full], paths)
    (pet,) = seeds_of(book_of(contract), "pets").of({})
    assert {**pet.value, **TOM} == pet.value
    assert isinstance(pet.value["tag"], str)
