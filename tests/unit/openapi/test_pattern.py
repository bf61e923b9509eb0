from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mock_server.core.regex import matches
from mock_server.http.messages import Request, Route
from mock_server.openapi.validation.bounded_keywords import bounded
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.contracts import document, load, operation

LONG = "a" * 40 + "!"


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("^a+$", "aaa", True),
        ("b", "aaa", False),
        (r"^\d+$", "\u0663", False),
        (r"^\p{L}+$", "å", True),
        ("^[^]$", "\n", True),
        ("^[^]$", "", False),
        (r"^(?<n>a)\k<n>$", "aa", True),
        (r"^(?<n>a)\k<n>$", "ab", False),
        ("(", "anything", True),
        ("a", "\ud800", False),
    ],
)
def test_pattern_is_what_ecma_262_says(pattern: str, text: str, is_found: bool) -> None:
    assert matches(pattern, text) is is_found


@pytest.mark.parametrize(
    "pattern",
    ["^(a|a)*$", "^(a+)+$", "^(a|aa)+$", "^(?=a)(a|a)*$", r"^(a|a)*\1$", r"^([^]|a)*$(?!)", r"^(a|[^])*\b\B$"],
)
def test_pattern_that_backtracks_for_ever_is_given_up(pattern: str) -> None:
    started = process_time()
    matches(pattern, LONG)
    matches(pattern, LONG * 1000)
    assert process_time() - started < 2


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_request_is_refused_in_bounded_time_whatever_pattern(version: str, tmp_path: Path) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"a": {"type": "string", "pattern": "^(a|a)*$"}},
    }
    schema |= {"patternProperties": {"^(b|b)*$": {"type": "integer"}}} if version > "3.1" else {}
    post = {**operation(), "requestBody": {"content": {"application/json": {"schema": schema}}}}
    validator = ContractValidator(load(tmp_path, document({"/x": {"post": post}}, openapi=version)))
    body = b'{"a": "%s", "%s": 1}' % (LONG.encode(), b"b" * 40 + b"!")
    validator.request(Route("POST /x"), Request("POST", "/x", "", (("content-type", "application/json"),), b"1"))
    started = process_time()  # what says why is imported by now
    findings = validator.request(
        Route("POST /x"), Request("POST", "/x", "", (("content-type", "application/json"),), body)
    )
    assert process_time() - started < 2
    assert {finding.expected for finding in findings} == {'pattern: "^(a|a)*$"', "no other members"}


def test_members_by_pattern_are_validated_and_no_others() -> None:
    validator = bounded(Draft202012Validator)(
        {"patternProperties": {r"^\p{L}$": {"type": "integer"}}, "additionalProperties": {"type": "string"}}
    )
    assert [[*error.path] for error in validator.iter_errors({"å": "x", "b": 1, "long": 2, "text": "x"})] == [
        ["å"],
        ["long"],
    ]
