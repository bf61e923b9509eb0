from __future__ import annotations

from typing import Any

import pytest

from mock_server.core.errors import ContractError
from mock_server.openapi.extensions import (
    CorsPolicy,
    MockExtensions,
    Resource,
    Suffix,
    TokenKind,
    read_extensions,
)
from mock_server.openapi.failure_extensions import FAILURES, Failure
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, LazySourceMap
from mock_server.openapi.model import Contract

PLACES = LazySourceMap(lambda: LayeredSourceMap(parse_source("a.yaml", "")))
PET = "#/components/schemas/Pet"
NO = "#/components/responses/No"


def extensions(**members: Any) -> MockExtensions:
    return read_extensions({f"x-mock-{name}": value for name, value in members.items()}, PLACES)


def test_no_extensions_means_defaults() -> None:
    plain = read_extensions({"openapi": "3.1.0", "x-other": 1}, PLACES)
    assert plain == MockExtensions()
    assert (plain.tokens, plain.head, plain.options, plain.trailing_slash) == ((), "answer", "answer", "refuse")


def test_resources_are_read() -> None:
    read = extensions(
        resources={
            "pets": {"schema": PET},
            "toys": {"schema": PET, "handle": "id", "pins": ["/kind"], "complete": True},
        }
    )
    assert read.resources == {
        "pets": Resource("pets", PET, "handle", (), False),
        "toys": Resource("toys", PET, "id", ("/kind",), True),
    }


def test_tokens_are_read_in_order() -> None:
    read = extensions(tokens=[{"prefix": "b_", "schemes": ["x", "y"], "selects": "pets"}, {"prefix": "a_"}])
    assert read.tokens == (TokenKind("b_", ("x", "y"), "pets"), TokenKind("a_", (), None))


def test_suffixes_are_read() -> None:
    read = extensions(suffixes={"expired": {"failure": "invalid_token"}, "slow": {"delay": 2000}, "plain": {}})
    assert read.suffixes == {"expired": Suffix("invalid_token"), "slow": Suffix(None, 2000), "plain": Suffix()}


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_can_be_given_answer(name: str) -> None:
    plain = {"status": "418", "response": NO}
    assert extensions(failures={name: plain}).failures == {name: Failure(name, 418, NO)}
    full = extensions(failures={name: {**plain, "example": "tea", "beforeRouting": True}})
    assert full.failures == {name: Failure(name, 418, NO, "tea", True)}


def test_http_manners_are_read() -> None:
    cors = {"allowMethods": ["GET"], "allowHeaders": ["Accept"], "maxAge": 0}
    read = extensions(http={"head": "refuse", "options": "refuse", "trailingSlash": "ignore", "cors": cors})
    assert (read.head, read.options, read.trailing_slash) == ("refuse", "refuse", "ignore")
    assert read.cors == CorsPolicy(("GET",), ("Accept",), 0)


RESOURCE = {"schema": PET}
FAILURE = {"status": "404", "response": NO}


@pytest.mark.parametrize(
    ("members", "pointer", "actual"),
    [
        ({"resource": {}}, "/x-mock-resource", "'x-mock-resource'; did you mean x-mock-resources?"),
        ({"resources": []}, "/x-mock-resources", "[]"),
        ({"resources": {"a": []}}, "/x-mock-resources/a", "[]"),
        ({"resources": {"a": {}}}, "/x-mock-resources/a/schema", "nothing"),
        ({"resources": {"a": {"schema": 7}}}, "/x-mock-resources/a/schema", "7"),
        ({"resources": {"a": {**RESOURCE, "pin": []}}}, "/x-mock-resources/a/pin", "'pin'; did you mean pins?"),
        ({"resources": {"a": {**RESOURCE, "pins": "/kind"}}}, "/x-mock-resources/a/pins", "'/kind'"),
        ({"resources": {"a": {**RESOURCE, "pins": [7]}}}, "/x-mock-resources/a/pins", "[7]"),
        ({"resources": {"a": {**RESOURCE, "handle": None}}}, "/x-mock-resources/a/handle", "nothing"),
        ({"resources": {"a": {**RESOURCE, "complete": "yes"}}}, "/x-mock-resources/a/complete", "'yes'"),
        ({"tokens": {}}, "/x-mock-tokens", "{}"),
        ({"tokens": ["a"]}, "/x-mock-tokens/0", "'a'"),
        ({"tokens": [{"prefix": "a"}, {}]}, "/x-mock-tokens/1/prefix", "nothing"),
        ({"tokens": [{"prefix": "a", "scheme": []}]}, "/x-mock-tokens/0/scheme", "'scheme'; did you mean schemes?"),
        ({"tokens": [{"prefix": "a", "selects": 7}]}, "/x-mock-tokens/0/selects", "7"),
        ({"suffixes": ["slow"]}, "/x-mock-suffixes", "['slow']"),
        ({"suffixes": {"a": {"failure": "invalid"}}}, "/x-mock-suffixes/a/failure", "'invalid'"),
        ({"suffixes": {"a": {"delay": -1}}}, "/x-mock-suffixes/a/delay", "-1"),
        ({"suffixes": {"a": {"delay": True}}}, "/x-mock-suffixes/a/delay", "True"),
        ({"suffixes": {"a": {"delay": "2s"}}}, "/x-mock-suffixes/a/delay", "'2s'"),
        ({"failures": []}, "/x-mock-failures", "[]"),
        ({"failures": {"notfound": FAILURE}}, "/x-mock-failures/notfound", "'notfound'; did you mean not_found?"),
        ({"failures": {"not_found": {**FAILURE, "status": 404}}}, "/x-mock-failures/not_found/status", "404"),
        ({"failures": {"not_found": {**FAILURE, "status": "4XX"}}}, "/x-mock-failures/not_found/status", "'4XX'"),
        ({"failures": {"not_found": {**FAILURE, "status": "600"}}}, "/x-mock-failures/not_found/status", "'600'"),
        ({"failures": {"not_found": {**FAILURE, "status": "²²²"}}}, "/x-mock-failures/not_found/status", "'²²²'"),
        ({"failures": {"not_found": {"status": "404"}}}, "/x-mock-failures/not_found/response", "nothing"),
        ({"failures": {"not_found": {**FAILURE, "beforeRouting": 1}}}, "/x-mock-failures/not_found/beforeRouting", "1"),
        ({"http": []}, "/x-mock-http", "[]"),
        ({"http": {"haed": "refuse"}}, "/x-mock-http/haed", "'haed'; did you mean head?"),
        ({"http": {"head": "refused"}}, "/x-mock-http/head", "'refused'"),
        ({"http": {"options": True}}, "/x-mock-http/options", "True"),
        ({"http": {"trailingSlash": ""}}, "/x-mock-http/trailingSlash", "''"),
        ({"http": {"cors": {"maxage": 1}}}, "/x-mock-http/cors/maxage", "'maxage'; did you mean maxAge?"),
        ({"http": {"cors": {"maxAge": 1.5}}}, "/x-mock-http/cors/maxAge", "1.5"),
        ({"http": {"cors": {"allowMethods": "GET"}}}, "/x-mock-http/cors/allowMethods", "'GET'"),
    ],
)
def test_what_is_not_understood_is_refused(members: Any, pointer: str, actual: str) -> None:
    with pytest.raises(ContractError) as refused:
        extensions(**members)
    message = str(refused.value)
    assert message.startswith(f"a.yaml {pointer}: found {actual}")
    assert "; expected " in message


def test_refusal_names_the_line() -> None:
    text = "openapi: 3.1.0\nx-mock-http:\n  head: refuse\n  option: refuse\n"
    source = parse_source("a.yaml", text)
    assert isinstance(source.data, dict)
    with pytest.raises(ContractError, match=r"^a\.yaml:4 /x-mock-http/option: found 'option'; did you mean options"):
        read_extensions(source.data, LazySourceMap(lambda: LayeredSourceMap(source)))


def test_bundled_contract_is_like_production(contract: Contract) -> None:
    read = contract.extensions
    assert (read.head, read.options, read.trailing_slash) == ("refuse", "refuse", "redirect")
    own = {"idempotency_conflict", "invalid_request", "malformed_request", "unsupported_media_type"}
    own |= {"no_such_record", "conflict", "relation_missing"}
    assert set(read.failures) == {*FAILURES} - own
    assert {kind.prefix for kind in read.tokens if kind.selects == "customers"} == {"polar_cst_", "polar_mst_"}
    assert {*contract.extensions.failures} == {*read.failures}
