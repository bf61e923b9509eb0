from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mock_server.contract.model import Contract
from mock_server.generate.document import Document
from mock_server.generate.persona import EMAIL_DOMAINS, NOW, Persona, date_time, faker_for, locales
from mock_server.generate.seeds import Draw
from mock_server.generate.walker import enum_at

COUNTRIES = ("SE", "JP", "BR", "CH", "AQ", "US", "CA", "TW", "GR", "SA")
EMAIL = re.compile(r"[a-z0-9]+(\.[a-z0-9]+)*\.?[0-9]{2}@example\.(com|net|org)")


def persona(country: str = "US", identity: str = "tom", seed: int = 0, is_company: bool = False) -> Persona:
    return Persona(Draw(seed, "customers", identity), country, is_company)


def told(one: Persona) -> tuple[object, ...]:
    return (one.name, one.email, one.street, one.city, one.postal_code, one.state, one.created, one.modified)


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_persona_is_the_same_every_time(country: str) -> None:
    assert told(persona(country)) == told(persona(country))


def test_what_is_asked_first_changes_nothing() -> None:
    forwards, backwards = persona(), persona()
    first = (forwards.name, forwards.email, forwards.city, forwards.created)
    assert (backwards.created, backwards.city, backwards.email, backwards.name) == first[::-1]


def test_what_others_are_asked_in_between_changes_nothing() -> None:
    one, other = persona(identity="one"), persona(identity="other")
    alone = told(persona(identity="one"))
    assert (one.name, other.name, one.email, other.city, one.city) == (
        alone[0],
        other.name,
        alone[1],
        other.city,
        alone[3],
    )


def test_personas_differ() -> None:
    assert len({persona(identity=f"i{index}").email for index in range(100)}) > 95
    assert persona(seed=1).name != persona(seed=2).name


def test_every_country_of_the_contract_has_a_persona(contract: Contract) -> None:
    codes = enum_at(
        {"$ref": "#/components/schemas/CustomerPortalCustomer"},
        "/billing_address/country",
        Document(dict(contract.document)),
    )
    for code in map(str, codes):
        one = persona(code)
        assert one.name
        assert len(one.name) <= 256
        assert EMAIL.fullmatch(one.email), (code, one.name, one.email)
        assert one.street
        assert "\n" not in one.street
        assert one.city
        assert (one.postal_code is None) is (code not in locales())


@pytest.mark.parametrize("is_company", [True, False])
@pytest.mark.parametrize("country", COUNTRIES)
def test_an_address_is_at_a_name_reserved_for_examples(country: str, is_company: bool) -> None:
    for index in range(20):
        one = persona(country, f"i{index}", is_company=is_company)
        assert one.email.partition("@")[2] in EMAIL_DOMAINS
        assert EMAIL.fullmatch(one.email), one.name


@pytest.mark.parametrize(("country", "pattern"), [("US", r"US-[A-Z]{2}"), ("CA", r"CA-[A-Z]{2}")])
def test_a_state_is_an_iso_3166_2_code_in_the_united_states_and_canada(country: str, pattern: str) -> None:
    states = [persona(country, f"i{index}").state or "" for index in range(30)]
    assert all(re.fullmatch(pattern, state) for state in states)
    assert len(set(states)) > 5


@pytest.mark.parametrize("country", ["SE", "AQ", "GB"])
def test_a_state_is_none_elsewhere(country: str) -> None:
    assert persona(country).state is None


def test_a_company_is_called_like_one() -> None:
    assert persona(is_company=True).name != persona().name


def test_a_country_without_a_locale_gets_international_names() -> None:
    assert "AQ" not in locales()
    assert persona("AQ").locale == "en_US"
    assert (persona("AQ").has_own_locale, persona("SE").has_own_locale) == (False, True)


def test_a_locale_is_of_its_country() -> None:
    assert (locales()["SE"], locales()["JP"], locales()["BR"], locales()["US"]) == ("sv_SE", "ja_JP", "pt_BR", "en_US")
    assert all(locale.endswith(f"_{country}") for country, locale in locales().items())


def test_what_a_locale_cannot_say_is_said_internationally() -> None:
    lacking = next(
        locale for locale in ("ar_SA", "ar_AE", "he_IL", "ja_JP") if not hasattr(faker_for(locale), "state_abbr")
    )
    one = persona(lacking[-2:])
    assert one.locale == lacking
    assert one.say("state_abbr", "test")


def test_a_record_is_made_before_it_is_changed_before_now() -> None:
    moments = [(one.created, one.modified) for one in (persona(identity=f"i{index}") for index in range(200))]
    assert all(created < NOW for created, _ in moments)
    assert all(created <= modified <= NOW for created, modified in moments if modified is not None)
    assert 20 < sum(modified is None for _, modified in moments) < 90


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2025, 2, 11, 9, 14, 27, 381946, UTC), "2025-02-11T09:14:27.381946Z"),
        (datetime(2025, 2, 11, 9, 14, 27, tzinfo=UTC), "2025-02-11T09:14:27Z"),
        (datetime(2025, 2, 11, 9, 14, 27, 500, UTC), "2025-02-11T09:14:27.000500Z"),
        (datetime(2025, 2, 11, 0, 30, tzinfo=timezone(timedelta(hours=1))), "2025-02-10T23:30:00Z"),
    ],
)
def test_a_moment_is_written_in_utc(moment: datetime, text: str) -> None:
    assert date_time(moment) == text
