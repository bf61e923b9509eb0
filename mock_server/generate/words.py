"""Words, for texts of which nothing is known: those of Faker, drawn without seeding a Faker for each."""

from __future__ import annotations

from functools import cache
from random import Random


@cache
def _words() -> tuple[str, ...]:
    from faker.providers.lorem.en_US import Provider

    return tuple(dict.fromkeys(Provider.word_list))


def word(random: Random) -> str:
    """An English word in lower case."""
    return random.choice(_words())
