"""Data that nearly every answer needs, loaded before the first request needs it."""

from __future__ import annotations

from collections.abc import Callable

from mock_server.generation.fake.cities import cities_of
from mock_server.generation.fake.locales import USUAL
from mock_server.generation.fake.names import names_of
from mock_server.generation.fake.words import word
from mock_server.generation.seeding import RandomStream

STEPS: tuple[Callable[[], object], ...] = (
    lambda: word(RandomStream(0)),
    lambda: names_of(USUAL),
    lambda: cities_of(USUAL),
)
"""The steps of loading, apart, so that a request that needs one does not wait for all.

Words take 0.08 s (most of it for Faker), names 0.06 s and cities 0.08 s.
"""
