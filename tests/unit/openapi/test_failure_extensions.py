from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.extensions import MockExtensions, TokenRecords, read_extensions
from mock_server.openapi.failure_extensions import Failure, FaultText
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, LazySourceMap

PLACES = LazySourceMap(lambda: LayeredSourceMap(parse_source("a.yaml", "")))
NO = "#/components/responses/No"
RULE: dict[str, Any] = {"status": "422", "response": NO, "body": {"detail": ["{message}"]}, "each": "/detail"}


def extensions(**members: Any) -> MockExtensions:
    return read_extensions({f"x-mock-{name}": value for name, value in members.items()}, PLACES)


def test_template_is_read_and_shared() -> None:
    texts = {"required": {"type": "missing", "message": "Field required"}}
    read = extensions(
        failures={
            "invalid_request": {**RULE, "keywords": texts, "parameters": {"sorting": "unsorted"}},
            "conflict": {**RULE, "type": "value_error"},
            "unsorted": {
                "as": "conflict",
                "type": "enum",
                "message": "No.",
                "at": ["query", "sorting"],
                "without": "-",
            },
        }
    )
    plain = read.failures["invalid_request"]
    assert (plain.keywords, plain.parameters) == (
        {"required": FaultText("missing", "Field required")},
        {"sorting": "unsorted"},
    )
    assert read.failures["unsorted"] == Failure(
        "unsorted",
        422,
        NO,
        body=RULE["body"],
        each="/detail",
        text=FaultText("enum", "No."),
        at=("query", "sorting"),
        told_as="conflict",
        without="-",
    )


@pytest.mark.parametrize(
    ("failures", "pointer", "found"),
    [
        ({"conflict": {**RULE, "each": "/details"}}, "/conflict/each", "'/details'"),
        ({"conflict": {**RULE, "each": "detail"}}, "/conflict/each", "'detail'"),
        ({"conflict": {**RULE, "body": {"detail": []}}}, "/conflict/each", "'/detail'"),
        ({"conflict": RULE, "own": {"as": "conflct"}}, "/own/as", "'conflct'; did you mean conflict"),
        ({"conflict": RULE, "own": {"as": "conflict", "status": "400"}}, "/own/status", "`status` beside `as`"),
        ({"conflict": {"status": "422", "response": NO}, "own": {"as": "conflict"}}, "/own/as", "'conflict'"),
        ({"conflict": {**RULE, "keywords": ["required"]}}, "/conflict/keywords", "['required']"),
        ({"conflict": {**RULE, "keywords": {"required": {"kind": "x"}}}}, "/conflict/keywords/required/kind", "'kind'"),
        ({"conflict": {**RULE, "parameters": {"sort": "nowhere"}}}, "/conflict/parameters", "the failure 'nowhere'"),
        ({"conflict": {**RULE, "bodies": {}}}, "/conflict/bodies", "'bodies'; did you mean body"),
    ],
)
def test_what_is_not_understood_of_a_failure_is_refused(failures: dict[str, Any], pointer: str, found: str) -> None:
    with pytest.raises(ContractError) as refused:
        extensions(failures=failures)
    assert str(refused.value).startswith(f"a.yaml /x-mock-failures{pointer}: found {found}")


def test_tokens_of_records_are_read() -> None:
    through = {"resource": "sessions", "member": "token", "relation": "pet_id", "expires": "expires_at"}
    kind = {"prefix": "a_", "selects": "pets", "through": through, "refuses": {"id": "conflict"}}
    (read,) = extensions(tokens=[kind]).tokens
    assert read.through == TokenRecords("sessions", "token", "pet_id", "expires_at")
    assert (read.refuses, read.requires) == ({"id": "conflict"}, {})


@pytest.mark.parametrize(
    ("kind", "pointer", "found"),
    [
        ({"through": {"resource": "s", "member": "t", "relation": "r"}}, "/through", "`through` without `selects`"),
        ({"selects": "pets", "through": {"resource": "s", "member": "t"}}, "/through/relation", "nothing"),
        ({"refuses": {"id": "conflit"}}, "/refuses/id", "the failure 'conflit'; did you mean conflict"),
        ({"requires": ["id"]}, "/requires", "['id']"),
    ],
)
def test_what_is_not_understood_of_a_token_is_refused(kind: dict[str, Any], pointer: str, found: str) -> None:
    with pytest.raises(ContractError) as refused:
        extensions(tokens=[{"prefix": "a_", **kind}])
    assert str(refused.value).startswith(f"a.yaml /x-mock-tokens/0{pointer}: found {found}")
