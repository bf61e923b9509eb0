"""The names of the events that contracts tell of: their webhooks, and the callbacks of their operations."""

from __future__ import annotations

from collections.abc import Iterable

from mock_server.openapi.model import Contract
from mock_server.openapi.webhooks.callbacks import callbacks_of
from mock_server.openapi.webhooks.mapping import webhooks_of


def event_named(contracts: Iterable[Contract], name: str) -> str | None:
    """Return the event that is meant by its name or by the key of its entry; None where no contract has it."""
    listed = [*contracts]
    mapped = next(filter(None, (webhooks_of(contract).find(name) for contract in listed)), None)
    if mapped is not None:
        return mapped.webhook.name
    return name if name in callback_names(listed) else None


def event_names(contracts: Iterable[Contract]) -> list[str]:
    """Return the names of all events, those of callbacks last, each once."""
    listed = [*contracts]
    return [*dict.fromkeys((*webhook_names(listed), *callback_names(listed)))]


def webhook_names(contracts: Iterable[Contract]) -> list[str]:
    """Return the names of the webhooks, in the order of the contracts."""
    return [name for contract in contracts for name in webhooks_of(contract).webhooks]


def callback_names(contracts: Iterable[Contract]) -> list[str]:
    """Return the names of the callbacks of operations."""
    callbacks = (
        callback for contract in contracts for listed in callbacks_of(contract).values() for callback in listed
    )
    return [callback.webhook.name for callback in callbacks]
