"""What contracts tell others, as rows or as JSON: webhooks and callbacks, and the resource that each is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mock_server.core.types import JSON
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.webhooks.callbacks import callbacks_of
from mock_server.openapi.webhooks.mapping import WebhookMapping, webhooks_of
from mock_server.openapi.webhooks.model import MappedWebhook

_HEAD = ("EVENT", "SENT TO", "RESOURCE", "RECORD", "HAPPENS", "WHY")


def webhook_rows(mounts: Iterable[ApiMount]) -> list[tuple[str, ...]]:
    """Return the head of a table and a row for each webhook and each callback."""
    return [_HEAD, *(row for mount in mounts for row in _rows(mount))]


def webhooks_as_json(mounts: Sequence[ApiMount]) -> dict[str, JSON]:
    """Return the same as JSON."""
    webhooks: list[JSON] = []
    callbacks: list[JSON] = []
    for mount in mounts:
        webhooks += [_as_json(mapped) for mapped in webhooks_of(mount.contract).webhooks.values()]
        callbacks += [
            {"operation": operation, "url": url, **_as_json(mapped)} for operation, url, mapped in _callbacks(mount)
        ]
    return {"webhooks": webhooks, "callbacks": callbacks}


def _rows(mount: ApiMount) -> Iterator[tuple[str, ...]]:
    for mapped in webhooks_of(mount.contract).webhooks.values():
        happens = f"by itself: {mapped.ending}" if mapped.is_automatic else "when sent"
        yield _row(mapped, "endpoints", happens)
    for operation, url, mapped in _callbacks(mount):
        yield _row(mapped, url, f"by itself: after {operation}")


def _row(mapped: MappedWebhook, address: str, happens: str) -> tuple[str, ...]:
    record = "" if not mapped.resource else mapped.place or "the body"
    return mapped.webhook.name, address, mapped.resource or "none", record, happens, mapped.reason


def _callbacks(mount: ApiMount) -> Iterator[tuple[str, str, MappedWebhook]]:
    """Yield the callbacks of a contract: the operation, the address, and what it is about."""
    mapping = WebhookMapping(mount.contract, model_of(mount.contract))
    for operation, callbacks in callbacks_of(mount.contract).items():
        for callback in callbacks:
            yield operation, callback.url, mapping.mapped(callback.webhook)


def _as_json(mapped: MappedWebhook) -> dict[str, JSON]:
    return {
        "event": mapped.webhook.name,
        "method": mapped.webhook.method,
        "media": mapped.webhook.media or None,
        "resource": mapped.resource or None,
        "record": mapped.place if mapped.resource else None,
        "automatic": mapped.ending if mapped.is_automatic else None,
        "why": mapped.reason,
    }
