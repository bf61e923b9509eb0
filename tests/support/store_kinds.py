"""The kinds of stores that tests run over: in memory, in a SQLite file, in PostgreSQL."""

from __future__ import annotations

import pytest

KINDS = ("memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.store))
SHARED = KINDS[1:]
each_kind = pytest.mark.parametrize("kind", SHARED)
on_sqlite = pytest.mark.parametrize("kind", ["sqlite"])
on_postgresql = pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.store)])
