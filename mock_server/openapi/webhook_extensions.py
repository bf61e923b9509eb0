"""What a contract or an overlay says of webhooks (``x-mock-webhooks``): endpoints, signing, retries; all checked.

How an event is signed is data: a text with places for the id, the time and the body is signed, and headers carry the
signature. The schemes that many APIs share are such data under a name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, cast

from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.delivery_extensions import DeliveryReader, Redelivery, ShownDeliveries
from mock_server.openapi.node_reader import NodeReader

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

WEBHOOKS = "x-mock-webhooks"
KeyForm = Literal["base64", "utf8", "hex"]
KEY_FORMS: tuple[KeyForm, ...] = ("utf8", "base64", "hex")
Encoding = Literal["hex", "base64"]
ENCODINGS: tuple[Encoding, ...] = ("hex", "base64")
Algorithm = Literal["sha256", "sha1", "sha512"]
ALGORITHMS: tuple[Algorithm, ...] = ("sha256", "sha1", "sha512")
PLACES = ("id", "timestamp", "type", "delivery", "body", "signature")
"""What a template may have between braces: id of the event, seconds since 1970 of the try, name of the event, id of the
delivery, the body as it is sent, and (in headers alone) the signature."""
RETRIES = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from each try that failed to the next: the schedule that Standard Webhooks recommends."""
TIMEOUT = 10
"""Seconds within which an endpoint has to answer."""
HOLD = 60
"""Seconds that a later event at an endpoint waits for an earlier one that has not arrived."""
LONGEST_TIMEOUT = 60
_KEYS = ("endpoints", "signing", "headers", "retries", "timeout", "hold", "disableAfter", "deliveries", "redeliver")
MOST_RETRIES = 100
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLACE = re.compile(r"\{([^{}]*)\}")


@value_class
class SigningScheme:
    """How deliveries are signed: an HMAC of ``text``, which ``headers`` carry. No headers: they are not signed.

    ``key`` is how the bytes of the key stand in the secret; of ``base64`` a prefix ``whsec_`` is no part of the key.
    ``clock`` is whose time a signature has: that of the world, or (``real``) the machine's.
    """

    name: str = "none"
    headers: tuple[tuple[str, str], ...] = ()
    text: str = "{body}"
    key: KeyForm = "utf8"
    encoding: Encoding = "hex"
    algorithm: Algorithm = "sha256"
    clock: Literal["world", "real"] = "world"


SCHEMES: Mapping[str, SigningScheme] = {
    "standard-webhooks": SigningScheme(
        "standard-webhooks",
        (
            ("webhook-id", "{id}"),
            ("webhook-timestamp", "{timestamp}"),
            ("webhook-signature", "v1,{signature}"),
        ),
        "{id}.{timestamp}.{body}",
        "base64",
        "base64",
    ),
    "stripe": SigningScheme(
        "stripe", (("Stripe-Signature", "t={timestamp},v1={signature}"),), "{timestamp}.{body}", "utf8", "hex"
    ),
    "github": SigningScheme("github", (("X-Hub-Signature-256", "sha256={signature}"),)),
    "hmac": SigningScheme("hmac"),
    "none": SigningScheme(),
}
"""The schemes by name: Standard Webhooks 1.0, Stripe's, GitHub's, and any other (``hmac``, with its own header)."""


@value_class
class EndpointMembers:
    """The records that are endpoints: their resource, and JSON Pointers to what deliveries need of each.

    An empty pointer: records have no such member. Without ``events`` an endpoint gets every event, without ``enabled``
    it always does.
    """

    resource: str
    url: str
    secret: str = ""
    events: str = ""
    enabled: str = ""


@value_class
class WebhookPlan:
    """How the events of a contract are delivered. ``retries`` in seconds from each failed try to the next.

    ``headers`` are sent with each delivery; their values are templates (:data:`PLACES`). ``hold`` is how many seconds a
    later event at an endpoint waits for an earlier one. ``disable_after`` is how many events in a row may fail for good
    before their endpoint is disabled; 0: it never is. ``deliveries`` says which records show deliveries, ``redeliver``
    which operations have them made once more.
    """

    endpoints: EndpointMembers | None = None
    signing: SigningScheme = SCHEMES["standard-webhooks"]
    headers: tuple[tuple[str, str], ...] = (("user-agent", "mock-server"),)
    retries: tuple[int, ...] = RETRIES
    timeout: int = TIMEOUT
    hold: int = HOLD
    disable_after: int = 0
    deliveries: ShownDeliveries | None = None
    redeliver: tuple[Redelivery, ...] = ()


def read_webhook_plan(document: Mapping[str, JSON], source: LazySourceMap) -> WebhookPlan:
    """Return what a document says of webhooks; raises :class:`ContractError` for an unknown key or a wrong value."""
    plan = WebhookPlan()
    if WEBHOOKS not in document:
        return plan
    reader, shown, where = _WebhookReader(source), DeliveryReader(source), f"/{WEBHOOKS}"
    data = reader.object(document, WEBHOOKS, "", _KEYS)
    headers = dict(plan.headers)
    for name, value in reader.headers(data, where).items():
        headers[name.lower()] = value
    return WebhookPlan(
        endpoints=reader.endpoints(data["endpoints"], f"{where}/endpoints") if "endpoints" in data else None,
        signing=reader.signing(data["signing"], f"{where}/signing") if "signing" in data else plan.signing,
        headers=tuple(headers.items()),
        retries=reader.retries(data, where) if "retries" in data else plan.retries,
        timeout=reader.timeout(data, where),
        hold=reader.whole(data, "hold", where, plan.hold),
        disable_after=reader.whole(data, "disableAfter", where, plan.disable_after),
        deliveries=shown.deliveries(data["deliveries"], f"{where}/deliveries") if "deliveries" in data else None,
        redeliver=shown.redeliveries(data["redeliver"], f"{where}/redeliver") if "redeliver" in data else (),
    )


class _WebhookReader(NodeReader):
    """Reads the parts of ``x-mock-webhooks``."""

    def endpoints(self, node: JSON, where: str) -> EndpointMembers:
        data = self.members(node, where, ("resource", "url", "secret", "events", "enabled"))
        pointers = {
            name: self.pointer(data[name], f"{where}/{name}")
            for name in ("secret", "events", "enabled")
            if name in data
        }
        url = self.pointer(data.get("url", "/url"), f"{where}/url")
        return EndpointMembers(self.text(data, "resource", where), url, **pointers)

    def signing(self, node: JSON, where: str) -> SigningScheme:
        """Return a scheme: by name, or by name with what differs."""
        data: JSON = {"scheme": node} if isinstance(node, str) else node
        known = ("scheme", "key", "clock", "header", "value", "text", "encoding", "algorithm")
        members = self.members(data, where, known)
        at = where if isinstance(node, str) else f"{where}/scheme"
        name = members.get("scheme")
        if not isinstance(name, str) or name not in SCHEMES:
            raise self.unknown(at, name, tuple(SCHEMES))
        scheme = SCHEMES[name]
        own = [key for key in known[3:] if key in members]
        if own and name != "hmac":
            raise self.refusal(f"{where}/{own[0]}", f"{own[0]!r} beside {name}", "it beside the scheme hmac alone")
        if name == "hmac":
            scheme = self._hmac(members, where)
        return replace(
            scheme,
            key=cast("KeyForm", self.choice(members, "key", where, (scheme.key, *KEY_FORMS))),
            clock=cast("Literal['world', 'real']", self.choice(members, "clock", where, ("world", "real"))),
        )

    def unknown(self, where: str, value: JSON, known: tuple[str, ...]) -> Exception:
        """Return the error for a word that is none of those known."""
        near = did_you_mean(value, known) if isinstance(value, str) else ""
        return self.refusal(where, f"{'nothing' if value is None else repr(value)}{near}", "one of " + ", ".join(known))

    def _hmac(self, data: Mapping[str, JSON], where: str) -> SigningScheme:
        header = self._field_name(self.text(data, "header", where), f"{where}/header")
        value = self._template(self.text(data, "value", where, "{signature}"), f"{where}/value", PLACES)
        if "{signature}" not in value:
            raise self.refusal(f"{where}/value", repr(value), "a text with {signature} in it")
        return SigningScheme(
            "hmac",
            ((header, value),),
            self._template(self.text(data, "text", where, "{body}"), f"{where}/text", PLACES[:-1]),
            encoding=cast("Encoding", self.choice(data, "encoding", where, ENCODINGS)),
            algorithm=cast("Algorithm", self.choice(data, "algorithm", where, ALGORITHMS)),
        )

    def headers(self, data: Mapping[str, JSON], where: str) -> Mapping[str, str]:
        """Return the headers of each delivery."""
        where = f"{where}/headers"
        table = data.get("headers", {})
        if not isinstance(table, dict):
            raise self.refusal(where, repr(table), "an object")
        places = tuple(place for place in PLACES if place not in ("body", "signature"))
        return {
            self._field_name(name, where): self._template(self.text(table, name, where), f"{where}/{name}", places)
            for name in table
        }

    def retries(self, data: Mapping[str, JSON], where: str) -> tuple[int, ...]:
        values = self.items(data, "retries", where)
        seconds = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
        if len(seconds) != len(values) or len(values) > MOST_RETRIES:
            expected = f"at most {MOST_RETRIES} whole numbers of seconds, each at least 0"
            raise self.refusal(f"{where}/retries", repr(values), expected)
        return tuple(seconds)

    def timeout(self, data: Mapping[str, JSON], where: str) -> int:
        timeout = self.whole(data, "timeout", where, TIMEOUT)
        if not 1 <= timeout <= LONGEST_TIMEOUT:
            raise self.refusal(f"{where}/timeout", repr(timeout), f"seconds from 1 to {LONGEST_TIMEOUT}")
        return timeout

    def _field_name(self, name: str, where: str) -> str:
        if not _FIELD_NAME.fullmatch(name):
            raise self.refusal(where, repr(name), "the name of a header (RFC 9110, 5.1)")
        return name

    def _template(self, text: str, where: str, places: tuple[str, ...]) -> str:
        for name in _PLACE.findall(text):
            if name not in places:
                raise self.unknown(where, f"{{{name}}}", tuple(f"{{{place}}}" for place in places))
        if any(ord(character) < 32 for character in text):
            raise self.refusal(where, repr(text), "a text on one line")
        return text
