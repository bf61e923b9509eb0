"""What nearly every answer needs, loaded before somebody asks for it."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.generate.cities import cities_of
from mock_server.generate.people import names_of
from mock_server.generate.seeds import Source
from mock_server.generate.words import word

USUAL = "US"
"""The country of whoever is not said to be from another one."""


STEPS: tuple[Callable[[], object], ...] = (
    lambda: word(Source(0)), lambda: names_of(USUAL), lambda: cities_of(USUAL)
)  # fmt: skip
"""What is loaded, a piece at a time so that requests which wait for one need not wait for all: words (0.08 s, most of
it for Faker), names (0.06 s) and cities (0.08 s)."""
