from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import value_at
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.repair_rules import repair
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import operations, references
from tests.support.contracts import Document, document, load, operation

GONE = {"$ref": "#/components/schemas/Gone"}
OK = {"responses": {"200": {"description": "d"}}}


def without(contract: Document, *keys: str) -> Document:
    for key in keys:
        del contract["info"][key]
    return contract


REPAIRS: dict[str, tuple[Document, str, str, str, Any]] = {
    "no title": (without(document(), "title"), "missing-info", "/info/title", "/info/title", "a.yaml"),
    "no version": (without(document(), "version"), "missing-info", "/info/version", "/info/version", "0"),
    "a version that is a number": (
        document() | {"info": {"title": "t", "version": 1.0}},
        "missing-info",
        "/info/version",
        "/info/version",
        "1.0",
    ),
    "a response without description": (
        document({"/a": {"get": {"responses": {"200": {}}}}}),
        "missing-description",
        "/paths/~1a/get/responses/200",
        "/paths/~1a/get/responses/200/description",
        "",
    ),
    "a schema that is not defined": (
        document({"/a": {"get": operation(GONE)}}),
        "dangling-reference",
        "/paths/~1a/get/responses/200/content/application~1json/schema/$ref",
        "/components/schemas/Gone",
        {},
    ),
    "a schema that is not defined, with slashes in its name": (
        document({"/a": {"get": operation({"$ref": "#/components/schemas/A~1B"})}}),
        "dangling-reference",
        "/paths/~1a/get/responses/200/content/application~1json/schema/$ref",
        "/components/schemas/A~1B",
        {},
    ),
    "a schema that is not defined, where components are empty": (
        document({"/a": {"get": operation(GONE)}}, components={"schemas": None}),
        "dangling-reference",
        "/paths/~1a/get/responses/200/content/application~1json/schema/$ref",
        "/components/schemas/Gone",
        {},
    ),
    "a path parameter that is not declared": (
        document({"/a/{id}": {"get": copy.deepcopy(OK)}}),
        "undeclared-path-parameter",
        "/paths/~1a~1{id}/get",
        "/paths/~1a~1{id}/get/parameters/0",
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    ),
    "a path parameter that is not declared, where parameters are empty": (
        document({"/a/{id}": {"get": {**copy.deepcopy(OK), "parameters": None}}}),
        "undeclared-path-parameter",
        "/paths/~1a~1{id}/get",
        "/paths/~1a~1{id}/get/parameters/0",
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    ),
    "an operationId twice": (
        document(
            {
                "/a": {"get": {**copy.deepcopy(OK), "operationId": "x"}},
                "/b": {"get": {**copy.deepcopy(OK), "operationId": "x"}},
            }
        ),
        "duplicate-operation-id",
        "/paths/~1b/get/operationId",
        "/paths/~1b/get",
        OK,
    ),
}
"""By name: a contract, the rule and the place of its defect, and what stands where afterwards."""

each_repair = pytest.mark.parametrize("name", REPAIRS)


def repaired(contract: Document) -> tuple[Any, list[Diagnostic]]:
    copied = copy.deepcopy(contract)
    return copied, repair(copied, LayeredSourceMap(parse_source("a.yaml", "")))


@each_repair
def test_defect_is_repaired_and_reported(name: str) -> None:
    contract, rule, pointer, where, expected = REPAIRS[name]
    done, findings = repaired(contract)
    assert [(finding.rule, finding.pointer, finding.severity) for finding in findings] == [(rule, pointer, "repaired")]
    assert findings[0].remedy.startswith("Repaired: ")
    assert value_at(done, where) == expected


@each_repair
def test_repaired_contract_has_nothing_left_to_repair(name: str) -> None:
    done, _ = repaired(REPAIRS[name][0])
    assert repair(done, LayeredSourceMap(parse_source("a.yaml", ""))) == []


@pytest.mark.parametrize("name", [name for name in REPAIRS if "slashes" not in name])  # OpenAPI allows none there
def test_strict_refuses_repaired_contract(name: str, tmp_path: Path) -> None:
    contract, rule, *_ = REPAIRS[name]
    assert [finding.rule for finding in load(tmp_path, contract).findings] == [rule]
    with pytest.raises(ContractError, match=r"found a defect; expected none \(--strict\)") as refused:
        load(tmp_path, contract, strict=True)
    assert [finding.rule for finding in refused.value.findings] == [rule]


def test_sound_contract_is_unchanged(tmp_path: Path) -> None:
    contract = document(
        {
            "/a/{id}": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
                "get": operation({"$ref": "#/components/schemas/A"}),
                "put": operation(),
            }
        },
        components={"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {}}},
    )
    assert repaired(contract) == (contract, [])
    assert load(tmp_path, contract, strict=True).findings == ()


def test_parameter_by_reference_is_declared() -> None:
    declared = {"name": "id", "in": "path", "required": True, "schema": {}}
    contract = document(
        {"/a/{id}": {"get": {**OK, "parameters": [{"$ref": "#/components/parameters/Id"}]}}},
        components={"parameters": {"Id": declared}},
    )
    assert repaired(contract) == (contract, [])


def test_operations_of_path_are_repaired_one_by_one() -> None:
    _, findings = repaired(document({"/a/{x}/{y}": {"get": copy.deepcopy(OK), "put": copy.deepcopy(OK)}}))
    assert [(finding.pointer[-3:], finding.found) for finding in findings] == [
        ("get", "no parameter 'x'"),
        ("get", "no parameter 'y'"),
        ("put", "no parameter 'x'"),
        ("put", "no parameter 'y'"),
    ]


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("other.yaml#/A", "external-reference"),
        ("https://pets.example/a.json", "external-reference"),
        ("other.yaml", "external-reference"),
    ],
)
def test_unrepairable_reference_is_an_error(reference: str, rule: str, tmp_path: Path) -> None:
    contract = document({"/a": {"get": operation({"$ref": reference})}}, components={"schemas": {"A": {}}})
    with pytest.raises(ContractError) as refused:
        load(tmp_path, contract)
    assert [(finding.rule, finding.severity) for finding in refused.value.findings] == [(rule, "error")]


@pytest.mark.parametrize(
    "reference", ["#/components/parameters/Gone", "#/components/schemas/A/properties/gone", "#/gone", "#Gone"]
)
def test_schema_by_reference_to_nothing_takes_any_value(reference: str, tmp_path: Path) -> None:
    contract = document({"/a": {"get": operation({"$ref": reference})}}, components={"schemas": {"A": {}}})
    loaded = load(tmp_path, contract)
    assert [(finding.rule, finding.severity) for finding in loaded.findings] == [("dangling-reference", "repaired")]
    assert value_at(loaded.document, "/paths/~1a/get/responses/200/content/application~1json/schema") == {}


def test_security_scheme_by_reference_to_nothing_is_an_error(tmp_path: Path) -> None:
    schemes: Document = {"key": {"$ref": "#/components/securitySchemes/Gone"}}
    with pytest.raises(ContractError, match="dangling-reference"):
        load(tmp_path, document({"/a": {"get": operation({})}}, components={"securitySchemes": schemes}))


@pytest.mark.parametrize(
    "reference",
    ["#/components/schemas/A", "#/components/schemas/A%42", "#A", "#", "#/paths/~1a/get/responses/200/description"],
)
def test_reference_to_something_in_document_is_none_of_ours(reference: str) -> None:
    contract = document(
        {"/a": {"get": operation({"$ref": reference})}}, components={"schemas": {"A": {"$anchor": "A"}, "AB": {}}}
    )
    assert repaired(contract) == (contract, [])


def test_reference_within_data_is_data() -> None:
    data = {"$ref": "#/gone"}
    media = {
        "schema": {"default": data, "enum": [data], "const": data, "example": data},
        "examples": {"a": {"value": data}},
    }
    contract = document(
        {"/a": {"get": {"responses": {"200": {"description": "d", "content": {"application/json": media}}}}}},
        x_other=data,
    )
    assert repaired(contract) == (contract, [])


@pytest.mark.parametrize("name", ["example", "default", "const", "enum", "examples", "x-rays"])
def test_property_named_like_keyword_stays(name: str) -> None:
    contract = document(components={"schemas": {"A": {"properties": {name: {"$ref": "#/gone"}}}}})
    assert [reference for _, reference in references(contract)] == ["#/gone"]


def test_example_by_reference_is_reference(tmp_path: Path) -> None:
    get = operation({})
    get["responses"]["200"]["content"]["application/json"]["examples"] = {"a": {"$ref": "#/components/examples/Gone"}}
    (finding,) = load(tmp_path, document({"/a": {"get": get}})).findings
    assert (finding.rule, finding.remedy) == ("dangling-reference", "Repaired: the example is left out.")


def test_schema_that_is_not_defined_takes_any_value(tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/a": {"get": operation(GONE)}}))
    assert contract.resolve({"$ref": "#/components/schemas/Gone"}) == {}


def test_operations_keep_document_order() -> None:
    paths: Document = {
        "/b": {"summary": "s", "put": {}, "parameters": [], "get": {}, "x-post": {}},
        "/a": {"trace": {}},
        "/c": None,
    }
    assert [pointer for pointer, _ in operations({"paths": paths})] == [
        "/paths/~1b/get",
        "/paths/~1b/put",
        "/paths/~1a/trace",
    ]


def test_published_contract_lacks_schema_that_overlays_define(tmp_path: Path) -> None:
    place = str(bundled.default_contract_path())
    (finding,) = load_contract(place).findings
    assert (finding.rule, finding.found) == (
        "dangling-reference",
        "'#/components/schemas/TaxIDFormat', which is not defined",
    )
    line = int(finding.location.removeprefix(place + ":"))
    assert "TaxIDFormat" in bundled.default_contract_path().read_text(encoding="utf-8").splitlines()[line - 1]
    with pytest.raises(ContractError, match="TaxIDFormat"):
        load_contract(place, strict=True)
    assert load_contract(place, [str(path) for path in bundled.overlays()], strict=True).findings == ()


def test_member_that_is_required_twice_is_required(tmp_path: Path) -> None:
    pet = {"type": "object", "properties": {"id": {}, "name": {}}, "required": ["id", "name", "id"]}
    contract = load(tmp_path, document({"/a": {"get": OK}}, components={"schemas": {"Pet": pet}}))
    assert value_at(contract.document, "/components/schemas/Pet/required") == ["id", "name"]
    assert [finding.severity for finding in contract.findings] == ["repaired"]
