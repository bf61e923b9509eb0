"""Stores to deliver from, and a receiver."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.store_fixtures import address, opens, postgres
from tests.support.webhook_receiver import WebhookReceivers

__all__ = ["address", "opens", "postgres", "receiver"]


@pytest.fixture
def receiver() -> Iterator[WebhookReceivers]:
    with WebhookReceivers() as running:
        yield running
