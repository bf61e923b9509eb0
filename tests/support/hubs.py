"""Hubs as two processes have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mock_server.hub import Hub, SharedHub
from mock_server.hub.model import JournalNote

Pair: TypeAlias = tuple[Hub, Hub]
OpensPair: TypeAlias = Callable[..., Pair]
SharedPair: TypeAlias = tuple[SharedHub, SharedHub]
OpensSharedPair: TypeAlias = Callable[..., SharedPair]


def journal_note(world: str, number: int, exchange: bytes = b"") -> JournalNote:
    return JournalNote(world, number, 1.5, 0.25, exchange)
