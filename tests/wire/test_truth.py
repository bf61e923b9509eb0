"""A validator that the mock server does not use finds nothing in a thousand of its answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import date
from random import Random
from typing import Any

import httpx
import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from tests.support.customers import ME
from tests.support.paths import ROOT
from tests.support.server_process import RunningServer

CONTRACT = yaml.safe_load((ROOT / "openapi/polar.yaml").read_text(encoding="utf-8"))
SCHEMAS = CONTRACT["components"]["schemas"]
SUFFIX = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~+/-"


def tokens() -> list[str]:
    """A thousand: every handle, every country, and suffixes that nobody has thought of."""
    customers = yaml.safe_load((ROOT / "fixtures/customers.yaml").read_text(encoding="utf-8"))
    suffixes = [customer["handle"] for customer in customers]
    suffixes += SCHEMAS["Address"]["properties"]["country"]["enum"]
    random = Random(1)
    distinct: dict[str, None] = dict.fromkeys(suffixes)
    while len(distinct) < 1000:
        distinct["".join(random.choices(SUFFIX, k=random.randint(1, 40)))] = None
    return [random.choice(("polar_cst_", "polar_mst_")) + suffix for suffix in distinct]


TOKENS = tokens()


@pytest.fixture(scope="module")
def answers(server_url: str) -> dict[str, httpx.Response]:
    """The answer to each token."""
    return dict(zip(TOKENS, asyncio.run(asked_all(server_url, TOKENS)), strict=True))


async def asked_all(url: str, sent: Sequence[str]) -> list[httpx.Response]:
    limits = asyncio.Semaphore(8)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:

        async def one(token: str) -> httpx.Response:
            async with limits:
                return await client.get(ME, headers={"Authorization": f"Bearer {token}"})

        return await asyncio.gather(*map(one, sent))


def whole_contract() -> dict[str, Any]:
    """The contract with its overlays, merged here and by hand."""
    document = yaml.safe_load((ROOT / "openapi/polar.yaml").read_text(encoding="utf-8"))
    for file in sorted((ROOT / "openapi/overlays").glob("*.yaml")):
        for action in yaml.safe_load(file.read_text(encoding="utf-8"))["actions"]:
            target = {"$.components.schemas": document["components"]["schemas"], "$.components": document["components"]}
            if action["target"] in target:
                merge(target[action["target"]], action["update"])
    return dict(document)


def merge(into: dict[str, Any], update: dict[str, Any]) -> None:
    for key, value in update.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


FORMATS = FormatChecker()
HEX = "[0-9a-fA-F]"


@FORMATS.checks("uuid4")
def is_uuid4(value: object) -> bool:
    pattern = rf"{HEX}{{8}}-{HEX}{{4}}-4{HEX}{{3}}-[89abAB]{HEX}{{3}}-{HEX}{{12}}"
    return not isinstance(value, str) or re.fullmatch(pattern, value) is not None


@FORMATS.checks("date-time")
def is_date_time(value: object) -> bool:
    """RFC 3339, 5.6, without leap seconds."""
    if not isinstance(value, str):
        return True
    match = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
        r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
        value,
    )
    if match is None:
        return False
    try:
        date(*map(int, match.groups()[:3]))
    except ValueError:
        return False
    return True


def customer_validator() -> Draft202012Validator:
    document = whole_contract()
    schema = {"$ref": "#/components/schemas/CustomerPortalCustomer", "components": document["components"]}
    return Draft202012Validator(schema, format_checker=FORMATS)


def test_reference_validator_finds_errors(answers: dict[str, httpx.Response]) -> None:
    validator = customer_validator()
    good = answers[TOKENS[0]].json()
    assert list(validator.iter_errors(good)) == []
    for wrong in (
        {"id": "9b5fe75d-63d6-152a-8a5e-c691ae6d8526"},
        {"created_at": "2025-02-30T00:00:00Z"},
        {"created_at": "2025-02-11 09:14:27Z"},
        {"email_verified": "yes"},
        {"tax_id": ["gb_vat", "712686081"]},
        {"billing_address": {"country": "UK"}},
    ):
        assert list(validator.iter_errors({**good, **wrong})), wrong


def test_thousand_answers_keep_the_contract(answers: dict[str, httpx.Response]) -> None:
    validator = customer_validator()
    wrong = {
        token: [f"{error.json_path}: {error.message}" for error in validator.iter_errors(answer.json())]
        for token, answer in answers.items()
    }
    assert len(wrong) == 1000
    assert {token: errors for token, errors in wrong.items() if errors} == {}
    assert {(answer.status_code, answer.headers["content-type"]) for answer in answers.values()} == {
        (200, "application/json")
    }


def test_country_is_country_of_its_customer(answers: dict[str, httpx.Response]) -> None:
    countries = SCHEMAS["Address"]["properties"]["country"]["enum"]
    assert len(countries) == 249
    addresses = {token.split("_", 2)[2]: answer.json()["billing_address"] for token, answer in answers.items()}
    assert {code: addresses[code]["country"] for code in countries} == {code: code for code in countries}


def test_no_two_tokens_are_one_customer(answers: dict[str, httpx.Response]) -> None:
    assert len({answer.json()["id"] for answer in answers.values()}) == len(answers)


def test_same_token_gets_the_same_bytes(server_url: str, answers: dict[str, httpx.Response]) -> None:
    again = asyncio.run(asked_all(server_url, TOKENS[::-1]))[::-1]
    assert [answer.content for answer in again] == [answers[token].content for token in TOKENS]


def test_other_process_gives_the_same_bytes(own_cache: None, answers: dict[str, httpx.Response]) -> None:
    some = Random(2).sample(TOKENS, 50)
    with RunningServer(env={"PYTHONHASHSEED": "12345"}) as server:
        others = asyncio.run(asked_all(server.url, some))
    assert [answer.content for answer in others] == [answers[token].content for token in some]
