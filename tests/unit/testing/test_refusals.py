"""Why a request was refused, as tests are told it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from mock_server import MockServer, World
from tests.support.customers import ME

BEARER = {"Authorization": "Bearer polar_oat_tests"}


@pytest.fixture(scope="module")
def polar(own_cache: None) -> Iterator[MockServer]:
    with MockServer(contract="polar") as mock:
        yield mock


@pytest.fixture
def world(polar: MockServer) -> Iterator[World]:
    with polar.world() as world:
        yield world


@pytest.mark.parametrize(
    ("method", "path", "headers", "why"),
    [
        ("GET", "/v1/customers/external/nobody", BEARER, "failure: path external_id: 'nobody'; expected the key of"),
        ("GET", "/v1/custmers/", BEARER, "failure: path: /v1/custmers/; expected a path of the contract"),
        ("PUT", "/v1/customers/", BEARER, "failure: method: PUT; expected GET, POST"),
        (
            "GET",
            "/v1/customers/",
            {},
            "failure: header authorization: no credential that fits; expected a bearer token",
        ),
        ("GET", "/v1/customers/", {**BEARER, "Prefer": "code=418"}, "problem: Found the preference code=418; expected"),
    ],
)
def test_refused_request_says_why(method: str, path: str, headers: dict[str, str], why: str, world: World) -> None:
    answer = httpx.request(method, world.url + path, headers=headers, trust_env=False)
    (request,) = world.requests
    assert request.why.startswith(why)
    assert (request.answer_body, request.answer_headers["content-type"]) == (
        answer.content,
        answer.headers["content-type"],
    )


def test_token_whose_record_was_deleted_says_so(world: World) -> None:
    customer = world.create("customers", email="ada@example.com")
    httpx.delete(f"{world.url}/v1/customers/{customer['id']}", headers=BEARER, trust_env=False)
    token = {"Authorization": f"Bearer polar_cst_{customer['id']}"}
    answer = httpx.get(world.url + ME, headers=token, trust_env=False)
    assert (answer.status_code, world.requests[-1].findings[0]["rule"]) == (401, "token")
    assert "polar_cst" not in str(world.requests[-1].findings)


def test_answered_request_says_its_source_alone(world: World) -> None:
    httpx.get(f"{world.url}/v1/customers/", headers=BEARER, trust_env=False)
    assert world.requests[0].why == world.requests[0].reason


def test_answer_of_a_scenario_says_what_it_was(world: World) -> None:
    world.scenario({"name": "s", "match": {"operation": "customers:list"}, "answers": [{"failure": "server_error"}]})
    httpx.get(f"{world.url}/v1/customers/", headers=BEARER, trust_env=False)
    assert world.requests[0].why.startswith("scenario s: ")


def test_reserved_suffix_is_named(world: World) -> None:
    headers = {"Authorization": "Bearer polar_cst_expired"}
    httpx.get(world.url + ME, headers=headers, trust_env=False)
    assert "a token with the reserved suffix expired" in world.requests[0].why
