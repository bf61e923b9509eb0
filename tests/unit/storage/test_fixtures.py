from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from mock_server.core.errors import FixtureError
from mock_server.openapi.model import Contract
from mock_server.storage import Record
from mock_server.storage.fixtures.fixture_file import FixtureFile
from mock_server.storage.fixtures.loader import load_fixtures
from tests.support.contracts import document, load

PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["cat", "dog"]},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}
OWNER = {"type": "object", "properties": {"city": {"type": "string"}}}
TOM = {"handle": "tom", "name": "Tom"}
REX = {"handle": "rex", "kind": "dog", "name": "Rex"}


@pytest.fixture
def pets(tmp_path: Path) -> Contract:
    return load(
        tmp_path,
        document(
            components={"schemas": {"Pet": PET, "Owner": OWNER}},
            x_mock_resources={
                "pets": {"schema": "#/components/schemas/Pet", "pins": ["/kind"]},
                "toys": {"schema": "#/components/schemas/Owner", "handle": "city_id"},
            },
            x_mock_suffixes={"slow": {"delay": 1}},
        ),
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    path = tmp_path / "fixtures"
    path.mkdir()
    return path


def put(directory: Path, name: str, *records: Any) -> None:
    text = "\n".join(f"- {json.dumps(record)}" for record in records)
    (directory / name).write_text(text, encoding="utf-8")


def refused(directory: Path, contract: Contract) -> FixtureError:
    with pytest.raises(FixtureError) as error:
        load_fixtures(directory, contract)
    return error.value


def test_records_keep_file_order(directory: Path, pets: Contract) -> None:
    put(directory, "toys.yaml", {"city_id": "ball", "city": "Rome"})
    put(directory, "pets.yml", TOM, REX)
    assert load_fixtures(directory, pets) == [
        Record("pets", "tom", {"name": "Tom"}, str(directory / "pets.yml")),
        Record("pets", "rex", {"name": "Rex", "kind": "dog"}, str(directory / "pets.yml")),
        Record("toys", "ball", {"city": "Rome"}, str(directory / "toys.yaml")),
    ]


def test_members_stand_in_order_of_schema(directory: Path, pets: Contract) -> None:
    put(directory, "pets.yaml", {"owner": {"city": "Rome"}, "kind": "cat", "handle": "tom", "name": "Tom"})
    (record,) = load_fixtures(directory, pets)
    assert [*record.value] == ["name", "kind", "owner"]


def test_fixture_file_may_be_json(directory: Path, pets: Contract) -> None:
    (directory / "pets.json").write_text(json.dumps([TOM]), encoding="utf-8")
    assert [record.handle for record in load_fixtures(directory, pets)] == ["tom"]


@pytest.mark.parametrize("name", ["README.md", "pets.yaml.bak", "scenarios"])
def test_other_files_are_ignored(name: str, directory: Path, pets: Contract) -> None:
    (directory / name).write_text("- nonsense", encoding="utf-8")
    assert load_fixtures(directory, pets) == []


def test_invalid_directory_is_refused(tmp_path: Path, pets: Contract) -> None:
    assert "found no directory; expected one with fixture files. Check --fixtures." in str(
        refused(tmp_path / "x", pets)
    )


def test_file_of_no_resource_is_refused_with_nearest(directory: Path, pets: Contract) -> None:
    put(directory, "pet.yaml", TOM)
    message = str(refused(directory, pets))
    assert "found the resource 'pet'; did you mean pets?" in message
    assert "expected one of the contract (pets, toys)" in message


def test_contract_without_resources_takes_no_fixtures(directory: Path, tmp_path: Path) -> None:
    put(directory, "pets.yaml", TOM)
    assert "none: the contract has no x-mock-resources" in str(refused(directory, load(tmp_path, document())))


@pytest.mark.parametrize(
    ("record", "rule", "pointer", "actual"),
    [
        ({"handle": "tom"}, "schema", "/1", "'name' is a required property"),
        ({**TOM, "name": 7}, "schema", "/1/name", "7"),
        ({**TOM, "owner": {"city": 7}}, "schema", "/1/owner/city", "7"),
        ({**TOM, "nmae": ""}, "schema", "/1", "the unknown key 'nmae'; did you mean name?"),
        ({**TOM, "owner": {"zip": ""}}, "schema", "/1/owner", "the unknown key 'zip'"),
        ("Tom", "fixture-record", "/1", "'Tom'"),
        ({"name": "Tom"}, "handle", "/1/handle", "None"),
        ({**TOM, "handle": 7}, "handle", "/1/handle", "7"),
        ({**TOM, "handle": ""}, "handle", "/1/handle", "''"),
        ({**TOM, "handle": "tom cat"}, "handle", "/1/handle", "'tom cat'"),
        ({**TOM, "handle": "t" * 65}, "handle", "/1/handle", repr("t" * 65)),
        ({**TOM, "handle": "slow"}, "handle", "/1/handle", "'slow'"),
        ({**TOM, "handle": "dog"}, "handle", "/1/handle", "'dog'"),
        ({**TOM, "handle": "rex"}, "duplicate-handle", "/1/handle", "'rex' a second time"),
    ],
)
def test_invalid_record_has_its_line(
    record: Any, rule: str, pointer: str, actual: str, directory: Path, pets: Contract
) -> None:
    put(directory, "pets.yaml", REX, record)
    (finding,) = refused(directory, pets).findings
    assert (finding.rule, finding.pointer, finding.found) == (rule, pointer, actual)
    assert finding.location == f"{directory / 'pets.yaml'}:2"


def test_valid_handles_are_accepted(directory: Path, pets: Contract) -> None:
    handle = "aZ09._-".ljust(64, "x")
    put(directory, "pets.yaml", {**TOM, "handle": handle})
    assert [record.handle for record in load_fixtures(directory, pets)] == [handle]


def test_all_errors_are_found_at_once(directory: Path, pets: Contract) -> None:
    put(directory, "pets.yaml", {"handle": "a b", "name": 7}, TOM)
    put(directory, "toys.yaml", {"city": 7})
    error = refused(directory, pets)
    assert len(error.findings) == 4
    assert "found 4 things wrong in the fixtures; nothing is served." in str(error)


@pytest.mark.parametrize(("text", "actual"), [("", "no list"), ("tom: {name: Tom}", "no list")])
def test_file_without_a_list_is_refused(text: str, actual: str, directory: Path, pets: Contract) -> None:
    (directory / "pets.yaml").write_text(text, encoding="utf-8")
    assert [finding.found for finding in refused(directory, pets).findings] == [actual]


def test_handle_is_of_one_record_though_files_be_several(directory: Path, pets: Contract) -> None:
    put(directory, "pets.yaml", TOM)
    put(directory, "pets.yml", TOM)
    assert [finding.rule for finding in refused(directory, pets).findings] == ["duplicate-handle"]


def test_bundled_customers_are_valid(contract: Contract) -> None:
    records = load_fixtures(bundled.fixtures(), contract)
    assert len(records) > 10
    assert {record.resource for record in records} == {"customers"}


def test_unchanged_files_skip_validation(directory: Path, pets: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    file = directory / "pets.yaml"
    put(directory, "pets.yaml", TOM)
    first = load_fixtures(directory, pets)
    validated: list[Path] = []
    read = FixtureFile.__init__

    def noted(self: FixtureFile, path: Path, *rest: Any) -> None:
        validated.append(path)
        read(self, path, *rest)

    monkeypatch.setattr(FixtureFile, "__init__", noted)
    assert load_fixtures(directory, pets) == first
    assert validated == []
    assert load_fixtures(directory, pets, no_cache=True) == first
    put(directory, "pets.yaml", REX)
    assert [record.handle for record in load_fixtures(directory, pets)] == ["rex"]
    assert validated == [file, file]
