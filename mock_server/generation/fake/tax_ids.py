"""Tax ids of the formats that production stores for a country, with check digits that python-stdnum accepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from mock_server.generation.fake.code_patterns import Sequence, draw, sequences
from mock_server.generation.fake.companies import Company
from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.name_letters import name_letters
from mock_server.generation.fake.names import Person
from mock_server.generation.seeding import RandomStream

_STATE, _LETTERS = "\ue000", "\ue001"
"""Characters of no script that stand for ``{state}`` and ``{letters}`` while a number is drawn."""
_TRIES = 500
"""Most numbers that are tried before the result is None; of the patterns here one in eleven fits, at the least."""

TaxId = tuple[str, str]
"""The number in compact form and its format."""


@cache
def formats_of(country: str) -> tuple[str, ...]:
    """Return the formats that production stores for a country, in the order in which it tries them; often none."""
    formats = table("tax_ids")["formats"].keys() | {"eu_vat"}
    return tuple(name for name in table("tax_ids")["countries"].get(country, "").split() if name in formats)


def tax_id_in(country: str, subdivision: str | None, holder: Person | Company, random: RandomStream) -> TaxId | None:
    """Return a tax id of its holder, a company or a person in business; None where production never stores one."""
    for chosen in formats_of(country):
        pattern = _pattern(country, chosen, holder)
        if pattern is not None:
            number = _number(country, chosen, pattern, _Filling(subdivision, holder, random))
            return None if number is None else (number, chosen)
    return None


def _row(country: str, chosen: str) -> dict[str, Any]:
    rows = table("tax_ids")
    row: dict[str, Any] = rows["eu_vat"][country] if chosen == "eu_vat" else rows["formats"][chosen]
    return row


def _pattern(country: str, chosen: str, holder: Person | Company) -> str | None:
    """Return the pattern of the numbers of such a holder; None where he has none of this format."""
    row = _row(country, chosen)
    if "any" in row:
        return str(row["any"])
    if isinstance(holder, Person):
        pattern = row.get("person")
        return None if pattern is None else str(pattern).replace("{sex}", row.get("sex", ("", ""))[holder.is_woman])
    return row.get("by_form", {}).get(holder.form) or row.get("company")


class _Filling(NamedTuple):
    """What a number takes from its holder and his place, and where its other digits are drawn from."""

    subdivision: str | None
    holder: Person | Company
    random: RandomStream


def _number(country: str, chosen: str, pattern: str, filling: _Filling) -> str | None:
    shapes = _shapes(pattern)
    complete = _COMPLETE.get(_name(country, chosen)) or _COMPLETE.get(_name(country, chosen, filling.holder))
    check = _module(chosen)
    for _ in range(_TRIES):
        text = draw(shapes, filling.random)
        if _STATE in text or _LETTERS in text:
            text = _filled(text, country, chosen, filling)
        if complete is not None:
            return complete(text)
        if check is None:
            return text
        for candidate in _endings(text, shapes[0], filling.random):
            if check.is_valid(candidate):
                return str(check.compact(candidate))
    return None


def _filled(text: str, country: str, chosen: str, filling: _Filling) -> str:
    codes: dict[str, str] = table("tax_ids")["states"].get(country, {})
    state = codes.get(filling.subdivision or "") or next(iter(codes.values()), "")
    return text.replace(_STATE, state).replace(_LETTERS, name_letters(chosen, filling.holder))


def _endings(text: str, shape: Sequence, random: RandomStream) -> list[str]:
    """Return the text with each character that may be its last: most check digits are there."""
    last = shape[-1]
    first = int(random.random() * len(last))
    return [text[:-1] + ending for ending in last[first:] + last[:first]]


@cache
def _shapes(pattern: str) -> tuple[Sequence, ...]:
    return sequences(pattern.replace("{state}", _STATE).replace("{letters}", _LETTERS))


@cache
def _module(chosen: str) -> Any:
    name = "eu.vat" if chosen == "eu_vat" else table("tax_ids")["formats"][chosen].get("module")
    return import_module(f"stdnum.{name}") if name else None


def _name(country: str, chosen: str, holder: Person | Company | None = None) -> str:
    """Return the key of a function that completes numbers; with a holder the key of those of persons or companies."""
    name = f"{chosen} {country}" if chosen == "eu_vat" else chosen
    return name if holder is None else f"{name} {'person' if isinstance(holder, Person) else 'company'}"


def _gb(body: str) -> str:
    return f"{body}{-import_module('stdnum.gb.vat').checksum(body + '00') % 97:02}"


def _be(body: str) -> str:
    return f"{body}{97 - int(body[2:]) % 97:02}"


def _bg_person(body: str) -> str:
    return body + str(import_module("stdnum.bg.egn").calc_check_digit(body[2:]))


def _fr(body: str) -> str:
    siren = body[2:] + import_module("stdnum.luhn").calc_check_digit(body[2:])
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
    "eu_vat BG person": _bg_person,
    "eu_vat FR": _fr,
    "eu_vat LU": _lu,
    "eu_vat MT": _mt,
    "eu_vat NL person": _after("iso7064.mod_97_10", "calc_check_digits"),
    "gb_vat": _gb,
    "jp_cn": _before("jp.cn", "calc_check_digit"),
    "mx_rfc": _after("mx.rfc", "calc_check_digit"),
    "ru_inn person": _after("ru.inn", "calc_personal_check_digits"),
}
"""Functions that compute the check digits, where trying takes long: two characters, or the first one. A word behind
the format says whose numbers alone."""
