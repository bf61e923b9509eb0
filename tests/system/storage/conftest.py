"""The stores that the tests of this folder run over."""

from __future__ import annotations

from tests.support.store_fixtures import address, opens, postgres

__all__ = ["address", "opens", "postgres"]
