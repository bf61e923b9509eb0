"""Tax ids, against python-stdnum."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import yaml

from mock_server.core import bundled
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.tax_ids import formats_of, tax_id_in
from mock_server.generation.seeding import RandomStream
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
WITH_TAX_IDS = [country for country in COUNTRIES if formats_of(country)]


def check_of(name: str) -> Any:
    return import_module("stdnum.eu.vat" if name == "eu_vat" else f"stdnum.{TABLE['formats'][name]['module']}")


def made(country: str, seed: int, is_company: bool = True) -> tuple[str, str]:
    tax_id = tax_id_in(country, None, is_company, RandomStream(seed))
    assert tax_id is not None
    return tax_id


@pytest.mark.parametrize("country", WITH_TAX_IDS)
def test_number_is_compact_and_accepted(country: str) -> None:
    for seed in range(40):
        number, name = made(country, seed, seed % 4 != 0)
        if name != "eu_vat" and "module" not in TABLE["formats"][name]:
            continue
        check = check_of(name)
        assert check.validate(number) == number
        assert check.compact(number) == number


@pytest.mark.parametrize("country", WITH_TAX_IDS)
def test_no_earlier_format_of_country_would_take_number(country: str) -> None:
    for seed in range(10):
        number, name = made(country, seed, seed % 2 == 0)
        for earlier in formats_of(country)[: formats_of(country).index(name)]:
            assert not check_of(earlier).is_valid(number)


def test_numbers_differ() -> None:
    for country in WITH_TAX_IDS:
        assert len({made(country, seed) for seed in range(40)}) == 40


def test_production_stores_none_elsewhere() -> None:
    for country in sorted(set(COUNTRIES) - set(WITH_TAX_IDS)):
        assert tax_id_in(country, None, True, RandomStream(0)) is None
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
    number, _ = made(country, 5)
    assert len(number) == pattern
    assert number[:1] in "23" or country != "MU"


def test_gstin_begins_with_the_state() -> None:
    tax_id = tax_id_in("IN", "Karnataka", True, RandomStream(1))
    assert tax_id is not None
    assert tax_id[0].startswith("29")
