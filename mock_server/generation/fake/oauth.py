"""Accounts at other platforms, in the platforms' shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mock_server.core.types import JSON
from mock_server.generation.fake.names import in_ascii, names_of_people
from mock_server.generation.fake.persona import Persona
from mock_server.generation.seeding import RandomStream, totals

_PLATFORMS: tuple[tuple[str, ...], ...] = ((), ("github",), ("discord",), ("github", "discord"))
_SHARES = totals((0.65, 0.23, 0.08, 0.04))
_DISCORD_EPOCH = 1_420_070_400_000
"""The first millisecond of 2015, in milliseconds since 1970: Discord's snowflakes count from it."""


def oauth_accounts(persona: Persona, pointer: str) -> JSON:
    """Return accounts by ``PLATFORM:ID``: none for most people, one for some, two for a few."""
    random = persona.draw.at(pointer)
    platforms = () if persona.is_company else random.weighted(_PLATFORMS, _SHARES)
    accounts = (_account(platform, persona, random) for platform in platforms)
    return {
        f"{platform}:{account['account_id']}": account for platform, account in zip(platforms, accounts, strict=True)
    }


def _account(platform: str, persona: Persona, random: RandomStream) -> dict[str, JSON]:
    return {"account_id": _IDS[platform](random), "account_username": _user_name(platform, persona, random)}


def _user_name(platform: str, persona: Persona, random: RandomStream) -> str:
    """Return a user name.

    GitHub: letters, digits, hyphens, at most 39. Discord: also underscores and dots, lower case, at most 32.
    """
    names = names_of_people(persona.person.people)
    given_name = in_ascii(persona.person.given, names) or "user"
    family = in_ascii(persona.person.family, names) or "dev"
    between = random.choice(("", "-") if platform == "github" else ("", "_", "."))
    number = str(random.randrange(1, 1000)) if random.random() < 0.5 else ""
    return f"{random.choice((given_name, given_name[0]))[:12]}{between}{family[:14]}{number}"


def _github(random: RandomStream) -> str:
    return str(random.randrange(10_000, 180_000_000))


def _discord(random: RandomStream) -> str:
    """Return a snowflake: milliseconds since 2015 in the upper bits."""
    return str((random.randrange(1_440_000_000_000, 1_750_000_000_000) - _DISCORD_EPOCH << 22) | random.getrandbits(22))


_IDS: Mapping[str, Callable[[RandomStream], str]] = {"github": _github, "discord": _discord}
