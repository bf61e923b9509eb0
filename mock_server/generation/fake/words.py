"""Words, for texts with no other description: Faker's list, drawn without seeding a Faker for each word."""

from __future__ import annotations

from functools import cache

from mock_server.core.deadline import takes_long
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.plugins import Random


@cache
def _words() -> tuple[str, ...]:
    takes_long()
    with LATE_IMPORTS:
        from faker.providers.lorem.en_US import Provider

    return tuple(dict.fromkeys(Provider.word_list))


def word(random: Random) -> str:
    """Return an English word in lower case."""
    return random.choice(_words())
