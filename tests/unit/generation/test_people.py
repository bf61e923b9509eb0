"""Names, companies and mail addresses of all countries."""

from __future__ import annotations

import re
import unicodedata

import pytest

from mock_server.generation.fake import companies, names
from mock_server.generation.fake.companies import company_in
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.locales import people_of
from mock_server.generation.fake.names import in_ascii, names_of, person_in
from mock_server.generation.seeding import SeedKey
from tests.support.countries import COUNTRIES

SCRIPTS = {
    "AM": "ARMENIAN",
    "BD": "BENGALI",
    "BG": "CYRILLIC",
    "CN": "CJK",
    "EG": "ARABIC",
    "ET": "ETHIOPIC",
    "GE": "GEORGIAN",
    "GR": "GREEK",
    "IL": "HEBREW",
    "IR": "ARABIC",
    "JP": "CJK",
    "KR": "HANGUL",
    "KZ": "CYRILLIC",
    "LK": "SINHALA",
    "NP": "DEVANAGARI",
    "RU": "CYRILLIC",
    "SA": "ARABIC",
    "TH": "THAI",
    "TW": "CJK",
    "UA": "CYRILLIC",
}
EXAMPLES = re.compile(r"[a-z0-9][a-z0-9.-]*@(example\.(com|net|org)|[a-z0-9]([a-z0-9-]*[a-z0-9])?\.example)")
HONORIFICS = re.compile(r"\b(Dr|Prof|Mr|Mrs|Ms|Ing|Dipl|Univ|Sr|Sra|Hr|Fr|Г-н|Г-жа|Lic|Mtro)\b\.?|،|الدكتور|المهندس")


def draw(country: str, seed: int) -> SeedKey:
    return SeedKey(seed, "customers", country)


@pytest.mark.parametrize("country", COUNTRIES)
def test_people_are_called_like_people(country: str) -> None:
    persons = [person_in(country, draw(country, seed)) for seed in range(40)]
    assert len({person.name for person in persons}) >= 30
    for person in persons:
        assert not HONORIFICS.search(person.name), person.name
        assert person.given in person.name or person.family in person.name
        assert not re.search(r"[0-9{}@,]", person.name), person.name
        assert len(person.name) <= 256


@pytest.mark.parametrize(("country", "script"), SCRIPTS.items())
def test_names_are_in_script_of_country(country: str, script: str) -> None:
    for seed in range(20):
        named = (person_in(country, draw(country, seed)).name, company_in(country, draw(country, seed)).name)
        kinds = {unicodedata.name(letter) for name in named for letter in name if letter.isalpha()}
        assert all(
            re.match(f"{script}|MODIFIER" + "|IDEOGRAPH|HIRAGANA|KATAKANA" * (script == "CJK"), kind) for kind in kinds
        )


@pytest.mark.parametrize("country", COUNTRIES)
def test_mail_address_is_ascii_and_at_name_for_examples(country: str) -> None:
    for seed in range(10):
        there = draw(country, seed)
        mailbox = names.mailbox_of(person_in(country, there), country, there)
        of_firm = companies.mailbox_of(company_in(country, there), there)
        for address in (mailbox, of_firm):
            assert EXAMPLES.fullmatch(address), address
            assert len(address) <= 320
            assert ".." not in address


@pytest.mark.parametrize("country", COUNTRIES)
def test_company_has_local_legal_form(country: str) -> None:
    forms = companies._forms()[country]
    for seed in range(5):
        company = company_in(country, draw(country, seed))
        assert company.legal_name in {form.format(x=company.name) for form in forms}
        assert company.legal_name != company.name


@pytest.mark.parametrize(
    ("country", "ending"),
    [("SE", " AB"), ("AU", " Pty Ltd"), ("FI", " Oy"), ("SG", " Pte. Ltd."), ("SK", ""), ("JP", "")],
)
def test_some_legal_forms(country: str, ending: str) -> None:
    assert company_in(country, draw(country, 1)).legal_name.endswith(ending)


def test_all_tables_name_all_countries_once() -> None:
    listed = [code for codes in table("companies")["forms"].values() for code in codes.split()]
    assert sorted(listed) == sorted(COUNTRIES)
    assert sorted(code for codes in table("peoples").values() for code in codes.split()) == sorted(COUNTRIES)
    for country in COUNTRIES:
        assert people_of(country).streets in table("streets")
        assert people_of(country).streets in table("companies")["trades"]


def test_names_of_hungarians_and_vietnamese_begin_with_family() -> None:
    for country in ("HU", "VN", "JP"):
        person = person_in(country, draw(country, 2))
        assert person.name.startswith(person.family)


def test_kanji_and_arabic_are_romanized() -> None:
    assert in_ascii("山口", names_of("JP").roman) == "yamaguchi"
    assert in_ascii("محمد", names_of("EG").roman) == "mohamed"
    assert in_ascii("Đặng") == "dang"
    assert in_ascii("O'Brien-Öberg") == "obrienoberg"
