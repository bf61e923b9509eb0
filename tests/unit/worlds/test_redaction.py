from __future__ import annotations

import asyncio
import base64
import json

import pytest

from mock_server.http.messages import Request
from mock_server.openapi.model import SecurityScheme
from mock_server.server.application import Application
from mock_server.settings import Settings
from mock_server.worlds.redacted_body import HIDDEN
from mock_server.worlds.redaction import Redaction, redaction_of
from tests.support.asgi import scope_of, sent

SCHEMES = [
    SecurityScheme("k", "apiKey", place="query", key="key"),
    SecurityScheme("h", "apiKey", "", "header", "X-Own"),
]
REDACTION = Redaction(["X-Added"], SCHEMES)


@pytest.mark.parametrize(
    "name", ["authorization", "Cookie", "Set-Cookie", "x-api-key", "proxy-authorization", "X-ADDED", "x-own"]
)
def test_credential_header_is_redacted(name: str) -> None:
    assert REDACTION.headers(((name, "Bearer secret"), ("accept", "*/*"))) == ((name, HIDDEN), ("accept", "*/*"))


def test_key_in_the_query_is_not_shown() -> None:
    assert REDACTION.query("a=1&key=secret&b") == "a=1&key=%5Bredacted%5D&b"
    assert Redaction([], []).query("key=open") == "key=open"


def test_sentence_about_request_does_not_tell_its_secrets() -> None:
    request = Request(
        "GET",
        "/",
        "key=secret%2Fone",
        (("authorization", "Bearer polar_cst_x"), ("cookie", "session=abcdef; b=1")),
    )
    text = "found Bearer polar_cst_x, polar_cst_x, abcdef, secret/one and secret%2Fone; expected 1"
    redacted = REDACTION.text(text, request)
    assert redacted == f"found {HIDDEN}, {HIDDEN}, {HIDDEN}, {HIDDEN} and {HIDDEN}; expected 1"
    assert REDACTION.value({"a": ["abcdef", 1, None]}, request) == {"a": [HIDDEN, 1, None]}


JSON_TYPE = "application/json"
FORM = "application/x-www-form-urlencoded"
PART = '--b\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "shown"),
    [
        (JSON_TYPE, '{"name": "Ada", "password": "s3cret"}', '{"name": "Ada", "password": "[redacted]"}'),
        (JSON_TYPE, '[{"token": "s3cret", "max_tokens": 5}]', '[{"token": "[redacted]", "max_tokens": 5}]'),
        (JSON_TYPE, '{"client_secret": {"value": "s3cret"}}', '{"client_secret": {"value": "[redacted]"}}'),
        (JSON_TYPE, '{"cvc": 123, "token": 1, "secret": null}', '{"cvc": "[redacted]", "token": 1, "secret": null}'),
        (JSON_TYPE, '{"password": "s3cr', '{"password": "[redacted]"'),
        (JSON_TYPE, '{"token" :"a"}\n{"token": "b\\"c"}', '{"token" :"[redacted]"}\n{"token": "[redacted]"}'),
        (JSON_TYPE, '{"p\\u0061ssword": "s3cret"}', '{"password": "[redacted]"}'),
        (JSON_TYPE, '{"a\\"": 1, "x\\"password" : "s3cret"}', '{"a\\"": 1, "x\\"password": "[redacted]"}'),
        (JSON_TYPE, '{"password\\"x" : "s3cret"}', '{"password\\"x": "[redacted]"}'),
        (JSON_TYPE, '{"a":"b",":password":"s3cret"}', '{"a": "b", ":password": "[redacted]"}'),
        (JSON_TYPE, '{"country_code":"DE","Token":"s3cret"}', '{"country_code": "DE", "Token": "[redacted]"}'),
        (JSON_TYPE, '{"country_code":"DE", "pin_board":"a"}', '{"country_code":"DE", "pin_board":"a"}'),
        (JSON_TYPE, '{"name" :  "token"}', '{"name" :  "token"}'),
        (JSON_TYPE, '{"card": {"number": "4242", "name": "A"}}', '{"card": {"number": "[redacted]", "name": "A"}}'),
        (JSON_TYPE, '{"items": [{"iban": "DE1"}]}', '{"items": [{"iban": "[redacted]"}]}'),
        (FORM, "grant_type=x&code=s3cret&a=1", "grant_type=x&code=%5Bredacted%5D&a=1"),
        (FORM, "code=DE&pass=x", "code=DE&pass=%5Bredacted%5D"),
        (
            "multipart/form-data; boundary=b",
            PART.format("password", "s3cret") + PART.format("a", "token") + "--b--",
            PART.format("password", HIDDEN) + PART.format("a", "token") + "--b--",
        ),
        (
            "application/xml",
            "<a><password>s3cret</password><b>token</b></a>",
            "<a><password>[redacted]</password><b>token</b></a>",
        ),
        ("application/octet-stream", "\x00token", "\x00token"),
    ],
)
def test_body_is_shown_without_its_secrets(content_type: str, body: str, shown: str) -> None:
    redaction = Redaction([], [], ["/card/number", "/items/*/iban"])
    assert redaction.body(body.encode(), content_type).decode() == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("referer", "http://a/b?x=1&access_token=s3cret#t", "http://a/b?x=1&access_token=%5Bredacted%5D#t"),
        ("location", "http://a/cb#id_token=s3cret", "http://a/cb#id_token=%5Bredacted%5D"),
        ("location", "http://ada:s3cret@a/", "http://ada:%5Bredacted%5D@a/"),
        ("referer", "http://a/b?x=1", "http://a/b?x=1"),
    ],
)
def test_url_in_header_is_shown_without_its_secrets(name: str, value: str, shown: str) -> None:
    assert Redaction([], []).headers(((name, value),)) == ((name, shown),)


@pytest.mark.parametrize("secret", ["s3cret word", "s3cret" * 20, 'with "quotes"'])
def test_sentence_tells_no_secret_of_a_body(secret: str) -> None:
    request = Request("POST", "/", body=json.dumps({"password": secret}).encode())
    text = f"found {json.dumps(secret)[:40]}; expected a number"
    assert secret[:20] not in Redaction([], []).text(text, request)


def test_no_redaction_hides_named_fields_only() -> None:
    settings = Settings(no_redaction=True, redact_header=("X-Own",), redact_body=("/iban",))
    redaction = redaction_of(settings, [])
    assert redaction.headers((("authorization", "Bearer x"), ("x-own", "y"))) == (
        ("authorization", "Bearer x"),
        ("x-own", HIDDEN),
    )
    body = b'{"password": "p", "iban": "DE1"}'
    assert redaction.body(body, JSON_TYPE) == b'{"password": "p", "iban": "[redacted]"}'
    assert redaction.query("token=1") == "token=1"


def test_journal_is_redacted_patterns_match(own_cache: None) -> None:
    app = Application(Settings(), shares_process=True)
    secret = "s3cret-value"
    body = json.dumps({"password": secret}).encode()
    scope = scope_of(
        f"/nowhere?access_token={secret}", method="POST", x_auth_token=secret, referer=f"http://a/?token={secret}"
    )
    pattern = {"headers": {"x-auth-token": secret}, "query": {"access_token": secret}, "body": {"/password": secret}}
    other = {"query": {"access_token": "other"}, "bodyPatterns": [{"equalTo": "other"}]}

    async def all_of() -> list[str]:
        await sent(app, scope, body)
        answers = [await sent(app, scope_of(f"/__admin/requests{path}")) for path in ("", ".har")]
        answers.append(await sent(app, scope_of("/__admin/requests/verify", method="POST"), json.dumps(other).encode()))
        count = await sent(app, scope_of("/__admin/requests/count", method="POST"), json.dumps(pattern).encode())
        assert json.loads(count.body)["count"] == 1
        return [one.body.decode() for one in answers]

    told, coded = asyncio.run(all_of()), base64.b64encode(secret.encode())[:12].decode()
    assert [(secret in one, coded in one) for one in told] == [(False, False)] * 3
    assert all("redacted" in one for one in told)
