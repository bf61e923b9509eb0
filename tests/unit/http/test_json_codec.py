"""What travels between processes arrives as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.json_codec import (
    diagnostic_from_json,
    diagnostic_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Response, ResponseSource, TransportFault

TEXTS = st.text(max_size=20)
HEADERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple)
WIRES = st.builds(TransportFault, TEXTS, st.integers(0, 9), st.booleans(), st.booleans())
ANSWERS = st.builds(
    Response,
    st.integers(100, 599),
    HEADERS,
    st.binary(max_size=40),
    st.sampled_from(ResponseSource),
    st.integers(0, 10**6),
    wire=st.none() | WIRES,
    scenario=TEXTS,
)


def sent(form: Any) -> Any:
    """A form as it is when it comes out of a connection."""
    return json.loads(json.dumps(form).encode("ascii"))


@given(ANSWERS)
def test_answer_arrives_with_what_happens_to_it_on_wire(answer: Response) -> None:
    assert response_from_json(sent(response_to_json(answer))) == answer


@given(st.builds(Diagnostic, *[TEXTS] * 7))
def test_finding_arrives_as_it_was(finding: Diagnostic) -> None:
    assert diagnostic_from_json(sent(diagnostic_to_json(finding))) == finding


def test_what_judged_an_answer_stays_behind() -> None:
    answer = Response(200, body=b"{}", validated=b"{}", findings=(Diagnostic("rule", "place", "a", "b"),))
    assert response_from_json(sent(response_to_json(answer))) == replace(answer, validated=None, findings=())
