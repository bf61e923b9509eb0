"""Names, companies and mail addresses of all countries."""

from __future__ import annotations

import re
import unicodedata

import pytest

from mock_server.generation.fake import companies, names
from mock_server.generation.fake.companies import company_in, legal_forms_of
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
    forms = legal_forms_of(country).patterns
    for seed in range(5):
        company = company_in(country, draw(country, seed))
        assert company.form in forms
        assert company.legal_name == company.form.format(x=company.name)
        assert company.legal_name != company.name


@pytest.mark.parametrize(
    ("country", "usual", "rare"),
    [
        ("GB", "Ltd Limited", "plc"),
        ("DE", "GmbH KG", "AG"),
        ("FR", "SARL SAS EURL SASU", "SA"),
        ("NO", "AS", "ASA"),
        ("IE", "Limited Ltd", "DAC"),
        ("PT", "Lda.", "S.A."),
        ("BR", "Ltda.", "S.A."),
        ("CN", "有限公司 有限责任公司", "股份有限公司"),
        ("US", "LLC Inc.", "Corp."),
        ("ES", "S.L. S.L.U.", "S.A."),
    ],
)
def test_usual_legal_forms_are_most(country: str, usual: str, rare: str) -> None:
    names = [company_in(country, draw(country, seed)).legal_name for seed in range(400)]
    assert sum(name.endswith(tuple(usual.split())) for name in names) > 0.8 * len(names)
    assert sum(name.endswith(f" {rare}" if rare.isascii() else rare) for name in names) < 0.06 * len(names)


def test_forms_for_public_companies_are_rare() -> None:
    drawn = [company_in(country, draw(country, seed)).form for country in COUNTRIES for seed in range(20)]
    for rare in ("plc", "AG", "S.A.", "DAC", "ASA", "NV", "A/S", "S.p.A."):
        assert sum(form.endswith(f" {rare}") for form in drawn) < 0.03 * len(drawn), rare


def test_abolished_legal_forms_are_gone() -> None:
    forms = {form for country in COUNTRIES for form in legal_forms_of(country).patterns}
    assert not any("EIRELI" in form for form in forms)


def test_all_tables_name_all_countries_once() -> None:
    listed = [code for row in table("legal_forms")["forms"] for code in row["countries"].split()]
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
