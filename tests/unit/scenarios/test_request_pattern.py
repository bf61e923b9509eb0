"""Patterns of requests: what they fit, how they differ, what is refused, and that none of them hangs."""

import json
import time
from typing import Any

import pytest

from mock_server.core.errors import InstructionError
from mock_server.core.types import JSON
from mock_server.http.messages import Request, Route
from mock_server.openapi.model import Operation
from mock_server.scenarios.request_pattern import RequestPattern
from tests.support.case_files import read_cases

CASES = read_cases("request-patterns")
OPERATION = Operation("POST /v1/pets/{id}", "POST", "/v1/pets/{id}", "feed_pet", "", {}, ())
ROUTE = Route(OPERATION.key, {"id": "7"})
BODY: JSON = {"name": "Rex", "age": 3, "toys": ["ball", "bone"], "more": {"deep": "food"}}
DEEP: JSON = json.loads("[" * 600 + "]" * 600)
SECONDS = 1.5
"""What the most expensive pattern may take, on a busy machine."""


def request(body: JSON = BODY, path: str = "/v1/pets/7") -> Request:
    headers = (
        ("content-type", "application/json"),
        ("x-name", "Anna"),
        ("authorization", "Bearer t0ken"),
        ("cookie", "session=abc"),
    )
    return Request("POST", path, "page=2&tag=a&tag=b", headers, json.dumps(body).encode())


@pytest.mark.parametrize("pattern", CASES["fits"], ids=str)
def test_pattern_fits(pattern: JSON) -> None:
    read = RequestPattern.from_json(pattern)
    assert read.differences(request(), ROUTE, OPERATION) == []
    assert read.matches(request(), ROUTE, OPERATION)


@pytest.mark.parametrize("case", CASES["differs"], ids=str)
def test_near_miss_says_how_it_differs(case: Any) -> None:
    read = RequestPattern.from_json(case["pattern"])
    assert read.differences(request(), ROUTE, OPERATION) == [case["how"]]
    assert not read.matches(request(), ROUTE, OPERATION)


@pytest.mark.parametrize("case", CASES["refused"], ids=str)
def test_malformed_pattern_is_refused(case: Any) -> None:
    with pytest.raises(InstructionError) as refusal:
        RequestPattern.from_json(case["pattern"])
    (finding,) = refusal.value.findings
    assert finding.pointer == case["at"]
    assert case["says"] in str(finding)


@pytest.mark.parametrize(
    ("pattern", "body"),
    [
        ({"urlPathPattern": "(/a|a|aa)+$"}, None),
        ({"bodyPatterns": [{"matches": "(a+)+$"}]}, "a" * 200_000 + "!"),
        ({"bodyPatterns": [{"matchesJsonPath": '$[?match(@, "(a+)+$")]'}]}, ["a" * 100_000 + "!"]),
        ({"bodyPatterns": [{"matchesJsonPath": "$" + "[0,0]" * 60}]}, [[[[[[[[0]]]]]]]]),
        ({"bodyPatterns": [{"matchesJsonPath": "$..*..*..*..*..nothing"}]}, [[[[[[1] * 9] * 9] * 9] * 9] * 9]),
        ({"bodyPatterns": [{"matchesJsonPath": "$..[?@..[?@..[?@..a]]]"}]}, [[[[[[1] * 9] * 9] * 9] * 9] * 9]),
        ({"schema": {"pattern": "(a+)+$"}}, "a" * 200_000 + "!"),
        ({"bodyPatterns": [{"equalToJson": [[1] * 999] * 99 + [2], "ignoreArrayOrder": True}]}, [[1] * 999] * 100),
        ({"bodyPatterns": [{"equalToJson": DEEP}]}, [DEEP]),
        ({"body": {"": DEEP}}, [DEEP]),
        ({"bodyPatterns": [{"matchesJsonPath": "$..nothing"}]}, DEEP),
        ({"schema": {"not": {}}}, DEEP),
    ],
    ids=lambda value: str(value)[:60],
)
def test_no_pattern_can_hang(pattern: JSON, body: Any) -> None:
    read = RequestPattern.from_json(pattern)
    message = request(body, path="/a" + "a" * 100_000 + "!")
    start = time.process_time()
    assert read.differences(message, Route(), None) != []
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    "pattern", [{}, {"operation": "feed_pet"}, {"method": "post"}, {"path": "/v1/{a}/{b}"}], ids=str
)
def test_pattern_knows_which_operations_it_can_meet(pattern: JSON) -> None:
    assert RequestPattern.from_json(pattern).may_meet(OPERATION)


@pytest.mark.parametrize("pattern", [{"operation": "x"}, {"method": "GET"}, {"path": "/v1/cats/9"}], ids=str)
def test_pattern_knows_which_operations_it_cannot_meet(pattern: JSON) -> None:
    assert not RequestPattern.from_json(pattern).may_meet(OPERATION)
