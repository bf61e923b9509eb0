"""Whole customers of all countries, and the golden file that keeps them."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, cast

import pytest

from mock_server.core.types import JSON
from mock_server.generation.fake.persona import Persona, date_time
from mock_server.generation.fake.working_times import NOW
from mock_server.generation.generator import generate
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.model import Contract
from tests.support.countries import COUNTRIES, schemas_of
from tests.support.paths import TESTS

GOLDEN = TESTS / "golden" / "customers.json"
SHOWN = [
    "SE",
    "DE",
    "FR",
    "GB",
    "US",
    "CA",
    "BR",
    "MX",
    "JP",
    "CN",
    "KR",
    "TW",
    "IN",
    "TH",
    "VN",
    "RU",
    "UA",
    "GR",
    "IL",
    "SA",
    "EG",
    "IR",
    "NG",
    "ET",
    "KE",
    "AU",
    "NZ",
    "AQ",
    "TK",
    "VA",
]
SCHEMA: JSON = {"$ref": "#/components/schemas/CustomerPortalCustomer"}


def customer(contract: Contract, country: str, seed: int) -> dict[str, Any]:
    pins: dict[str, JSON] = {"/billing_address/country": country}
    drawn = SeedKey(seed, "customers", country)
    return cast("dict[str, Any]", generate(SCHEMA, drawn, schemas_of(contract), pins=pins, complete=True))


def persona(country: str, seed: int, is_company: bool = False) -> Persona:
    return Persona(SeedKey(seed, "customers", country), country, is_company)


def test_customers_are_those_of_golden_file(contract: Contract, request: pytest.FixtureRequest) -> None:
    """After a wanted change: ``make test ARGS='-k golden_file --renew-golden'``; tell the changelog."""
    customers = [customer(contract, country, 1) for country in SHOWN]
    if request.config.getoption("--renew-golden"):
        GOLDEN.write_text(json.dumps(customers, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert customers == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.parametrize("country", COUNTRIES)
def test_customer_is_coherent(contract: Contract, country: str) -> None:
    assert_coherent([customer(contract, country, seed) for seed in range(2)])


@pytest.mark.slow
@pytest.mark.parametrize("country", COUNTRIES)
def test_forty_customers_are_coherent_and_no_two_alike(contract: Contract, country: str) -> None:
    customers = [customer(contract, country, seed) for seed in range(40)]
    assert_coherent(customers)
    assert len({record["email"] for record in customers if record["email"]}) >= 0.8 * sum(
        record["email"] is not None for record in customers
    )
    alike = [
        (record["name"], json.dumps(record["billing_address"]), record["email"], record["created_at"])
        for record in customers
    ]
    assert len(set(alike)) == 40


def assert_coherent(customers: list[dict[str, Any]]) -> None:
    for record in customers:
        assert record["email"] is not None or record["type"] == "team"
        assert record["modified_at"] is None or moment(record["modified_at"]) >= moment(record["created_at"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", record["created_at"])
        assert not record["created_at"].endswith(".000000Z")
        assert record["id"][14] == "4"
        for key, account in record["oauth_accounts"].items():
            assert key in (f"github:{account['account_id']}", f"discord:{account['account_id']}")
            assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]{1,38}", account["account_username"])
        if record["tax_id"] is not None:
            assert len(record["tax_id"]) == 2
        if record["type"] == "team":
            assert record["billing_name"] != record["name"]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_nulls_come_in_sensible_shares() -> None:
    people = [persona("DE", seed) for seed in range(400)]
    firms = [persona("DE", seed, is_company=True) for seed in range(400)]
    assert all(person.email for person in people)
    assert 40 < sum(firm.email is None for firm in firms) < 120
    assert sum(firm.tax_id is not None for firm in firms) > 250
    assert 5 < sum(person.tax_id is not None for person in people) < 80
    assert 60 < sum(person.modified is None for person in people) < 140
    assert 2 < sum(person.name is None for person in people) < 40
    assert 20 < sum(person.billing_name != person.name for person in people) < 90
    assert all(person.billing_name is None for person in people if person.name is None)
    assert not any(firm.tax_id for firm in firms if not firm.has_address)


def test_some_times_fall_on_whole_second_and_none_is_in_future() -> None:
    times = [persona("DE", seed).created for seed in range(400)]
    assert 1 < sum(time.microsecond == 0 for time in times) < 40
    assert all(time <= NOW for time in times)
    assert date_time(times[0].replace(microsecond=0)).endswith(":" + f"{times[0].second:02}Z")


def test_threads_get_what_one_thread_gets(contract: Contract) -> None:
    pairs = [(country, seed) for country in ("SE", "JP", "US", "TH") for seed in range(10)]
    alone = [customer(contract, *pair) for pair in pairs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda pair: customer(contract, *pair), reversed(pairs))) == alone[::-1]


def test_new_field_changes_no_other(contract: Contract) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "city": {"type": "string"}},
        "required": ["name", "city"],
    }
    more = {**schema, "properties": {"line1": {"type": "string"}, **schema["properties"], "note": {"type": "string"}}}
    drawn = SeedKey(0, "things", "one")
    first = cast("dict[str, Any]", generate(schema, drawn, schemas_of(contract), complete=True))
    second = cast("dict[str, Any]", generate(more, drawn, schemas_of(contract), complete=True))
    assert first.items() <= second.items()
