"""The endpoints of a world: records that a client registered, those put by hand, those of the command line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from mock_server.core.json_pointer import mapping_at, pointer_parts, value_at, with_value_at
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.webhook_extensions import SCHEMES, EndpointMembers, SigningScheme, WebhookPlan
from mock_server.storage import ENDPOINTS, Record, RecordChange, RecordReader
from mock_server.worlds.events.event import Event

MOST_ENDPOINTS = 100
"""Endpoints that one world may have by hand."""
EVERY = "*"
"""What stands for all events in the list of an endpoint."""
_ENABLED: tuple[JSON, ...] = (True, "enabled", "active")
_DISABLED: Mapping[JSON, JSON] = {"enabled": "disabled", "active": "inactive"}
"""What says so of one that is not enabled, where that is a word."""


@value_class
class Endpoint:
    """Where events are delivered. No ``events``: all of them. ``signing`` names a scheme; empty: the contract's.

    ``source`` says where it comes from: ``record``, ``admin``, ``setting``, or ``callback`` for an address that an
    event brings itself.
    """

    id: str
    url: str
    secret: str = ""
    events: tuple[str, ...] = ()
    signing: str = ""
    source: str = "admin"
    is_enabled: bool = True

    def wants(self, event: str) -> bool:
        """Tell whether an event of that name is for this endpoint."""
        return self.is_enabled and (not self.events or event in self.events or EVERY in self.events)

    def scheme(self, plan: WebhookPlan) -> SigningScheme:
        """Return how its deliveries are signed."""
        return SCHEMES[self.signing] if self.signing else plan.signing

    def as_json(self) -> dict[str, JSON]:
        """Return the endpoint as the admin API shows it: without its secret."""
        return {
            "id": self.id,
            "url": self.url,
            "events": [*self.events],
            "enabled": self.is_enabled,
            "signed": bool(self.secret),
            "signing": self.signing or None,
            "source": self.source,
        }


def endpoints_of(records: RecordReader, plan: WebhookPlan, standing: Sequence[Endpoint]) -> Iterator[Endpoint]:
    """Yield the endpoints of a world in the order in which they came; ``standing`` are those that every world has.

    Records that a world begins with and nobody wrote, made up from the schema, are none. Raises :class:`StoreError`.
    """
    yield from standing
    for row in records.records(ENDPOINTS):
        yield _of_row(row)
    if plan.endpoints is not None:
        for record in records.records(plan.endpoints.resource):
            yield _of_record(record, plan.endpoints)


def endpoint_of(
    id: str, source: str, records: RecordReader, plan: WebhookPlan, standing: Sequence[Endpoint]
) -> Endpoint | None:
    """Return the endpoint of an id; None where it is gone. Raises :class:`StoreError`."""
    if source == "admin":
        row = records.get(ENDPOINTS, id)
        return None if row is None else _of_row(row)
    if source == "record":
        record = None if plan.endpoints is None else records.get(plan.endpoints.resource, id)
        return None if record is None or plan.endpoints is None else _of_record(record, plan.endpoints)
    return next((endpoint for endpoint in standing if endpoint.id == id), None)


def endpoint_row(endpoint: Endpoint) -> Record:
    """Return the row that keeps an endpoint put by hand."""
    value: dict[str, JSON] = {
        "url": endpoint.url,
        "events": [*endpoint.events],
        "signing": endpoint.signing,
        "enabled": endpoint.is_enabled,
    }
    return Record(ENDPOINTS, endpoint.id, value, hidden={"secret": endpoint.secret})


def disabling(id: str, source: str, records: RecordReader, plan: WebhookPlan) -> RecordChange | None:
    """Return the change that disables an endpoint; None where there is nothing that says whether it is enabled."""
    resource, pointer = ENDPOINTS, "/enabled"
    if source == "record" and plan.endpoints is not None:
        resource, pointer = plan.endpoints.resource, plan.endpoints.enabled
    record = records.get(resource, id) if source in ("record", "admin") and pointer else None
    if record is None:
        return None
    disabled = _DISABLED.get(_at(record.value, pointer), False)
    value = with_value_at(record.value, pointer_parts(pointer), disabled)
    assert isinstance(value, dict)
    return RecordChange(resource, id, records.own_row(resource, id), replace(record, value=value))


def callback_of(event: Event) -> Endpoint:
    """Return the address that an event brings itself, as an endpoint of its own."""
    return Endpoint("", event.url, source="callback")


def _of_row(row: Record) -> Endpoint:
    value = row.value
    return Endpoint(
        row.handle,
        _text(value.get("url")),
        _text(row.hidden.get("secret")),
        _texts(value.get("events")),
        _text(value.get("signing")),
        is_enabled=value.get("enabled") is not False,
    )


def _of_record(record: Record, members: EndpointMembers) -> Endpoint:
    # What was sent and is shown to nobody, as secrets often are, is kept beside the record.
    value: dict[str, JSON] = {**mapping_at(record.hidden, "sent"), **record.value}
    return Endpoint(
        record.handle,
        _text(_at(value, members.url)),
        _text(_at(value, members.secret)),
        _texts(_at(value, members.events)),
        source="record",
        is_enabled=not members.enabled or _at(value, members.enabled) in _ENABLED,
    )


def _at(value: JSON, pointer: str) -> JSON:
    try:
        return value_at(value, pointer) if pointer else None
    except KeyError:
        return None


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: JSON) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
