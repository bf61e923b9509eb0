"""The model of what a contract tells others: frozen, and explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Literal

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

Ending = Literal["", "created", "updated", "deleted"]
"""What the name of a webhook says has happened to a record, where that happens by itself; empty for all else."""


@value_class
class Webhook:
    """An entry of ``webhooks``: a request that the API sends. ``pointer`` leads to its operation in the document.

    ``name`` is what its bodies call the event where they name it (``batch.completed``), else the key of the entry
    (``batch_completed``), which is in ``key`` where it is another. ``media`` is the media type of the body, empty where
    none is described; ``schema`` is a schema object, a boolean, or None where the contract has none.
    """

    name: str
    method: str
    pointer: str
    media: str = ""
    schema: JSON = field(default=None, hash=False)
    key: str = ""


@value_class
class MappedWebhook:
    """A webhook and the resource that it is about; ``resource`` is empty where none is known, as ``reason`` says.

    ``place`` is the JSON Pointer of the record in the body, empty where the body is the record itself.
    ``is_automatic`` is set where it happens by itself, whenever a record is created, updated or deleted (``ending``).
    """

    webhook: Webhook
    resource: str = ""
    place: str = ""
    ending: Ending = ""
    is_automatic: bool = False
    reason: str = ""


@value_class
class WebhookModel:
    """The webhooks of a contract by name, in its order; ``keys`` are those of entries that have another name."""

    webhooks: Mapping[str, MappedWebhook] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def find(self, name: str) -> MappedWebhook | None:
        """Return the webhook of a name, or of the key of its entry; None where there is none."""
        return self.webhooks.get(name) or self.webhooks.get(self.keys.get(name, ""))

    def automatic(self, resource: str, ending: Ending) -> Sequence[MappedWebhook]:
        """Return the webhooks that happen by themselves with a change of a record."""
        return [
            mapped
            for mapped in self.webhooks.values()
            if mapped.is_automatic and mapped.resource == resource and mapped.ending == ending
        ]
