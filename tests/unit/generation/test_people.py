"""Names, companies and mail addresses of all countries."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pytest

from mock_server.generation.fake import companies, names
from mock_server.generation.fake.companies import company_in, legal_forms_of
from mock_server.generation.fake.data_tables import row, table
from mock_server.generation.fake.locales import main_people, people_of, region_of
from mock_server.generation.fake.names import names_of, names_of_people, person_in
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
        mailbox = names.mailbox_of(person_in(country, there), there)
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
    listed = [code for countries in table("legal_forms") for code in countries.split()]
    assert sorted(code for code in listed if "/" not in code) == sorted(COUNTRIES)
    assert sorted(code for codes in table("peoples").values() for code in codes.split()) == sorted(COUNTRIES)
    for country in COUNTRIES:
        assert people_of(country).streets in table("streets")
        assert people_of(country).streets in table("trades")


def test_names_of_hungarians_and_vietnamese_begin_with_family() -> None:
    for country in ("HU", "VN", "JP"):
        person = person_in(country, draw(country, 2))
        assert person.name.startswith(person.family)


REGIONS = [
    ("BE", None, "4000", "fr_FR", "fr"),
    ("BE", None, "1300", "fr_FR", "fr"),
    ("BE", None, "9000", "nl_BE", "nl"),
    ("CA", "CA-QC", "H2X 1Y4", "quebec", "fr"),
    ("CA", "CA-ON", "M5G 1A1", "en_US", "us"),
    ("CH", None, "1200", "fr_CH", "fr"),
    ("CH", None, "8001", "de_CH", "ch"),
    ("CH", None, "6900", "it_IT", "it"),
    ("ZA", None, "4001", "zu_ZA", "africa"),
    ("ZA", None, "7700", "south_african", "africa"),
    ("DE", None, "10115", "de_DE", "de"),
]


@pytest.mark.parametrize(("country", "state", "postal_code", "people", "language"), REGIONS)
def test_most_people_of_region_speak_its_language(
    country: str, state: str | None, postal_code: str, people: str, language: str
) -> None:
    region = region_of(state, postal_code)
    persons = [person_in(country, draw(country, seed), region=region) for seed in range(100)]
    assert sum(person.people == people for person in persons) > 40
    assert main_people(country, region).streets == language


@pytest.mark.parametrize("country", ["SG", "MY", "ZA", "AE", "CA", "CH", "BE"])
def test_plural_countries_have_several_peoples(country: str) -> None:
    shares = Counter(person_in(country, draw(country, seed)).people for seed in range(200))
    assert len(shares) >= 2
    assert sum(shares.values()) == 200


def test_walloon_and_ticinese_firms_have_their_own_forms() -> None:
    for country, postal_code, ending in (
        ("BE", "4000", (" SRL", " SComm", " SNC", " SA")),
        ("CH", "6900", (" Sagl", " SA")),
    ):
        for seed in range(20):
            firm = company_in(country, draw(country, seed), region=region_of(None, postal_code))
            assert firm.legal_name.endswith(ending)


def test_vietnamese_firms_begin_with_trade() -> None:
    firm = company_in("VN", draw("VN", 1))
    assert firm.legal_name == firm.form.format(x=firm.name)
    assert any(firm.name.startswith(trade.removesuffix(" {b}")) for trade in table("trades")["vi"])


@pytest.mark.parametrize("country", ["US", "DE", "FR", "RU", "BR", "JP", "CN", "IN", "ES", "SE"])
def test_names_of_firms_seldom_repeat(country: str) -> None:
    firms = {company_in(country, draw(country, seed)).name for seed in range(200)}
    assert len(firms) > 168


@pytest.mark.parametrize(
    ("country", "men_too"),
    [("LT", "Jonas Tomas Darius Mindaugas"), ("IS", "Jón Gunnar Ólafur"), ("PK", "Ahmed Usman Bilal Hassan")],
)
def test_no_woman_has_name_of_men(country: str, men_too: str) -> None:
    names = names_of(country)
    assert set(names.men) >= set(men_too.split())
    assert set(names.men).isdisjoint(names.women)


@pytest.mark.parametrize(
    ("country", "masculine", "feminine"),
    [
        ("LT", r"(as|is|us|ys)$", r"(ienė|aitė|ytė|utė|ūtė)$"),
        ("IS", r"son$", r"dóttir$"),
        ("BG", r"(ов|ев|ин|ски)$", r"(ова|ева|ина|ска)$"),
        ("EE", r".", r"^(?!.*(ov|ev)$)"),
    ],
)
def test_family_names_have_form_of_sex(country: str, masculine: str, feminine: str) -> None:
    for seed in range(60):
        person = person_in(country, draw(country, seed))
        assert re.search(feminine if person.is_woman else masculine, person.family), person.name


def test_fathers_names_of_mongols_are_in_genitive() -> None:
    for seed in range(30):
        person = person_in("MN", draw("MN", seed))
        assert re.search("(ын|ийн|гийн|ны|ы)$", person.family), person.name
        assert person.name == f"{person.family} {person.given}"


def test_argentine_names_have_their_accents() -> None:
    bare = {"Fernandez", "Gonzalez", "Rodriguez", "Gomez", "Lopez", "Martinez", "Perez", "Garcia", "Sanchez", "Diaz"}
    for country in ("AR", "UY", "PY"):
        names = names_of(country)
        assert bare.isdisjoint(names.family + names.women_family)
        assert {"González", "Rodríguez"} & set(names.family)


def test_persian_names_have_persian_letters() -> None:
    names = names_of("IR")
    assert not re.search("[يك]", "".join(names.men + names.women + names.family))


def test_corrections_are_of_names_that_faker_has() -> None:
    for locale, corrections in table("faker_corrections").items():
        faker = names_of_people(locale)
        spelled = set(corrections.get("spell", {}).values())
        assert not spelled or spelled & set(faker.men + faker.women + faker.family)
        everybody = faker.men + faker.women + faker.family + faker.women_family
        assert set(corrections.get("drop", ())).isdisjoint(everybody)
        assert set(corrections.get("spell", {})).isdisjoint(everybody)
        assert not any(name[0].islower() for name in everybody if corrections.get("capitals"))


def test_no_people_has_two_rows_of_names() -> None:
    rows = [people for name in ("names", "romanized_names", "common_names") for people in table(name)]
    assert len(rows) == len(set(rows))
    assert set(rows) >= {"de_DE", "israeli", "caribbean"}


@pytest.mark.parametrize("country", COUNTRIES)
def test_names_are_written_as_names(country: str) -> None:
    names = names_of(country)
    everybody = names.men + names.women + names.family + names.women_family
    for name in everybody:
        assert name == name.strip() == " ".join(name.split()), name
        assert not re.search(r"[.0-9]", name), name
        particle = re.match(r"(d[aeou]s?|den?|di|du|do|ten?|van|von|vom|'[st]|í|við|af|av|la|le|el|al)\b|d'|o'", name)
        assert particle or name[0] == name[0].title(), name


def test_rows_of_tables_are_those_of_whole_files() -> None:
    for name in (
        "legal_forms",
        "trades",
        "names",
        "romanized_names",
        "common_names",
        "romanization_rules",
        "time_zones",
    ):
        for key, whole in table(name).items():
            for word in key.split():
                assert row(name, word) == whole
    assert row("legal_forms", "XX") is None
    assert row("trades", "companies") is None
