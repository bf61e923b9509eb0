"""Hubs as two processes have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mock_server.hub import Hub

Pair: TypeAlias = tuple[Hub, Hub]
OpensPair: TypeAlias = Callable[..., Pair]
