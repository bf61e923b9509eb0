"""Tax ids of the formats that production stores for a country, with check digits that python-stdnum accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from stdnum import luhn

from mock_server.generation.fake.code_patterns import Sequence, draw, sequences
from mock_server.generation.fake.data_tables import table
from mock_server.generation.seeding import RandomStream

_TRIES = 500
"""Most numbers that are tried before the result is None; of the patterns here one in eleven fits, at the least."""

TaxId = tuple[str, str]
"""The number in compact form and its format."""


@cache
def formats_of(country: str) -> tuple[str, ...]:
    """Return the formats that production stores for a country, in the order in which it tries them; often none."""
    formats = table("tax_ids")["formats"].keys() | {"eu_vat"}
    return tuple(name for name in table("tax_ids")["countries"].get(country, "").split() if name in formats)


def tax_id_in(country: str, subdivision: str | None, is_company: bool, random: RandomStream) -> TaxId | None:
    """Return a tax id of a company, or of a person in business; None where production never stores one."""
    formats = formats_of(country)
    if not formats:
        return None
    chosen = "br_cpf" if country == "BR" and not is_company else formats[0]
    number = _number(country, chosen, subdivision, random)
    return None if number is None else (number, chosen)


def _number(country: str, chosen: str, subdivision: str | None, random: RandomStream) -> str | None:
    shapes, complete = _shapes(country, chosen, subdivision), _COMPLETE.get(_name(country, chosen))
    check = _module(chosen)
    for _ in range(_TRIES):
        text = draw(shapes, random)
        if complete is not None:
            return complete(text)
        if check is None:
            return text
        for candidate in _endings(text, shapes[0], random):
            if check.is_valid(candidate):
                return str(check.compact(candidate))
    return None


def _endings(text: str, shape: Sequence, random: RandomStream) -> list[str]:
    """Return the text with each character that may be its last: most check digits are there."""
    last = shape[-1]
    first = int(random.random() * len(last))
    return [text[:-1] + ending for ending in last[first:] + last[:first]]


@cache
def _shapes(country: str, chosen: str, subdivision: str | None) -> tuple[Sequence, ...]:
    rows = table("tax_ids")
    pattern = rows["eu_vat"][country] if chosen == "eu_vat" else rows["formats"][chosen]["pattern"]
    return sequences(pattern.replace("{state}", rows["in_gst_states"].get(subdivision, "27")))


@cache
def _module(chosen: str) -> Any:
    name = "eu.vat" if chosen == "eu_vat" else table("tax_ids")["formats"][chosen].get("module")
    return import_module(f"stdnum.{name}") if name else None


def _name(country: str, chosen: str) -> str:
    return f"{chosen} {country}" if chosen == "eu_vat" else chosen


def _gb(body: str) -> str:
    return f"{body}{-import_module('stdnum.gb.vat').checksum(body + '00') % 97:02}"


def _be(body: str) -> str:
    return f"{body}{97 - int(body[2:]) % 97:02}"


def _fr(body: str) -> str:
    siren = body[2:] + luhn.calc_check_digit(body[2:])
    return f"FR{int(siren + '12') % 97:02}{siren}"


def _lu(body: str) -> str:
    return f"{body}{import_module('stdnum.lu.tva').calc_check_digits(body[2:])}"


def _mt(body: str) -> str:
    return f"{body}{-import_module('stdnum.mt.vat').checksum(body[2:] + '00') % 37:02}"


def _after(module: str, function: str) -> Callable[[str], str]:
    return lambda body: body + getattr(import_module(f"stdnum.{module}"), function)(body)


def _before(module: str, function: str) -> Callable[[str], str]:
    return lambda body: getattr(import_module(f"stdnum.{module}"), function)(body) + body


_COMPLETE: Mapping[str, Callable[[str], str]] = {
    "au_abn": _before("au.abn", "calc_check_digits"),
    "br_cnpj": _after("br.cnpj", "calc_check_digits"),
    "eu_vat BE": _be,
    "eu_vat FR": _fr,
    "eu_vat LU": _lu,
    "eu_vat MT": _mt,
    "gb_vat": _gb,
    "jp_cn": _before("jp.cn", "calc_check_digit"),
    "mx_rfc": _after("mx.rfc", "calc_check_digit"),
}
"""Functions that compute the check digits, where trying takes long: two characters, or the first one."""
