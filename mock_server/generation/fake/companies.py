"""Companies: their names, with the legal form of their country, and their mail addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from anyascii import anyascii

from mock_server.generation.fake.data_tables import table
from mock_server.generation.fake.locales import people_of
from mock_server.generation.fake.names import names_of
from mock_server.generation.seeding import SeedKey, totals

_BOXES = ("info", "billing", "office", "accounts", "contact", "hello")
_UNSPACED = ("ja", "ko", "zh", "tw", "mo", "th")
"""Languages that write a name and a trade without a space."""
_UNREAD = ("ar", "gulf", "fa", "dari", "he", "ja")
"""Languages whose letters alone do not tell how a word is pronounced."""


@dataclass(frozen=True, slots=True)
class Company:
    """A company: ``name`` is the name in use, ``legal_name`` the one in the register, ``form`` its legal form."""

    name: str
    legal_name: str
    form: str
    domain: str


@dataclass(frozen=True, slots=True)
class LegalForms:
    """The legal forms of a country, each a pattern in which ``{x}`` is the name, and their running weights."""

    patterns: tuple[str, ...]
    totals: tuple[float, ...]


@cache
def _forms() -> dict[str, LegalForms]:
    return {
        country: LegalForms(tuple(row["forms"]), totals(tuple(row["forms"].values())))
        for row in table("legal_forms")["forms"]
        for country in row["countries"].split()
    }


def legal_forms_of(country: str) -> LegalForms:
    """Return the legal forms of a country of ISO 3166."""
    return _forms()[country]


def company_in(country: str, draw: SeedKey, purpose: str = "company") -> Company:
    """Return a company of a country; the same for the same draw and purpose."""
    random, names, language = draw.at(purpose), names_of(country), people_of(country).streets
    founder = random.choice(table("companies")["brands"].get(language) or names.family)
    trade = random.choice(table("companies")["trades"][language])
    name = f"{founder}{'' if language in _UNSPACED else ' '}{trade}"
    forms = legal_forms_of(country)
    form = random.weighted(forms.patterns, forms.totals)
    words = (names.roman.get(founder, founder), "group" if language in _UNREAD else trade)
    return Company(name, form.format(x=name), form, f"{_label(*words)}.example")


def _label(*words: str) -> str:
    """Return a label of a domain name: ASCII letters, digits and hyphens, at most 40."""
    return "-".join(filter(None, map(_hyphened, words)))[:40].strip("-") or "firm"


@lru_cache(maxsize=4096)
def _hyphened(word: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", anyascii(word).lower()).strip("-")


def mailbox_of(company: Company, draw: SeedKey) -> str:
    """Return the company's mail address, in a domain of its own under ``.example`` (RFC 2606, 2)."""
    return f"{draw.at('company/email').choice(_BOXES)}@{company.domain}"
