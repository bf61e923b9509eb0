"""A delivery as a page shows it: its tries, each with the headers that carried its signature and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mock_server.core.value_class import value_class
from mock_server.http.messages import Headers
from mock_server.openapi.webhook_extensions import SCHEMES, WebhookPlan
from mock_server.webhooks.attempt import request_of_delivery
from mock_server.webhooks.delivery import Delivery
from mock_server.worlds.clock import moment_text

MOST_TRIES = 10
"""Tries of a delivery that are shown, the last ones."""
LONGEST_RESPONSE = 300
"""Characters of what a receiver answered that are shown."""
LONGEST_HEADER = 400


@value_class
class TryView:
    """A try. ``headers`` are those that it sent; none where nothing was sent, or its time of signing is not known."""

    number: int
    time: str
    status: int | None
    error: str
    response: str
    headers: Headers


class DeliveryView:
    """A delivery. ``plan`` is how the events of its contract are delivered."""

    def __init__(self, delivery: Delivery, plan: WebhookPlan) -> None:
        self._delivery = delivery
        self._plan = plan

    @property
    def id(self) -> str:
        """The id of the delivery."""
        return self._delivery.id

    @property
    def event(self) -> str:
        """The id of its event."""
        return self._delivery.event

    @property
    def type(self) -> str:
        """The name of its event."""
        return self._delivery.type

    @property
    def url(self) -> str:
        """Where it goes."""
        return self._delivery.url

    @property
    def endpoint(self) -> str:
        """The id of the endpoint; empty for a callback."""
        return self._delivery.endpoint

    @property
    def status(self) -> str:
        """How far it is."""
        return self._delivery.status

    @property
    def reason(self) -> str:
        """Why it failed or was skipped without a try that says so."""
        return self._delivery.reason

    @property
    def created(self) -> str:
        """When its event happened, by the clock of the world."""
        return moment_text(self._delivery.created)

    @property
    def due(self) -> str:
        """When the next try is, by the clock of the world; empty for none."""
        return moment_text(self._delivery.due) if self._delivery.status == "pending" else ""

    @property
    def fault(self) -> str:
        """What goes wrong with it on purpose; empty for nothing."""
        return self._delivery.fault.kind if self._delivery.fault is not None else ""

    @property
    def count(self) -> int:
        """How many tries there were."""
        return len(self._delivery.tries)

    @property
    def last(self) -> str:
        """What came of the last try, in a word or two; empty where there was none."""
        if not self._delivery.tries:
            return ""
        last = self._delivery.tries[-1]
        return last.error or str(last.status)

    @property
    def tries(self) -> Sequence[TryView]:
        """The last tries, in their order."""
        return [*self._tries()]

    @property
    def signs_real_time(self) -> bool:
        """Whether signatures have the machine's time, which no try keeps."""
        delivery = self._delivery
        return (SCHEMES[delivery.signing] if delivery.signing else self._plan.signing).clock == "real"

    def _tries(self) -> Iterator[TryView]:
        tries = self._delivery.tries
        for place in range(max(0, len(tries) - MOST_TRIES), len(tries)):
            attempt = tries[place]
            yield TryView(
                number=place + 1,
                time=moment_text(attempt.at),
                status=attempt.status,
                error=attempt.error,
                response=attempt.response[:LONGEST_RESPONSE],
                headers=self._headers(place),
            )

    def _headers(self, place: int) -> Headers:
        """Return the headers of a try. They depend on its time, body and secret alone, so that no row keeps them."""
        before = replace(self._delivery, tries=self._delivery.tries[:place])
        is_lost = before.fault_now is not None and before.fault_now.kind == "drop"
        if is_lost or self.signs_real_time:
            return ()
        try:
            headers, _ = request_of_delivery(before, self._plan, self._delivery.tries[place].at)
        except ValueError:  # the secret is no key: nothing was sent
            return ()
        return tuple((name, value[:LONGEST_HEADER]) for name, value in headers)
