"""How names are spelled in mail addresses, by cases of each country."""

from __future__ import annotations

import pytest

from mock_server.generation.fake import companies
from mock_server.generation.fake.companies import company_in
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.locales import people_of
from mock_server.generation.fake.names import in_ascii, names_of, names_of_people
from mock_server.generation.fake.romanization import ascii_letters, latin
from mock_server.generation.seeding import SeedKey
from tests.support.case_files import read_cases
from tests.support.countries import COUNTRIES

PAIRS = [(country, *pair) for country, pairs in read_cases("romanization").items() for pair in pairs.items()]
VOWELS = "aeiouy"
SOUNDED = f"{VOWELS}rl"
"""Letters of which a name has one at the least: r and l stand for vowels in names of Slavs, as in Vlk."""


@pytest.mark.parametrize(("country", "name", "spelling"), PAIRS)
def test_name_is_spelled_as_people_do(country: str, name: str, spelling: str) -> None:
    assert in_ascii(name, names_of(country)) == spelling


@pytest.mark.parametrize("country", COUNTRIES)
def test_every_spelling_can_be_pronounced(country: str) -> None:
    names = names_of(country)
    for name in {*names.men, *names.women, *names.family, *names.women_family}:
        spelling = in_ascii(name, names)
        assert spelling.isascii(), name
        assert set(spelling) & set(SOUNDED) or spelling == "ng", (name, spelling)


@pytest.mark.parametrize("people", ["israeli", "persian", "thai", "bengali", "nepali", "sinhala", "am", "mn", "afghan"])
def test_unread_names_all_have_a_spelling(people: str) -> None:
    names = names_of_people(people)
    assert {*names.men, *names.women, *names.family, *names.women_family} <= names.roman.keys()


def test_japanese_have_no_long_vowels_of_keyboards() -> None:
    names = names_of("JP")
    for name in names.men + names.women + names.family:
        spelling = in_ascii(name, names)
        assert not {"uu", "oo", "si", "tu"} & {spelling[at : at + 2] for at in range(12)}, name
        assert not spelling.endswith("ou"), name


def test_styles_are_those_of_known_peoples() -> None:
    listed = [people for peoples in table("romanization_rules")["styles"].values() for people in peoples]
    assert len(listed) == len(set(listed))
    known = {people_of(country).names for country in COUNTRIES} | {"ko_KR"}
    assert set(listed) <= known


@pytest.mark.parametrize(
    ("country", "name", "label"),
    [
        ("AM", "Թադևոսյան Թրեյդ", "tadevosyan-treyd"),
        ("GE", "ახობაძე ტრანსი", "akhobadze-transi"),
        ("IE", "O'Brien & Sons", "obrien-sons"),
        ("DE", "Müller Bäder", "mueller-baeder"),
        ("TW", "立德 科技", "lite-kochi"),
    ],
)
def test_apostrophes_part_no_word_of_a_domain(country: str, name: str, label: str) -> None:
    assert companies._label(name, names_of(country).style) == label


def test_words_of_a_name_stay_apart() -> None:
    assert latin("Müller & Söhne", "german") == "mueller & soehne"
    assert ascii_letters("O'Brien-Öberg") == "obrienoberg"


@pytest.mark.parametrize(("country", "seeds"), [("IL", 20), ("IR", 20), ("TH", 20), ("JP", 20), ("EG", 20)])
def test_domains_of_firms_can_be_read(country: str, seeds: int) -> None:
    for seed in range(seeds):
        firm = company_in(country, SeedKey(seed, "customers", country))
        assert firm.domain.endswith("-group.example")
        assert set(firm.domain.removesuffix("-group.example")) & set(VOWELS)
