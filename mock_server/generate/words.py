"""Words, for texts of which nothing is known: those of Faker, drawn without seeding a Faker for each."""

from __future__ import annotations

from functools import cache

from mock_server.deadline import takes_long
from mock_server.generate.seeds import Source


@cache
def _words() -> tuple[str, ...]:
    takes_long()
    from faker.providers.lorem.en_US import Provider

    return tuple(dict.fromkeys(Provider.word_list))


def word(random: Source) -> str:
    """An English word in lower case."""
    return random.choice(_words())
