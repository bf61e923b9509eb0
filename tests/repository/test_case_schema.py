"""Every file of cases keeps the JSON Schema that describes it, and the schema finds what a hand may get wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.case_files import CASES, read_cases

SCHEMA = json.loads((CASES / "schema.json").read_text(encoding="utf-8"))
FILES = sorted(file.relative_to(CASES).with_suffix("").as_posix() for file in CASES.rglob("*.yaml"))


def definition(name: str) -> str:
    """Return the name of the definition that describes a file; one definition does for all files of a folder."""
    return name.split("/")[0]


def errors(name: str, data: Any) -> list[str]:
    """Return what a file of cases does wrong, each with its place."""
    instance = json.loads(json.dumps(data, default=str))
    validator = Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{definition(name)}"})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def test_schema_keeps_its_metaschema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", FILES)
def test_case_file_keeps_its_schema(name: str) -> None:
    assert definition(name) in SCHEMA["$defs"], "expected a definition of the file in schema.json"
    assert errors(name, read_cases(name)) == []


@pytest.mark.parametrize("name", ["answers", "bodies", "contracts", "files", "inference/github", "petstore", "tokens"])
def test_misspelt_member_is_found(name: str) -> None:
    data = read_cases(name)
    data["cases"][0]["expcet"] = data["cases"][0].pop("expect", None)
    assert any("'expcet'" in error for error in errors(name, data))


@pytest.mark.parametrize("name", [name for name in FILES if "cases" in read_cases(name)])
def test_case_names_are_unique(name: str) -> None:
    names = [case["name"] for case in read_cases(name)["cases"] if "name" in case]
    assert sorted(names) == sorted(set(names))
