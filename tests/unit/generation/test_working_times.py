"""The times of records: a business that grows, hours of work in each country, days of rest."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.persona import Persona
from mock_server.generation.fake.working_times import DAYS, NOW, working_times
from mock_server.generation.seeding import SeedKey
from tests.support.countries import COUNTRIES


def personas(country: str, count: int = 300, is_company: bool = True) -> list[Persona]:
    return [Persona(SeedKey(seed, "customers", country), country, is_company) for seed in range(count)]


def local(persona: Persona, moment: datetime) -> datetime:
    return moment + working_times(persona.country, persona.place.state or "").offset


@pytest.mark.parametrize(
    ("country", "state", "hours"),
    [
        ("DE", "", 1),
        ("GB", "", 0),
        ("IN", "", 5.5),
        ("NP", "", 5.75),
        ("JP", "", 9),
        ("NZ", "", 12),
        ("US", "US-CA", -8),
        ("US", "US-NY", -5),
        ("US", "US-TX", -6),
        ("CA", "CA-BC", -8),
        ("CA", "CA-NL", -3.5),
        ("AU", "WA", 8),
        ("AU", "NSW", 10),
        ("BR", "AM", -4),
        ("BR", "SP", -3),
        ("RU", "Новосибирская область", 7),
        ("RU", "Москва", 3),
        ("MX", "B.C.S.", -7),
        ("MX", "B.C.", -8),
    ],
)
def test_places_have_their_time(country: str, state: str, hours: float) -> None:
    assert working_times(country, state).offset == timedelta(hours=hours)


def test_every_country_has_a_time_and_days_of_work() -> None:
    listed = [code for codes in table("working_times")["offsets"].values() for code in codes.split()]
    assert sorted(listed) == sorted(COUNTRIES)
    for country in COUNTRIES:
        assert 4 < len(working_times(country).work) < 7


@pytest.mark.parametrize("country", ["US", "DE", "JP", "BR", "IN", "AU", "RU", "KI"])
def test_companies_work_by_day(country: str) -> None:
    hours = [local(firm, firm.created).hour for firm in personas(country)]
    assert sum(8 <= hour < 19 for hour in hours) > 0.9 * len(hours)
    assert not any(hour < 6 or hour >= 23 for hour in hours)
    assert sum(11 <= hour < 16 for hour in hours) > 0.5 * len(hours)


@pytest.mark.parametrize(
    ("country", "rest"),
    [("DE", {5, 6}), ("US", {5, 6}), ("SA", {4, 5}), ("IL", {4, 5}), ("IR", {3, 4}), ("NP", {5}), ("AE", {5, 6})],
)
def test_companies_rest_at_weekends(country: str, rest: set[int]) -> None:
    firms = personas(country)
    created = [local(firm, firm.created).weekday() for firm in firms]
    modified = [local(firm, firm.modified).weekday() for firm in firms if firm.modified]
    for days in (created, modified):
        assert 0 < sum(day in rest for day in days) < 0.09 * len(days)
        assert set(days) == set(range(7))


def test_people_come_more_in_evenings_and_at_weekends() -> None:
    times = [local(person, person.created) for person in personas("DE", is_company=False)]
    of_firms = [local(firm, firm.created) for firm in personas("DE")]
    assert sum(time.hour >= 19 for time in times) > 1.5 * sum(time.hour >= 19 for time in of_firms) > 0
    assert sum(time.weekday() >= 5 for time in times) > 1.5 * sum(time.weekday() >= 5 for time in of_firms) > 0


def test_business_grows() -> None:
    years = [0, 0, 0]
    for persona in personas("FR", 900):
        years[(persona.created - (NOW - timedelta(days=DAYS))).days // 365] += 1
    assert years[0] * 1.4 < years[1]
    assert years[1] * 1.4 < years[2]


@pytest.mark.parametrize("country", ["UM", "TO", "DE", "US", "IN"])
def test_times_are_in_order_and_in_last_years(country: str) -> None:
    for persona in personas(country):
        assert NOW - timedelta(days=DAYS) <= persona.created <= NOW
        assert persona.modified is None or persona.created <= persona.modified <= NOW
