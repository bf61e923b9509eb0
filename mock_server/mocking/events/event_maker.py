"""One event of one webhook: its record as the webhook's schema shows it, its body, and an id of its own."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from hashlib import blake2b
from typing import TypeAlias
from uuid import UUID

from mock_server.core.errors import GenerationError
from mock_server.core.json_text import json_bytes
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.mocking.events.event_body import EventBody, Happening
from mock_server.mocking.events.related_lists import RelatedLists
from mock_server.openapi.webhooks.mapping import webhooks_of
from mock_server.openapi.webhooks.model import MappedWebhook, WebhookModel
from mock_server.storage import EVENTS, Absence, Record, RecordReader
from mock_server.worlds.events.event import Event
from mock_server.worlds.state.making.record_view import RecordView
from mock_server.worlds.state.resource_state import ResourceState, StateModel
from mock_server.worlds.state.world_records import WorldRecords

log = logging.getLogger("mock_server")

MOST_ALIKE = 10_000
"""Events of which is remembered how often the same has happened: 200 bytes each."""
_PARTS = "\x1f"

ShownRecords: TypeAlias = dict[tuple[int, int], JSON]
"""Records as views show them, by the ``id`` of either: while somebody has both."""


class EventMaker:
    """Makes the events of one contract."""

    def __init__(self, model: StateModel) -> None:
        self._state = model
        self._seed = model.settings.seed
        self._bodies: dict[str, EventBody] = {}
        self._views: dict[tuple[JSON, str], tuple[RecordView | None, RelatedLists | None]] = {}
        self._logged: set[tuple[str, str]] = set()
        self._last_numbers: SizedCache[bytes, int] = SizedCache(MOST_ALIKE)
        """By what events have alike, how many of them there were before the last."""

    @cached_property
    def webhooks(self) -> WebhookModel:
        """Return the webhooks of the contract."""
        return webhooks_of(self._state.contract)

    def event(
        self,
        name: str,
        record: Record | None,
        world: str,
        at: float,
        records: RecordReader,
        showings: ShownRecords | None = None,
    ) -> Event:
        """Return the event of a webhook, which the contract has to have; its body may be one that cannot be made.

        ``records`` are those of the world as they are once the event has happened; ``at`` is in seconds since 1970;
        ``showings`` are records that were shown before, of the same records of the world. Raises :class:`StoreError`,
        and :class:`KeyError` for a name that no webhook has.
        """
        mapped = self.webhooks.find(name)
        if mapped is None:
            raise KeyError(name)
        return self.event_of(mapped, record, world, at, records, showings=showings)

    def event_of(
        self,
        mapped: MappedWebhook,
        record: Record | None,
        world: str,
        at: float,
        records: RecordReader,
        known: Mapping[str, JSON] | None = None,
        showings: ShownRecords | None = None,
    ) -> Event:
        """Return the event of a request that the contract describes; ``known`` are members that it takes over.

        Raises :class:`StoreError`.
        """
        webhook = mapped.webhook
        resource, handle = (record.resource, record.handle) if record is not None else ("", "")
        event_id, body, finding = "", None, ""
        try:
            values = () if record is None else (self._shown(mapped, record, records, showings),)
            event_id = self.free_id(records, world, webhook.name, handle, at, [*values, {**(known or {})}])
            body = self.body_of(mapped).body(Happening(values, at, event_id, known or {}))
        except GenerationError as error:
            finding = str(error)
            event_id = event_id or self.free_id(records, world, webhook.name, handle, at, None)
            self._log(webhook.name, finding)
        media = webhook.media or "application/json"
        return Event(
            event_id, webhook.name, at, body, resource, handle, method=webhook.method, media=media, finding=finding
        )

    def body_of(self, mapped: MappedWebhook) -> EventBody:
        """Return what makes and judges the bodies of a webhook."""
        pointer = mapped.webhook.pointer
        body = self._bodies.get(pointer)
        if body is None:
            body = self._bodies[pointer] = EventBody(mapped, self._state.schemas, self._seed)
        return body

    def free_id(self, records: RecordReader, world: str, name: str, handle: str, at: float, value: JSON) -> str:
        """Return the id of an event: the same flow in a world has the same ids, and no two worlds share one.

        Where the same happened before, it is the next one of a row, of which the oldest go where a world has too many
        events: the last one given is remembered, since the first is free again then. Raises :class:`StoreError`.
        """
        texts = (str(self._seed), "event", self._state.contract.title, world, name, handle, repr(at))
        digest = blake2b(_PARTS.join(texts).encode("utf-8", "surrogatepass"), digest_size=16)
        digest.update(_text_of(value))

        def id_of(number: int) -> str:
            own = digest.copy()
            own.update(b"%d" % number)
            return str(UUID(bytes=own.digest(), version=4))

        def is_free(number: int) -> bool:
            return records.own_row(EVENTS, id_of(number)) is Absence.UNTOUCHED

        last = self._last_numbers.get(digest.digest())
        number = _first_free(0 if last is None or is_free(last) else last + 1, is_free)
        if number:
            self._last_numbers.keep(digest.digest(), number)
        return id_of(number)

    def _shown(self, mapped: MappedWebhook, record: Record, records: RecordReader, memory: ShownRecords | None) -> JSON:
        """Return a record as the schema of a webhook shows it, or has shown it. Raises :class:`GenerationError`."""
        state = self._state.resource(record.resource)
        view, lists = self._view(mapped, state)
        key = (id(view), id(record))
        if memory is not None and key in memory:
            return memory[key]
        derived = state.derived(record)
        if view is None or lists is None:
            return derived.value
        world = WorldRecords(self._state, records)
        value = view.shown(lists.filled(derived, world), world.embedded)
        if memory is not None:
            memory[key] = value
        return value

    def _view(self, mapped: MappedWebhook, state: ResourceState) -> tuple[RecordView | None, RelatedLists | None]:
        """Return what shows records by the schema of a webhook; None for a schema that says nothing of them."""
        name = state.resource.name
        schema = self._state.reader.at(mapped.webhook.schema, mapped.place)
        key = (schema["$ref"] if isinstance(schema, dict) and "$ref" in schema else mapped.webhook.pointer, name)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = (
                (None, None) if schema is None else (state.view_by(schema), RelatedLists(self._state, name, schema))
            )
        return view

    def _log(self, name: str, finding: str) -> None:
        """Log what keeps an event from being sent, once."""
        if (name, finding) not in self._logged:
            self._logged.add((name, finding))
            log.warning("an event of %s is kept and not sent, for its body cannot be made: %s", name, finding)


def _text_of(value: JSON) -> bytes:
    """Return a text that tells a value from others: the quick way to write it, or the one that takes any depth."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return json_bytes(value)


def _first_free(first: int, is_free: Callable[[int], bool]) -> int:
    """Return the first free number from ``first`` on: looked for in ever larger steps, then back."""
    if is_free(first):
        return first
    low, step = first, 1
    while not is_free(low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_free(middle) else (middle, high)
    return high
