"""A delivery: one event on its way to one endpoint, as a row of its world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Literal, cast

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.scenarios.delivery_fault import DeliveryFault
from mock_server.storage import DELIVERIES, SEARCHED, Record
from mock_server.webhooks.endpoint import Endpoint
from mock_server.worlds.clock import moment_text
from mock_server.worlds.events.event import Event

DeliveryStatus = Literal["pending", "succeeded", "failed", "skipped"]
STATUSES: tuple[DeliveryStatus, ...] = ("pending", "succeeded", "failed", "skipped")
LONGEST_FORMER = 2_048
"""Characters that are kept of the answer to a try that others came after; of the last one all is that was read."""

MOST_TRIES = 100
"""Tries of a delivery that are kept: as many as there may be by a schedule, and then the last."""

WAITS = "waits at "
"""What rows say of deliveries that wait, before their lane: stores find them by it among those that are finished."""


@value_class
class DeliveryTry:
    """One try: when (seconds since 1970, by the world's clock), and the status and body that came, or why none did."""

    at: float
    status: int | None = None
    response: str = ""
    error: str = ""

    @property
    def is_success(self) -> bool:
        """Return whether the endpoint took it: any 2XX."""
        return not self.error and self.status is not None and 200 <= self.status < 300

    def shortened(self) -> DeliveryTry:
        """Return the try with the beginning of its answer alone."""
        return replace(self, response=self.response[:LONGEST_FORMER])


@value_class
class Delivery:
    """One event on its way to one endpoint. Times are seconds since 1970 by the world's clock.

    ``due`` is when the next try is. ``body`` is the text that each try sends. ``once``: a try more was asked for, and
    no retries follow it. ``claim`` names the process that has the try under way, ``claimed`` until when (real time).
    """

    id: str
    event: str
    type: str
    endpoint: str
    source: str
    url: str
    body: str
    created: float
    due: float
    secret: str = ""
    signing: str = ""
    method: str = "POST"
    media: str = "application/json"
    status: DeliveryStatus = "pending"
    tries: tuple[DeliveryTry, ...] = ()
    fault: DeliveryFault | None = None
    reason: str = ""
    """Why it failed or was skipped without a try that says so."""
    once: bool = False
    claim: str = ""
    claimed: float = 0.0

    @property
    def lane(self) -> str:
        """Return what deliveries share that arrive in order: the endpoint, or the address of callbacks."""
        return _lane(self.source, self.endpoint, self.url)

    @property
    def fault_now(self) -> DeliveryFault | None:
        """Return the fault of its next try; None where that is right, as it is after the tries of the fault."""
        return self.fault if self.fault is not None and len(self.tries) < self.fault.tries else None

    @property
    def waits_alone(self) -> bool:
        """Return whether it waits for no others, and they not for it: it is late on purpose, or once more."""
        return self.once or (self.fault_now is not None and self.fault_now.is_late)

    def tried(self, attempt: DeliveryTry, retry_in: float | None) -> Delivery:
        """Return the delivery after a try; ``retry_in`` is in how many seconds the next one is, None for never."""
        former = tuple(earlier.shortened() for earlier in self.tries)
        after = replace(self, tries=(*former, attempt)[-MOST_TRIES:], once=False, claim="", claimed=0.0, reason="")
        if attempt.is_success:
            return replace(after, status="succeeded")
        if retry_in is None:
            return replace(after, status="failed")
        return replace(after, due=attempt.at + retry_in)

    def with_fault(self, fault: DeliveryFault) -> Delivery:
        """Return the delivery with a fault, due when that says."""
        return replace(self, fault=fault, due=self.created + fault.late_by if fault.is_late else self.due)

    def again(self, now: float) -> Delivery:
        """Return the delivery to be tried once more, also one that succeeded; one that waits is tried at once."""
        is_waiting = self.status == "pending"
        return replace(self, status="pending", due=now, once=not is_waiting, reason="", claim="", claimed=0.0)

    def copy(self) -> Delivery:
        """Return a second delivery of the same."""
        return replace(self, id=id_of(f"{self.id}\ncopy"))

    def row(self) -> Record:
        """Return the row that keeps the delivery."""
        value: dict[str, JSON] = {
            "event": self.event,
            "type": self.type,
            "endpoint": self.endpoint,
            "source": self.source,
            "url": self.url,
            "method": self.method,
            "media": self.media,
            "status": self.status,
            "created": self.created,
            "due": self.due,
            "tries": [_try_json(attempt) for attempt in self.tries],
        }
        fault = None if self.fault is None else self.fault.as_json()
        others: dict[str, JSON] = {"fault": fault, "reason": self.reason, "once": self.once}
        others |= {"claim": self.claim, "claimed": self.claimed}
        value |= {name: member for name, member in others.items() if member}
        if self.status == "pending":
            value[SEARCHED] = WAITS + self.lane
        return Record(
            DELIVERIES,
            self.id,
            value,
            hidden={"body": self.body, "secret": self.secret, "signing": self.signing},
        )

    def as_json(self) -> dict[str, JSON]:
        """Return the delivery as the admin API shows it; times as RFC 3339 has them."""
        return {
            "id": self.id,
            "event": self.event,
            "type": self.type,
            "endpoint": self.endpoint or None,
            "url": self.url,
            "status": self.status,
            "created": moment_text(self.created),
            "due": moment_text(self.due) if self.status == "pending" else None,
            "tries": [{**_try_json(attempt), "at": moment_text(attempt.at)} for attempt in self.tries],
            "fault": None if self.fault is None else self.fault.as_json(),
            "reason": self.reason or None,
        }


def delivery_of(row: Record) -> Delivery:
    """Return the delivery that a row keeps."""
    value, hidden = row.value, row.hidden
    tries = value["tries"]
    assert isinstance(tries, list)
    return Delivery(
        id=row.handle,
        event=str(value["event"]),
        type=str(value["type"]),
        endpoint=str(value["endpoint"]),
        source=str(value["source"]),
        url=str(value["url"]),
        body=str(hidden["body"]),
        created=_number(value["created"]),
        due=_number(value["due"]),
        secret=str(hidden["secret"]),
        signing=str(hidden["signing"]),
        method=str(value["method"]),
        media=str(value["media"]),
        status=cast("DeliveryStatus", value["status"]),
        tries=tuple(_try_of(attempt) for attempt in tries if isinstance(attempt, dict)),
        fault=DeliveryFault.of(value["fault"]) if "fault" in value else None,
        reason=str(value.get("reason", "")),
        once=value.get("once") is True,
        claim=str(value.get("claim", "")),
        claimed=_number(value.get("claimed", 0.0)),
    )


def lane_of(row: Record) -> str:
    """Return the lane of the delivery that a row keeps."""
    value = row.value
    return _lane(str(value["source"]), str(value["endpoint"]), str(value["url"]))


def planned(event: Event, endpoint: Endpoint, body: str) -> Delivery:
    """Return the delivery of an event to an endpoint, with the text of its body."""
    return Delivery(
        id_of(f"{event.id}\n{endpoint.source}\n{endpoint.id or endpoint.url}"),
        event.id,
        event.type,
        endpoint.id,
        endpoint.source,
        endpoint.url,
        body,
        event.at,
        event.at,
        endpoint.secret,
        endpoint.signing,
        event.method,
        event.media,
    )


def _lane(source: str, endpoint: str, url: str) -> str:
    return f"{source} {endpoint or url}"


def id_of(text: str) -> str:
    """Return the id of a delivery, the same for the same event, endpoint and copy: in the form of a UUID 4."""
    digits = blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _try_json(attempt: DeliveryTry) -> dict[str, JSON]:
    return {"at": attempt.at, "status": attempt.status, "error": attempt.error or None, "response": attempt.response}


def _try_of(value: Mapping[str, JSON]) -> DeliveryTry:
    status = value.get("status")
    return DeliveryTry(
        _number(value.get("at")),
        status if isinstance(status, int) else None,
        str(value.get("response") or ""),
        str(value.get("error") or ""),
    )


def _number(value: JSON) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
