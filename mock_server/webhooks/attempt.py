"""One try of a delivery: what is sent, signed by the scheme of its endpoint, with its fault, and what comes of it."""

from __future__ import annotations

import json
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING

from mock_server.core.types import JSON
from mock_server.http.body_serializers import form_bytes
from mock_server.http.media_types import essence_of
from mock_server.openapi.webhook_extensions import SCHEMES, WebhookPlan
from mock_server.webhooks.call_policy import CallRefusedError
from mock_server.webhooks.delivery import Delivery, DeliveryTry
from mock_server.webhooks.fault import MARK, broken_body
from mock_server.webhooks.signature import SignedMessage, filled, signed_headers

if TYPE_CHECKING:
    from mock_server.webhooks.endpoint_caller import EndpointCaller

FORM = "application/x-www-form-urlencoded"


def body_text(value: JSON, media: str) -> str:
    """Return the body of an event as it is sent: a form, or JSON without spaces, as most APIs send it."""
    if essence_of(media) == FORM:
        return form_bytes(value).decode("ascii")
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def broken_text(body: str) -> str:
    """Return the text of a body that breaks its schema."""
    try:
        return json.dumps(broken_body(json.loads(body)), ensure_ascii=False, separators=(",", ":"))
    except ValueError:
        return "broken"


def request_of_delivery(delivery: Delivery, plan: WebhookPlan, at: float) -> tuple[list[tuple[str, str]], bytes]:
    """Return the headers and the body of a try at a time of the world, in seconds since 1970.

    Raises :class:`ValueError` where the endpoint's secret is no key.
    """
    scheme = SCHEMES[delivery.signing] if delivery.signing else plan.signing
    moment, body, secret = at if scheme.clock == "world" else time(), delivery.body, delivery.secret
    fault = delivery.fault_now
    if fault is not None and fault.kind == "old_timestamp":
        moment -= fault.seconds
    if fault is not None and fault.kind == "invalid_body":
        body = broken_text(body)
    if fault is not None and fault.kind == "wrong_signature":
        scheme, secret = replace(scheme, key="utf8"), f"another key than {secret}"
    data = body.encode("utf-8", "replace")
    message = SignedMessage(delivery.event, delivery.type, delivery.id, max(0, int(moment)), data)
    headers = [("content-type", delivery.media)]
    headers += [(name, filled(template, message.values)) for name, template in plan.headers]
    headers += signed_headers(scheme, secret, message)
    if fault is not None:
        headers.append((MARK, fault.kind))
    return headers, data


async def attempted(delivery: Delivery, plan: WebhookPlan, caller: EndpointCaller, at: float) -> Delivery:
    """Return a delivery after a try at a time of the world. What cannot be sent at all is not tried again."""
    number, fault = len(delivery.tries), delivery.fault_now
    retry_in = plan.retries[number] if number < len(plan.retries) and not delivery.once else None
    if fault is not None and fault.kind == "drop":
        return delivery.tried(DeliveryTry(at, error="lost on its way (as asked: nothing was sent)"), retry_in)
    try:
        headers, body = request_of_delivery(delivery, plan, at)
        outcome = await caller.call(delivery.method, delivery.url, headers, body, plan.timeout)
    except (CallRefusedError, ValueError) as error:
        return delivery.tried(DeliveryTry(at, error=str(error)), None)
    attempt = DeliveryTry(at, outcome.status, outcome.response, outcome.error)
    if fault is not None and fault.kind == "timeout":
        attempt = DeliveryTry(at, error=f"no answer within {plan.timeout} s (as asked: what came was not counted)")
    return delivery.tried(attempt, retry_in)
