"""Exchanges as bytes and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.diagnostics import Diagnostic
from mock_server.http.messages import Exchange, Request, Response, ResponseSource, Route
from mock_server.worlds.exchange_codec import EncodedExchange, ExchangeCodec
from mock_server.worlds.journal import LONGEST_BODY, JournaledExchange
from tests.support.contracts import document, load, operation

REQUEST = Request(
    "POST", "/a b", "q=ä", (("host", "localhost"), ("x", "a: b")), b"\x00\xff", "http://localhost", "/a%20b"
)
ROUTE = Route("GET /v1/customer-portal/customers/me", {"id": "ä"}, ("GET",), None)
ANSWER = Response(201, (("content-type", "text/plain"),), b"\xfe", ResponseSource.GENERATED, 3, scenario="s")
FINDINGS = (Diagnostic("rule", "body", "found", "expected", "/a", "fix", "warning"),)


def round_trip(exchange: Exchange, size: int | None = None) -> EncodedExchange:
    codec = ExchangeCodec(())
    return EncodedExchange(JournaledExchange(exchange, None, size).encoded(codec), codec)


def test_exchange_comes_back_as_it_was() -> None:
    again = round_trip(Exchange(REQUEST, ROUTE, ANSWER, FINDINGS))
    assert (again.request, again.route, again.answer, again.findings) == (REQUEST, ROUTE, ANSWER, FINDINGS)
    assert (again.sizes, again.operation) == ((2, 1), None)


TEXTS = st.text(max_size=20)
NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=8)
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\n"), max_size=20)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4).map(tuple)
REQUESTS = st.builds(Request, TEXTS, TEXTS, TEXTS, HEADERS, st.binary(max_size=40), TEXTS, TEXTS)
PARAMETERS = st.dictionaries(TEXTS, TEXTS, max_size=3)
ROUTES = st.builds(Route, st.none() | TEXTS, PARAMETERS, st.lists(TEXTS, max_size=3).map(tuple), st.none() | TEXTS)
ANSWERS = st.builds(
    Response,
    st.integers(100, 599),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(tuple),
    st.binary(max_size=40),
    st.sampled_from(ResponseSource),
    st.integers(0, 10**6),
    scenario=TEXTS,
)
EXCHANGES = st.builds(
    Exchange, REQUESTS, ROUTES, ANSWERS, st.lists(st.builds(Diagnostic, *[TEXTS] * 7), max_size=3).map(tuple)
)


@given(EXCHANGES)
def test_any_exchange_comes_back_as_it_was(exchange: Exchange) -> None:
    again = round_trip(exchange)
    assert Exchange(again.request, again.route, again.answer, again.findings) == exchange


def test_long_body_is_shortened_and_its_size_known() -> None:
    long_body = bytes(LONGEST_BODY + 1)
    again = round_trip(Exchange(REQUEST, ROUTE, Response(200, (), long_body)))
    assert (len(again.answer.body), again.sizes[1]) == (LONGEST_BODY, LONGEST_BODY + 1)


@pytest.mark.parametrize("base_path", ["", "/v2"])
def test_operation_is_known_by_its_contract(base_path: str, tmp_path: Path) -> None:
    contract = load(tmp_path, document({"/pets": {"get": operation({"type": "string"})}}))
    (pets,) = contract.operations.values()
    codec = ExchangeCodec([(base_path, contract)])
    exchange = Exchange(REQUEST, Route(pets.key), ANSWER)
    again = EncodedExchange(JournaledExchange(exchange, pets).encoded(codec), codec)
    assert again.operation is pets
    assert EncodedExchange(again.encoded(codec), ExchangeCodec(())).operation is None
