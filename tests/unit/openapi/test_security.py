from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from mock_server.http.messages import Headers, Request, Route
from mock_server.openapi.extensions import MockExtensions, Suffix, TokenKind
from mock_server.openapi.model import SecurityScheme
from mock_server.openapi.security import Credentials, bearer_token, cookies, credentials_of
from mock_server.openapi.validation.validator import ContractValidator
from tests.support.contracts import Document, document, load, operation

SCHEMES: Document = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "Basic"},
    "digest": {"type": "http", "scheme": "digest"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "oauth": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "https://pets.example/token", "scopes": {}}},
    },
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://pets.example/.well-known/openid-configuration"},
    "tls": {"type": "mutualTLS"},
    "reference": {"$ref": "#/components/securitySchemes/header"},
}
BEARER = ("authorization", "Bearer token")
KEY = ("x-api-key", "key")
SESSION = ("cookie", "a=b; session=s")


def basic(pair: str) -> tuple[str, str]:
    return ("authorization", "Basic " + base64.b64encode(pair.encode()).decode())


def is_let_in(directory: Path, security: Any, *headers: tuple[str, str], query: str = "", **members: Any) -> bool:
    """Whether the judge lets a request to an operation of this security in."""
    contract = load(
        directory,
        document({"/a": {"get": operation(security=security)}}, components={"securitySchemes": SCHEMES}, **members),
    )
    findings = ContractValidator(contract).request(Route("GET /a"), Request("GET", "/a", query, headers))
    assert {finding.rule for finding in findings} <= {"security"}
    return not findings


@pytest.mark.parametrize(
    ("scheme", "headers", "query", "let_in"),
    [
        ("bearer", (BEARER,), "", True),
        ("bearer", (("authorization", "bEARER   token "),), "", True),
        ("bearer", (("authorization", "Bearer"),), "", False),
        ("bearer", (("authorization", "Bearer My API Key"),), "", True),
        ("bearer", (("authorization", "token xyz"),), "", True),
        ("bearer", (("authorization", 'Digest username="tom"'),), "", False),
        ("bearer", (("authorization", "Bearer tøken"),), "", False),
        ("bearer", (("authorization", "Bearertoken"),), "", False),
        ("bearer", (basic("a:b"),), "", False),
        ("bearer", (), "", False),
        ("basic", (basic("tom:secret"),), "", True),
        ("basic", (basic("tom:"),), "", True),
        ("basic", (basic("tom:a:b"),), "", True),
        ("basic", (basic("tom"),), "", False),
        ("basic", (("authorization", "Basic tom:secret"),), "", False),
        ("basic", (("authorization", "Basic /w=="),), "", False),
        ("basic", (BEARER,), "", False),
        ("digest", (("authorization", 'Digest username="tom"'),), "", True),
        ("digest", (BEARER,), "", False),
        ("header", (KEY,), "", True),
        ("header", (("x-api-key", ""),), "", False),
        ("header", (), "X-Api-Key=key", False),
        ("query", (), "api%20key=key", True),
        ("query", (), "api+key=key&a=1", True),
        ("query", (), "api+key=", False),
        ("query", (("api key", "key"),), "", False),
        ("cookie", (SESSION,), "", True),
        ("cookie", (("cookie", "session="),), "", False),
        ("cookie", (("cookie", "sessions=s"),), "", False),
        ("cookie", (("cookie", "a=b"), ("cookie", "session=s")), "", True),
        ("cookie", (), "session=s", False),
        ("oauth", (BEARER,), "", True),
        ("oauth", (("authorization", "token xyz"),), "", True),
        ("oauth", (("authorization", "DPoP a.b.c"),), "", True),
        ("oauth", (("authorization", "token"),), "", False),
        ("oauth", (basic("a:b"),), "", False),
        ("oauth", (KEY,), "", False),
        ("openid", (BEARER,), "", True),
        ("openid", (), "", False),
        ("tls", (), "", True),
        ("reference", (KEY,), "", True),
        ("reference", (BEARER,), "", False),
    ],
)
def test_scheme_requires_credential(scheme: str, headers: Headers, query: str, let_in: bool, tmp_path: Path) -> None:
    assert is_let_in(tmp_path, [{scheme: []}], *headers, query=query) is let_in


@pytest.mark.parametrize(
    ("security", "headers", "let_in"),
    [
        ([], (), True),
        ([{}], (), True),
        ([{"bearer": []}, {}], (), True),
        ([{}, {"bearer": []}], (), True),
        ([{"bearer": []}, {"header": []}], (), False),
        ([{"bearer": []}, {"header": []}], (BEARER,), True),
        ([{"bearer": []}, {"header": []}], (KEY,), True),
        ([{"bearer": [], "header": []}], (BEARER,), False),
        ([{"bearer": [], "header": []}], (KEY,), False),
        ([{"bearer": [], "header": []}], (BEARER, KEY), True),
        ([{"bearer": [], "header": []}, {"cookie": []}], (BEARER,), False),
        ([{"bearer": [], "header": []}, {"cookie": []}], (SESSION,), True),
        ([{"oauth": ["pets:read"]}], (BEARER,), True),
    ],
)
def test_security_is_an_or_of_ands(security: Any, headers: Headers, let_in: bool, tmp_path: Path) -> None:
    assert is_let_in(tmp_path, security, *headers) is let_in


def test_missing_credential_is_only_finding(tmp_path: Path) -> None:
    limit = {"name": "limit", "in": "query", "required": True, "schema": {"type": "integer"}}
    get = operation(security=[{"bearer": []}], parameters=[limit])
    contract = load(tmp_path, document({"/a": {"get": get}}, components={"securitySchemes": SCHEMES}))
    (finding,) = ContractValidator(contract).request(Route("GET /a"), Request("GET", "/a"))
    assert (finding.rule, finding.found) == ("security", "no credential that fits")


# The token table.

TOKENS = [{"prefix": "cst_", "schemes": ["bearer"]}, {"prefix": "crt_", "schemes": []}]


@pytest.mark.parametrize(("token", "let_in"), [("cst_1", True), ("crt_1", False), ("other", False), ("xcst_1", False)])
def test_bearer_scheme_takes_kinds_of_tokens_that_name_it(token: str, let_in: bool, tmp_path: Path) -> None:
    headers = ("authorization", f"Bearer {token}")
    assert is_let_in(tmp_path, [{"bearer": []}], headers, x_mock_tokens=TOKENS) is let_in


def test_token_table_skips_other_schemes(tmp_path: Path) -> None:
    assert is_let_in(tmp_path, [{"header": []}], KEY, x_mock_tokens=TOKENS)


CST, LONGER = TokenKind("cst_", ("bearer",), "pets"), TokenKind("cst_x_", ())
TABLE = MockExtensions(tokens=(LONGER, CST), suffixes={"expired": Suffix("invalid_token"), "slow": Suffix(None, 2000)})


@pytest.mark.parametrize(
    ("token", "credentials"),
    [
        (None, Credentials()),
        ("cst_tom", Credentials("cst_tom", CST, "tom")),
        ("cst_x_tom", Credentials("cst_x_tom", LONGER, "tom")),
        ("cst_expired", Credentials("cst_expired", CST, "expired", "invalid_token")),
        ("cst_x_slow", Credentials("cst_x_slow", LONGER, "slow", None, 2000)),
        ("cst_slower", Credentials("cst_slower", CST, "slower")),
        ("cst_x_", Credentials("cst_x_", CST, "x_")),
        ("cst_", Credentials("cst_", failure="invalid_token")),
        ("tom", Credentials("tom", failure="invalid_token")),
        ("CST_tom", Credentials("CST_tom", failure="invalid_token")),
    ],
)
def test_token_says_who_is_asking(token: str | None, credentials: Credentials) -> None:
    headers = () if token is None else (("authorization", f"Bearer {token}"),)
    assert credentials_of(Request("GET", "/", headers=headers), TABLE, {}) == credentials


@pytest.mark.parametrize(
    ("headers", "token"), [((BEARER,), "token"), ((KEY,), "key"), ((BEARER, KEY), "token"), ((), None)]
)
def test_without_table_any_credential_is_caller_of_its_own(headers: Headers, token: str | None) -> None:
    schemes = {
        "tls": SecurityScheme("tls", "mutualTLS"),
        "key": SecurityScheme("key", "apiKey", place="header", key="X-Api-Key"),
    }
    assert credentials_of(Request("GET", "/", headers=headers), MockExtensions(), schemes) == Credentials(token)


@pytest.mark.parametrize("header", ["Bearer My API Key", "token My API Key", "bearer  My API Key "])
def test_without_table_token_is_whatever_follows_scheme(header: str) -> None:
    assert credentials_of(
        Request("GET", "/", headers=(("authorization", header),)), MockExtensions(), {}
    ) == Credentials("My API Key")


def test_token_of_other_scheme_is_unknown() -> None:
    assert (
        credentials_of(Request("GET", "/", headers=(("authorization", "token cst_tom"),)), TABLE, {}) == Credentials()
    )


def test_of_two_authorizations_first_counts() -> None:
    headers = (("authorization", "Bearer one"), ("authorization", "Bearer two"))
    assert bearer_token(Request("GET", "/", headers=headers)) == "one"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ('a="x y"', {"a": "x y"}),
        ("", {}),
        ("nonsense", {}),
        ("a=1,b=2", {"a": "1,b=2"}),
    ],
)
def test_malformed_cookies_are_ignored(header: str, expected: dict[str, str]) -> None:
    assert cookies(Request("GET", "/", headers=(("cookie", header),))) == expected
