"""Companies: their names, with the legal form of their country, and their mail addresses."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from mock_server.core.value_class import value_class
from mock_server.generation.fake.data_tables import row
from mock_server.generation.fake.locales import main_people
from mock_server.generation.fake.names import names_of_people
from mock_server.generation.fake.romanization import latin
from mock_server.generation.seeding import SeedKey, totals

_BOXES = ("info", "billing", "office", "accounts", "contact", "hello")
_UNSPACED = ("ja", "ko", "zh", "tw", "mo", "th")
"""Languages that write a name and a trade without a space."""
_UNREAD = ("ar", "gulf", "fa", "dari", "he", "ja", "th", "bn", "ne", "si", "am")
"""Languages whose letters alone do not tell how a word is pronounced."""


@value_class
class Company:
    """A company: ``name`` is the name in use, ``legal_name`` the one in the register, ``form`` its legal form."""

    name: str
    legal_name: str
    form: str
    domain: str


@value_class
class LegalForms:
    """The legal forms of a country, each a pattern in which ``{x}`` is the name, and their running weights."""

    patterns: tuple[str, ...]
    totals: tuple[float, ...]


@cache
def legal_forms_of(country: str, language: str = "") -> LegalForms:
    """Return the legal forms of a country of ISO 3166, in a language of it where that has forms of its own."""
    forms = row("legal_forms", f"{country}/{language}") or row("legal_forms", country)
    return LegalForms(tuple(forms), totals(tuple(forms.values())))


def company_in(country: str, draw: SeedKey, purpose: str = "company", region: str = "") -> Company:
    """Return a company of a country; the same for the same draw and purpose.

    ``region`` is where in the country, as :func:`peoples_at` reads it.
    """
    random, people = draw.at(purpose), main_people(country, region)
    language, names = people.streets, names_of_people(people.names)
    founders = row("brands", language) or names.family
    founder, partner = random.choice(founders), random.choice(founders)
    pattern = _pattern(random.choice(row("trades", language)))
    name = _filled(pattern, founder, partner)
    if language in _UNSPACED:
        name = name.replace(" ", "")
    forms = legal_forms_of(country, language)
    form = random.weighted(forms.patterns, forms.totals)
    latin_pattern = "{b} group" if language in _UNREAD else pattern
    roman, other = (names.roman.get(word, word) for word in (founder, partner))
    domain = _label(_filled(latin_pattern, roman, other), names.style)
    return Company(name, form.format(x=name), form, f"{domain}.example")


def _pattern(trade: str) -> str:
    """Return how a name is made of founders and a trade, which follows the founder where it does not say."""
    return trade if "{" in trade else f"{{b}} {trade}"


def _filled(pattern: str, founder: str, partner: str) -> str:
    initials = (founder[0] + partner[0]).upper()
    if initials in row("trades", "avoided_initials"):
        pattern = pattern.replace("{i}{j}", "{b}")
    return pattern.format(b=founder, c=partner, i=founder[0].upper(), j=partner[0].upper())


@lru_cache(maxsize=4096)
def _label(name: str, style: str | None) -> str:
    """Return a label of a domain name: ASCII letters, digits and hyphens, at most 40."""
    return re.sub(r"[^a-z0-9]+", "-", latin(name, style).replace("'", ""))[:40].strip("-") or "firm"


def mailbox_of(company: Company, draw: SeedKey) -> str:
    """Return the company's mail address, in a domain of its own under ``.example`` (RFC 2606, 2)."""
    return f"{draw.at('company/email').choice(_BOXES)}@{company.domain}"
