"""Names of people in the language and script of their country, and mail addresses made from them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec
from itertools import accumulate
from random import Random
from typing import Any

from mock_server.core.deadline import takes_long
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.value_class import value_class
from mock_server.generation.fake.data_tables import row, table
from mock_server.generation.fake.locales import people_of, peoples_at
from mock_server.generation.fake.romanization import ascii_letters, style_of
from mock_server.generation.seeding import RandomStream, SeedKey

DOMAINS = ("example.com", "example.com", "example.net", "example.org")
"""Domains reserved for examples (RFC 2606, 3). The first is listed twice, since people use it most."""
_PAIRS = ("first_name_pairs", "last_name_pairs")
_UNUSUAL = re.compile(r",|[A-Za-z].*[Ͱ-ӿ]|[Ͱ-ӿ].*[A-Za-z]")
"""Names that Faker has and nobody bears: `Berg, van den` as in an index, a Bulgarian name with a Latin a in it."""
_TABLES = ("names", "romanized_names", "common_names")
"""The files in ``data`` that have rows of names."""
_ARABIC = re.compile("[\u0600-\u06ff]")
_POOLED = 150
"""Names drawn from Faker for each kind: enough for variety, and common names stay common."""


@value_class
class PeopleNames:
    """The names of a people, and how they are spelled in Latin letters.

    ``roman`` has those whose letters do not tell the pronunciation, ``style`` is the style (of
    ``romanization_rules.yaml``) for all others, None where no letter needs one.
    """

    men: tuple[str, ...]
    women: tuple[str, ...]
    family: tuple[str, ...]
    women_family: tuple[str, ...]
    orders: tuple[str, str]
    roman: Mapping[str, str]
    style: str | None


@value_class
class Person:
    """A person of a people, a locale of Faker or a row of ``names.yaml``.

    ``name`` has given and family name in the order of the people, ``second`` is another family name.
    """

    name: str
    given: str
    family: str
    second: str
    is_woman: bool
    people: str


def names_of(country: str) -> PeopleNames:
    """Return the names of most people of an ISO 3166 code."""
    return names_of_people(people_of(country).names)


@cache
def names_of_people(people: str) -> PeopleNames:
    """Return the names of a people: those of the rows in ``data``, else Faker's."""
    order = table("name_orders").get(people, "{given} {family}")
    orders = (order, order) if isinstance(order, str) else (order[0], order[1])
    names = next((names for name in _TABLES if (names := row(name, people))), None)
    if names is None:
        return _from_faker(people, orders)
    men, women = _endings(names, "family"), _endings(names, "women_family")
    roman = {name: latin for part in names.values() if isinstance(part, dict) for name, latin in part.items()}
    return PeopleNames(
        tuple(names["men"]),
        tuple(names["women"]),
        men,
        women or men,
        orders,
        roman or (table("romanizations") if _ARABIC.match(next(iter(names["men"]))) else {}),
        style_of(people),
    )


def _endings(names: Mapping[str, Any], part: str) -> tuple[str, ...]:
    """Return the family names of men or of women of a row, each a stem with its ending where the row has stems."""
    if "stems" in names:
        ending = names["endings"][part == "women_family"]
        return tuple(f"{stem}{ending}" for stem in names["stems"])
    return tuple(names.get(part, ()))


@cache
def _from_faker(locale: str, orders: tuple[str, str]) -> PeopleNames:
    """Draw names from a locale once, so that no request pays for Faker and no thread shares its state."""
    takes_long()
    with LATE_IMPORTS:  # 0.1 s; many servers never generate
        from faker.generator import Generator

    maker: Any = Generator()
    maker.add_provider(_provider(locale, maker))
    maker.seed_instance(0)
    corrections = row("faker_corrections", locale) or {}

    def pool(make: Callable[[], Any], endings: str = "") -> tuple[str, ...]:
        names = (str(make()).strip() for _ in range(_POOLED))
        usual = (name for name in names if not _UNUSUAL.search(name) and name not in corrections.get("drop", ()))
        return tuple(_corrected(name, corrections, endings) for name in usual)

    men, women = pool(maker.first_name_male), pool(maker.first_name_female)
    family, women_family = pool(maker.last_name_male), pool(maker.last_name_female, "women_endings")
    readings = {**_readings(maker), **corrections.get("readings", {})}
    return PeopleNames(men, women, family, women_family, orders, readings, style_of(locale))


def _corrected(name: str, corrections: Mapping[str, Any], endings: str) -> str:
    """Return a name of Faker as it is spelled; for women with the endings that the locale has of men alone."""
    spelled: str = corrections.get("spell", {}).get(name, name)
    if corrections.get("capitals"):
        spelled = spelled[0].upper() + spelled[1:]
    for masculine, feminine in corrections.get(endings, {}).items():
        if spelled.endswith(masculine):
            return f"{spelled.removesuffix(masculine)}{feminine}"
    return spelled


def _provider(locale: str, maker: Any) -> Any:
    """Return Faker's provider of names for a locale, without keeping its module: the 50 needed take 6 MB.

    ``Factory.create`` would keep them all.
    """
    spec = find_spec(f"faker.providers.person.{locale}")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    provider = module.Provider(maker)
    provider.random_element = _ElementDraws(maker)
    return provider


class _ElementDraws:
    """Draws elements as ``random_element`` of Faker does, which sums up all weights of its table for each draw."""

    def __init__(self, maker: Any) -> None:
        self._maker = maker
        self._tables: dict[int, tuple[Mapping[str, float], tuple[str, ...], list[float]]] = {}

    def __call__(self, elements: Sequence[str] | Mapping[str, float]) -> str:
        """Return one of the elements; of a mapping by its weights."""
        random: Random = self._maker.random  # another one from the moment that it is seeded
        if not isinstance(elements, Mapping):
            return random.choice(tuple(elements))
        known = self._tables.get(id(elements))
        if known is None:  # the table is kept with it, so that no other one has its id
            known = self._tables[id(elements)] = elements, tuple(elements), [*accumulate(elements.values())]
        _, names, totals = known
        return random.choices(names, cum_weights=totals)[0]


def _readings(maker: Any) -> dict[str, str]:
    """Return the Latin spelling of Japanese names, which Faker has in kanji, kana and Latin letters."""
    first, last = (
        [pair for provider in maker.get_providers() for pair in getattr(provider, kind, ())] for kind in _PAIRS
    )
    pairs = [*first, *last]
    return {kanji: roman for kanji, _, roman in pairs}


def person_in(country: str, draw: SeedKey, purpose: str = "person", region: str = "") -> Person:
    """Make a person of a country; the same for the same draw and purpose.

    ``region`` is where in the country, as :func:`peoples_at` reads it.
    """
    random = draw.at(purpose)
    people = peoples_at(country, region).draw(random).names
    names = names_of_people(people)
    woman = random.random() < 0.5
    given_name = _pick(names.women if woman else names.men, random)
    families = names.women_family if woman else names.family
    family, second = _pick(families, random), _pick(families, random)
    name = names.orders[woman].format(given=given_name, family=family, second=second)
    return Person(name, given_name, family, second, woman, people)


def _pick(options: tuple[str, ...], random: RandomStream) -> str:
    return options[int(random.random() * len(options))]


def mailbox_of(person: Person, draw: SeedKey) -> str:
    """Return a person's mail address, ``given.family@example.com`` and the like, in ASCII."""
    random, names = draw.at("person/email"), names_of_people(person.people)
    given_name, family = in_ascii(person.given, names), in_ascii(person.family, names)
    given_name, family = given_name or "user", family or given_name or "user"
    number = str(1 + int(random.random() * 98)) if random.random() < 0.4 else ""
    name = _pick(_FORMS, random).format(given=given_name, family=family, initial=given_name[0])
    return f"{name[:56]}{number}@{_pick(DOMAINS, random)}"


_FORMS = ("{given}.{family}", "{given}.{family}", "{initial}.{family}", "{given}{family}", "{family}.{given}")
"""The forms in which people write their names in an address."""


def in_ascii(text: str, names: PeopleNames) -> str:
    """Return the lower-case ASCII letters and digits of a name of a people, as used in a mail address."""
    return ascii_letters(names.roman.get(text) or text, names.style)
