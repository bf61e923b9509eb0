from __future__ import annotations

import pytest

from mock_server.contract.model import SecurityScheme
from mock_server.exchange import Request
from mock_server.redaction import HIDDEN, Redaction

SCHEMES = [
    SecurityScheme("k", "apiKey", place="query", key="key"),
    SecurityScheme("h", "apiKey", "", "header", "X-Own"),
]
REDACTION = Redaction(["X-Added"], SCHEMES)


@pytest.mark.parametrize(
    "name", ["authorization", "Cookie", "Set-Cookie", "x-api-key", "proxy-authorization", "X-ADDED", "x-own"]
)
def test_a_header_with_a_credential_is_not_shown(name: str) -> None:
    assert REDACTION.headers(((name, "Bearer secret"), ("accept", "*/*"))) == ((name, HIDDEN), ("accept", "*/*"))


def test_a_key_in_the_query_is_not_shown() -> None:
    assert REDACTION.query("a=1&key=secret&b") == "a=1&key=%5Bredacted%5D&b"
    assert Redaction([], []).query("key=open") == "key=open"


def test_a_sentence_about_a_request_does_not_tell_its_secrets() -> None:
    request = Request(
        "GET", "/", "key=secret%2Fone",
        (("authorization", "Bearer polar_cst_x"), ("cookie", "session=abcdef; b=1")),
    )  # fmt: skip
    text = "found Bearer polar_cst_x, polar_cst_x, abcdef, secret/one and secret%2Fone; expected 1"
    redacted = REDACTION.text(text, request)
    assert redacted == f"found {HIDDEN}, {HIDDEN}, {HIDDEN}, {HIDDEN} and {HIDDEN}; expected 1"
    assert REDACTION.value({"a": ["abcdef", 1, None]}, request) == {"a": [HIDDEN, 1, None]}
