"""International bank account numbers (ISO 13616-1), for a few countries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mock_server.core.json_reader import JsonReader
from mock_server.plugins import PersonaView, Random, ValuePattern

_STRUCTURES: Mapping[str, str] = {
    "AT": "16n",
    "BE": "12n",
    "CH": "5n12c",
    "DE": "18n",
    "ES": "20n",
    "FR": "10n11c2n",
    "GB": "4a14n",
    "NL": "4a10n",
    "NO": "11n",
    "SE": "20n",
}
"""The account number of each country: numbers of characters, and of which kind (SWIFT, IBAN Registry)."""
_KINDS: Mapping[str, str] = {
    "n": "0123456789",
    "a": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "c": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
}
_CLASSES: Mapping[str, str] = {"n": "[0-9]", "a": "[A-Z]", "c": "[0-9A-Z]"}


def _fields(structure: str) -> list[tuple[int, str]]:
    """Return the parts of a structure: how many characters, and their kind."""
    return [(int(count), kind) for count, kind in re.findall(r"([0-9]+)([nac])", structure)]


_ACCOUNTS = {
    country: re.compile("".join(f"{_CLASSES[kind]}{{{count}}}" for count, kind in _fields(structure)))
    for country, structure in _STRUCTURES.items()
}


def _remainder(text: str) -> int:
    """Return an IBAN modulo 97, with its first four characters last and letters as numbers from 10 (ISO 7064)."""
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97


def is_iban(text: str) -> bool:
    """Tell whether a text is an IBAN of one of the countries, without spaces, with the right check digits."""
    account = _ACCOUNTS.get(text[:2])
    if account is None or re.fullmatch("[0-9]{2}", text[2:4], re.ASCII) is None or not account.fullmatch(text[4:]):
        return False
    return 2 <= int(text[2:4]) <= 98 and _remainder(text) == 1


def _make(country: str, random: Random) -> str:
    account = "".join(
        random.choice(_KINDS[kind]) for count, kind in _fields(_STRUCTURES[country]) for _ in range(count)
    )
    return f"{country}{98 - _remainder(f'{country}00{account}'):02}{account}"


def make_iban(random: Random) -> str:
    """Return an IBAN of any of the countries."""
    return _make(random.choice(tuple(_STRUCTURES)), random)


SHORTEST = "NO9386011117947"
"""An IBAN of the fewest characters: Norway's have 15."""


def iban_of(persona: PersonaView, pointer: str) -> str:
    """Return an IBAN of the country of a record, or of any country where those of the country are not known here."""
    random = persona.draw.at(pointer)
    return _make(persona.country, random) if persona.country in _STRUCTURES else make_iban(random)


def is_iban_pattern(
    operand: JsonReader, options: Mapping[str, JsonReader], nested: Callable[[JsonReader], ValuePattern]
) -> ValuePattern:
    """Return the pattern ``{"isIban": true, "country": "SE"}``; ``country`` may be left out."""
    is_wanted = operand.flag()
    country = options["country"].choice(_STRUCTURES) if "country" in options else ""
    expected = f"{'an' if is_wanted else 'no'} IBAN{f' of {country}' if country else ''}"

    def check(value: str | None) -> str:
        fits = value is not None and is_iban(value) and value.startswith(country)
        return "" if fits is is_wanted else expected

    return check
