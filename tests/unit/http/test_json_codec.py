"""What travels between processes arrives as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.json_codec import (
    exchange_from_json,
    exchange_to_json,
    request_from_json,
    request_to_json,
    response_from_json,
    response_to_json,
)
from mock_server.http.messages import Exchange, Request, Response, ResponseSource, Route, TransportFault

TEXTS = st.text(max_size=20)
HEADERS = st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple)
REQUESTS = st.builds(Request, TEXTS, TEXTS, TEXTS, HEADERS, st.binary(max_size=40), TEXTS, TEXTS)
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
ROUTES = st.builds(
    Route,
    st.none() | TEXTS,
    st.dictionaries(TEXTS, TEXTS, max_size=3),
    st.lists(TEXTS, max_size=3).map(tuple),
    st.none() | TEXTS,
)
FINDINGS = st.lists(st.builds(Diagnostic, *[TEXTS] * 7), max_size=3).map(tuple)


def sent(form: Any) -> Any:
    """A form as it is when it comes out of a connection."""
    return json.loads(json.dumps(form).encode("ascii"))


@given(REQUESTS)
def test_request_arrives_as_it_was(request: Request) -> None:
    assert request_from_json(sent(request_to_json(request))) == request


@given(ANSWERS)
def test_answer_arrives_with_what_happens_to_it_on_wire(answer: Response) -> None:
    assert response_from_json(sent(response_to_json(answer))) == answer


@given(st.builds(Exchange, REQUESTS, ROUTES, ANSWERS, FINDINGS))
def test_exchange_arrives_as_it_was(exchange: Exchange) -> None:
    assert exchange_from_json(sent(exchange_to_json(exchange))) == exchange


@pytest.mark.parametrize("text", ["\udc80", "\x00", "å", "\U0001f600"])
def test_no_text_is_too_odd(text: str) -> None:
    request = Request("GET", text, headers=(("x", text),))
    assert request_from_json(sent(request_to_json(request))) == request


def test_what_judged_an_answer_stays_behind() -> None:
    answer = Response(200, body=b"{}", validated=b"{}", findings=(Diagnostic("rule", "place", "a", "b"),))
    assert response_from_json(sent(response_to_json(answer))) == replace(answer, validated=None, findings=())
