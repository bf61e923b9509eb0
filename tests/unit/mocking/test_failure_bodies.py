from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.diagnostics import Diagnostic, Fault
from mock_server.core.types import JSON
from mock_server.mocking.failure_bodies import failure_body
from mock_server.openapi.failure_extensions import Failure, FaultText

ITEM: dict[str, JSON] = {"type": "{type}", "loc": "{loc}", "msg": "{message}", "input": "{input}"}
BODY: dict[str, JSON] = {"error": "Rule", "detail": [ITEM]}


def told(finding: Diagnostic, **members: Any) -> Any:
    """What is told of a finding by a failure with these members."""
    failure = Failure("rule", 422, "", body=BODY, each="/detail", **members)
    body: Any = failure_body(failure, {"rule": failure}, [finding], {})
    (item,) = body["detail"]
    return item


def found(fault: Fault | None, location: str = "body", pointer: str = "/email") -> Diagnostic:
    return Diagnostic("body", location, "'x'", "an address", pointer, fault=fault)


def test_rule_is_told_with_the_value_where_it_stands() -> None:
    assert told(found(Fault(value="x")), text=FaultText("value_error", "Taken.")) == {
        "type": "value_error",
        "loc": ["body", "email"],
        "msg": "Taken.",
        "input": "x",
    }


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (
            Fault("required", ["a"], {"b": 1}, "a"),
            {"type": "missing", "loc": ["body", "items", 0, "a"], "msg": "Field required", "input": {"b": 1}},
        ),
        (Fault("minimum", 3, 1), {"type": "small", "loc": ["body", "items", 0], "msg": "At least 3", "input": 1}),
        (
            Fault("enum", ["a", "b"], "c"),
            {"type": "enum", "loc": ["body", "items", 0], "msg": "'x'; expected an address", "input": "c"},
        ),
        (None, {"type": "body", "loc": ["body", "items", 0], "msg": "'x'; expected an address", "input": None}),
    ],
)
def test_broken_keyword_is_told_in_the_words_of_the_api(fault: Fault | None, expected: dict[str, Any]) -> None:
    keywords = {"required": FaultText("missing", "Field required"), "minimum": FaultText("small", "At least {limit}")}
    assert told(found(fault, pointer="/items/0"), keywords=keywords) == expected


def test_parameter_is_told_as_it_was_sent() -> None:
    limit = told(found(Fault("exclusiveMinimum", 0, 0), "query limit", ""))
    assert (limit["loc"], limit["input"]) == (["query", "limit"], "0")
    word = told(found(Fault("enum", None, "-foo"), "query sorting", "/1"), at=("query", "sorting"), without="-")
    assert (word["loc"], word["input"]) == (["query", "sorting"], "foo")


def test_places_lead_into_what_it_is_about() -> None:
    body: JSON = {
        "detail": "Order {/record/id} is {/record/status}",
        "id": "{/record/id}",
        "none": "{/record/nothing/here}",
    }
    failure = Failure("rule", 409, "", body=body)
    about: dict[str, JSON] = {"record": {"id": 7, "status": None}}
    assert failure_body(failure, {}, [], about) == {"detail": "Order 7 is ", "id": 7, "none": None}


def test_warnings_are_no_faults() -> None:
    failure = Failure("rule", 422, "", body=BODY, each="/detail", text=FaultText("odd", "No."), at=("body",))
    warning = Diagnostic("read-only", "body", "x", "y", severity="warning")
    item = {"type": "odd", "loc": ["body"], "msg": "No.", "input": None}
    assert failure_body(failure, {}, [warning], {}) == {"error": "Rule", "detail": [item]}
