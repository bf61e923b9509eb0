"""The letters that a tax id takes from the name of its holder: India's PAN and Mexico's RFC."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from anyascii import anyascii

from mock_server.generation.fake.companies import Company
from mock_server.generation.fake.names import Person

_VOWELS = frozenset("AEIOU")
_PARTICLES = frozenset(["DE", "DEL", "LA", "LAS", "LOS", "EL", "Y", "E", "MC", "VON", "VAN", "MAC"])
"""Words that an RFC leaves out (the rules of Mexico's tax service, SAT)."""
_PASSED_OVER = frozenset(["MARIA", "MA", "JOSE", "J"])
"""Given names so common that an RFC takes the next one."""


def name_letters(tax_format: str, holder: Person | Company) -> str:
    """Return the capital letters, A to Z, that numbers of a format take from the holder's name; often none."""
    return _RULES[tax_format](holder) if tax_format in _RULES else ""


def _gstin(holder: Person | Company) -> str:
    """Return the fifth letter of the PAN: the first of a person's family name, or of a company's name."""
    words = _words(holder.name if isinstance(holder, Company) else holder.family)
    return words[0][0] if words else "X"


def _rfc(holder: Person | Company) -> str:
    """Return four letters of a person's names, or three of a company's; X where there is no letter to take."""
    if isinstance(holder, Company):
        return _rfc_of_words(_without_particles(holder.name))
    family, second, given = (_without_particles(name) for name in (holder.family, holder.second, holder.given))
    father, mother = "".join(family[:1]), "".join(second[:1])
    first = given[1] if len(given) > 1 and given[0] in _PASSED_OVER else "".join(given[:1])
    if len(father) < 3:
        letters = f"{father[:1] or 'X'}{mother[:1] or 'X'}{first:X<2.2}"
    else:
        vowel = next((letter for letter in father[1:] if letter in _VOWELS), "X")
        letters = f"{father[0]}{vowel}{mother[:1] or 'X'}{first[:1] or 'X'}"
    return f"{letters[:3]}X" if letters in import_module("stdnum.mx.rfc")._name_blacklist else letters


def _rfc_of_words(words: list[str]) -> str:
    if len(words) > 2:
        return "".join(word[0] for word in words[:3])
    if len(words) == 2:
        return f"{words[0][0]}{words[1]:X<2.2}"
    return f"{words[0]:X<3.3}" if words else "XXX"


def _without_particles(name: str) -> list[str]:
    words = _words(name)
    return [word for word in words if word not in _PARTICLES] or words


def _words(name: str) -> list[str]:
    """Return the words of a name in capital letters from A to Z."""
    letters = "".join(letter if letter.isalpha() else " " for letter in anyascii(name).upper())
    return letters.split()


_RULES: Mapping[str, Callable[[Person | Company], str]] = {"in_gst": _gstin, "mx_rfc": _rfc}
