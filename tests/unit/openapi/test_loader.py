from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mock_server.core import bundled
from mock_server.core.errors import ContractError
from mock_server.http.messages import Request
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract, Header, MediaType, SecurityScheme
from tests.support.contracts import Document, document, engine_of, load, operation, written
from tests.support.customers import ME
from tests.support.paths import SHARED

SEED = SHARED / "contracts/polar-get-customer.yaml"


def refused(directory: Path, contract: Document, *overlays: Document) -> str:
    with pytest.raises(ContractError) as error:
        load(directory, contract, *overlays)
    return str(error.value)


# Versions.


@pytest.mark.parametrize(
    ("version", "known"), [("3.0.0", (3, 0)), ("3.0.4", (3, 0)), ("3.1.1", (3, 1)), ("3.2.0", (3, 2))]
)
def test_openapi_3_0_to_3_2_is_served(version: str, known: tuple[int, int], tmp_path: Path) -> None:
    assert load(tmp_path, document({"/a": {"get": operation()}}, openapi=version)).openapi == known


@pytest.mark.parametrize("version", ["2.0", "1.2", "4.0.0", "3.3.0", "3", "3.x", "", "31.0", "v3.1.0", 3, {}])
def test_other_version_is_refused(version: Any, tmp_path: Path) -> None:
    message = refused(tmp_path, document() | {"openapi": version})
    assert f"{tmp_path / 'contract.json'}:2" in message
    assert (
        f"/openapi: found version {version!r}; expected OpenAPI 2.0, 3.0, 3.1 or 3.2. Convert the contract." in message
    )


def test_other_swagger_version_is_refused(tmp_path: Path) -> None:
    assert "found version '1.2'; expected OpenAPI 2.0, 3.0" in refused(tmp_path, {"swagger": "1.2", "paths": {}})


@pytest.mark.parametrize("contract", [{}, {"paths": {}}, {"openapi": None}, [], [1], None, "openapi", 7])
def test_other_documents_are_refused(contract: Any, tmp_path: Path) -> None:
    assert "found no member openapi; expected an OpenAPI document (openapi: 3.1.0)" in refused(tmp_path, contract)


def test_openapi_schema_errors_are_located(tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/a": {"get": {"responses": {"200": {"description": [7]}}}}}))
    assert any(
        "/paths/~1a/get/responses/200/description: [7]; expected type: string [openapi]" in str(finding)
        for finding in contract.findings
    )
    assert "contract.json:12 " in str(contract.findings[0])


# Paths that are not the contract's.


@pytest.mark.parametrize("path", ["/~", "/~a", "/~a/b", "/__admin", "/__admin/health", "/~{name}"])
def test_reserved_path_is_refused(path: str, tmp_path: Path) -> None:
    message = refused(tmp_path, document({path: {"get": operation()}}))
    assert f"found the path {path!r}; expected none below /" in message
    assert "which is the mock server's own. Rename the path." in message


@pytest.mark.parametrize("path", ["/a/~", "/__administration", "/a/__admin", "/_admin", "/"])
def test_lookalike_of_reserved_path_is_served(path: str, tmp_path: Path) -> None:
    assert [*load(tmp_path, document({path: {"get": operation()}})).operations] == [f"GET {path}"]


# Names within x-mock data.

PETS: Document = {
    "x_mock_resources": {"pets": {"schema": "#/components/schemas/Pet"}},
    "components": {"schemas": {"Pet": {}}, "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"x_mock_tokens": [{"prefix": "a", "schemes": ["kee"]}]}, "/x-mock-tokens/0/schemes: found the scheme 'kee'"),
        (
            {"x_mock_tokens": [{"prefix": "a", "selects": "cats"}]},
            "/x-mock-tokens/0/selects: found the resource 'cats'",
        ),
        (
            {"x_mock_resources": {"pets": {"schema": "#/components/schemas/Pets"}}},
            "/x-mock-resources/pets/schema: found the reference '#/components/schemas/Pets'",
        ),
        (
            {"x_mock_failures": {"not_found": {"status": "404", "response": "#/components/responses/No"}}},
            "/x-mock-failures/not_found/response: found the reference '#/components/responses/No'",
        ),
    ],
)
def test_dangling_x_mock_data_is_refused(members: Document, message: str, tmp_path: Path) -> None:
    assert message in refused(tmp_path, document({}, **{**PETS, **members}))


@pytest.mark.parametrize(
    "fixture", [{"resource": "cats"}, {"resorce": "pets"}, {"resource": "pets", "selectedBy": "nobody"}, "pets"]
)
def test_operation_whose_fixture_is_missing_is_refused(fixture: Any, tmp_path: Path) -> None:
    get = operation({"$ref": "#/components/schemas/Pet"}, x_mock_fixture=fixture)
    assert "x-mock-fixture" in refused(tmp_path, document({"/a": {"get": get}}, **PETS))


def test_unknown_x_mock_key_of_operation_is_refused(tmp_path: Path) -> None:
    get = operation(x_mock_fixtur={"resource": "pets"})
    assert "did you mean x-mock-fixture?" in refused(tmp_path, document({"/a": {"get": get}}, **PETS))


def test_failure_whose_example_is_missing_is_refused(tmp_path: Path) -> None:
    response = {"description": "No.", "content": {"application/json": {"examples": {"gone": {"value": 1}}}}}
    failure = {"status": "404", "response": "#/components/responses/No", "example": "gnoe"}
    contract = document({}, components={"responses": {"No": response}}, x_mock_failures={"not_found": failure})
    assert "'gnoe'" in refused(tmp_path, contract)


def test_scheme_that_is_not_defined_secures_nothing_and_is_told(tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/a": {"get": operation(security=[{"nope": []}])}}))
    assert contract.operations["GET /a"].security == ((),)
    assert "'nope'; expected one of components.securitySchemes" in str(contract.findings[0])


# What comes out.


def test_operations_are_those_of_document(tmp_path: Path) -> None:
    paths = {"/b/{id}": {"put": operation(operationId="put:b"), "get": operation()}, "/a": {"post": operation()}}
    table = load(tmp_path, document(paths)).operations
    assert [*table] == ["GET /b/{id}", "PUT /b/{id}", "POST /a"]
    put = table["PUT /b/{id}"]
    assert (put.key, put.method, put.path, put.operation_id, put.pointer) == (
        "PUT /b/{id}",
        "PUT",
        "/b/{id}",
        "put:b",
        "/paths/~1b~1{id}/put",
    )


def test_path_item_reference_is_followed(tmp_path: Path) -> None:
    paths = {"/a": {"$ref": "#/components/pathItems/A"}}
    assert [*load(tmp_path, document(paths, components={"pathItems": {"A": {"get": operation()}}})).operations] == [
        "GET /a"
    ]


def test_first_of_equal_paths_is_served(tmp_path: Path) -> None:
    def declared(name: str) -> Document:
        return operation(parameters=[{"name": name, "in": "path", "required": True, "schema": {}}])

    contract = load(tmp_path, document({"/a/{x}": {"get": declared("x")}, "/a/{y}": {"get": declared("y")}}))
    assert [*contract.operations] == ["GET /a/{x}"]
    assert "/a/{x}" in str(contract.findings[0])
    assert "/a/{y}" in str(contract.findings[0])


def test_custom_method_is_served(tmp_path: Path) -> None:
    contract = document({"/a": {"additionalOperations": {"COPY": operation({"const": 1})}}}, openapi="3.2.0")
    engine = engine_of(load(tmp_path, contract))
    assert [*engine.contract.operations] == ["COPY /a"]
    answer = engine.handle(Request("COPY", "/a")).answer
    assert (answer.status, answer.body) == (200, b"1")


@pytest.mark.parametrize(
    ("own", "common", "expected"),
    [
        (None, None, ()),
        (None, [{"a": []}], (("a",),)),
        ([], [{"a": []}], ()),
        ([{"a": [], "b": []}, {}], [{"b": []}], (("a", "b"), ())),
    ],
)
def test_operation_has_its_own_security_or_that_of_document(
    own: Any, common: Any, expected: Any, tmp_path: Path
) -> None:
    key = {"type": "http", "scheme": "Bearer"}
    contract = document(
        {"/a": {"get": operation(**({} if own is None else {"security": own}))}},
        components={"securitySchemes": {"a": key, "b": key}},
    )
    if common is not None:
        contract["security"] = common
    loaded = load(tmp_path, contract)
    assert loaded.operations["GET /a"].security == expected
    assert loaded.schemes["a"] == SecurityScheme("a", "http", "bearer")


def test_responses_are_read_with_their_references_followed(tmp_path: Path) -> None:
    contract = load(
        tmp_path,
        document(
            {"/a": {"get": {"responses": {"200": {"$ref": "#/components/responses/Ok"}, "x-note": {}}}}},
            components={
                "responses": {
                    "Ok": {
                        "description": "d",
                        "headers": {"X-A": {"$ref": "#/components/headers/A"}, "content-type": {"schema": {}}},
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Pet"},
                                "examples": {"tom": {"$ref": "#/components/examples/Tom"}},
                            },
                            "text/plain": {"example": "Tom"},
                        },
                    }
                },
                "headers": {"A": {"required": True, "schema": {"type": "integer"}, "example": 7}},
                "examples": {"Tom": {"value": {"name": "Tom"}}},
                "schemas": {"Pet": {"type": "object"}},
            },
        ),
    )
    (response,) = contract.operations["GET /a"].responses.values()
    assert response.headers == (Header("X-A", True, {"type": "integer"}, {"": 7}),)
    assert response.content == (
        MediaType("application/json", {"$ref": "#/components/schemas/Pet"}, {"tom": {"name": "Tom"}}),
        MediaType("text/plain", None, {"": "Tom"}),
    )


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (None, ("",)),
        ([{"url": "/"}], ("",)),
        ([{"url": "v1"}, {"url": "./v2/"}], ("/v1", "/v2", "")),
        ([{"url": "https://pets.example/v1/"}, {"url": "/api/v1"}], ("/api/v1", "/v1", "")),
        (
            [{"url": "https://{host}/{stage}", "variables": {"stage": {"default": "b"}, "host": {"default": "h"}}}],
            ("/b", ""),
        ),
    ],
)
def test_base_paths_are_those_of_servers_longest_first(servers: Any, expected: Any, tmp_path: Path) -> None:
    assert load(tmp_path, document({}, **({} if servers is None else {"servers": servers}))).base_paths == expected


def test_reference_is_resolved_through_any_number_of_steps(tmp_path: Path) -> None:
    schemas: Document = {f"S{n}": {"$ref": f"#/components/schemas/S{n + 1}"} for n in range(50)} | {
        "S50": {"type": "null"}
    }
    contract = load(tmp_path, document(components={"schemas": schemas}))
    assert contract.resolve({"$ref": "#/components/schemas/S0"}) == {"type": "null"}
    assert contract.resolve({"type": "string"}) == {"type": "string"}
    assert contract.resolve(True) is True


def test_character_that_is_half_pair_is_no_obstacle(tmp_path: Path) -> None:
    assert load(tmp_path, document({"/a": {"get": operation(description="\ud83d")}})).operations


# Overlays and the digest.

RENAME: Document = {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"title": "Cats"}}]}


def test_overlays_are_applied_in_order(tmp_path: Path) -> None:
    later: Document = {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"title": "Dogs"}}]}
    assert load(tmp_path, document(), RENAME).title == "Cats"
    assert load(tmp_path, document(), RENAME, later).title == "Dogs"


def test_defect_that_overlay_brings_is_found_in_overlay(tmp_path: Path) -> None:
    bad: Document = {"overlay": "1.0.0", "actions": [{"target": "$.info", "update": {"description": [7]}}]}
    assert str(load(tmp_path, document(), bad).findings[0]).startswith(f"{tmp_path / 'overlay-0.json'}:")


def test_digest_depends_on_content_only(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    first = load(tmp_path, document())
    assert load(tmp_path / "copy", document()).digest == first.digest
    others = [
        load(tmp_path, document({"/a": {}})),
        load(tmp_path, document(), RENAME),
        load(tmp_path, document(), RENAME, RENAME),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 4


def test_yaml_and_json_give_same_contract(contract: Contract, tmp_path: Path) -> None:
    overlays = [str(path) for path in bundled.overlays()]
    place = written(
        tmp_path, "polar", json.loads(json.dumps(load_contract(str(bundled.default_contract_path())).document))
    )
    again = load_contract(place, overlays)
    assert (again.operations, again.extensions, again.schemes) == (
        contract.operations,
        contract.extensions,
        contract.schemes,
    )


def test_bundled_contract_has_one_operation(contract: Contract) -> None:
    (shipped,) = contract.operations.values()
    assert (shipped.key, shipped.resource, [*shipped.responses]) == (
        f"GET {ME}",
        "customers",
        ["200", "401", "429", "500"],
    )


def test_bundled_contract_is_published_one_byte_for_byte() -> None:
    if not SEED.is_file():
        pytest.skip("the published contract is not on this machine")
    assert bundled.default_contract_path().read_bytes() == SEED.read_bytes()
