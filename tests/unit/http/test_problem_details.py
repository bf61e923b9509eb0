from __future__ import annotations

import json
import re

import pytest

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.problem_details import TITLES, problem_response
from mock_server.mocking.error_responses import STATUSES
from tests.support.paths import ROOT

FINDING = Diagnostic("body", "body", "1", "a text", "/name")


@pytest.mark.parametrize("name", TITLES)
def test_problem_has_members_of_rfc_9457(name: str) -> None:
    answer = problem_response(name, 418, "Found tea; expected coffee.")
    assert answer.header("Content-Type") == "application/problem+json"
    assert json.loads(answer.body) == {
        "type": f"urn:mock-server:problem:{name}",
        "title": TITLES[name],
        "status": 418,
        "detail": "Found tea; expected coffee.",
    }
    assert (answer.status, answer.reason) == (418, "problem")


def test_findings_stand_beside_detail_without_their_empty_parts() -> None:
    (entry,) = json.loads(problem_response("invalid-request", 400, "It is wrong.", [FINDING]).body)["findings"]
    assert entry == {
        "rule": "body",
        "location": "body",
        "found": "1",
        "expected": "a text",
        "pointer": "/name",
        "severity": "error",
    }


def test_problem_without_detail_says_what_its_status_means() -> None:
    assert json.loads(problem_response("not-found", 404, "").body)["detail"] == "Nothing matches the given URI"


def test_headers_join_content_type() -> None:
    answer = problem_response("method-not-allowed", 405, "No.", headers=(("Allow", "GET"),))
    assert answer.headers == (("content-type", "application/problem+json"), ("Allow", "GET"))


def test_lone_surrogates_are_sent() -> None:
    assert json.loads(problem_response("internal", 500, "a \ud800 b").body)["detail"] == "a ? b"


def test_unknown_problem_type_raises() -> None:
    with pytest.raises(KeyError):
        problem_response("nonsense", 500, "")


def test_problems_and_documentation_agree() -> None:
    """A heading is its own fragment: docs/errors.md#not-found is what urn:mock-server:problem:not-found means."""
    text = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\S+)$", text, re.MULTILINE) == [*TITLES]


def test_every_sent_problem_has_a_title() -> None:
    texts = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "mock_server").rglob("*.py"))
    sent = {*re.findall(r'(?:problem_response|AdminRequestError)\(\s*"([a-z-]+)"', texts)} | {
        name.replace("_", "-") for name in STATUSES
    }
    assert sent == {*TITLES}


def test_names_are_sorted_and_fit_a_urn() -> None:
    assert [*TITLES] == sorted(TITLES)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in TITLES)
