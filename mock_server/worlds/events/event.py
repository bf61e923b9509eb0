"""An event: what happened in a world, as the contract's webhooks and callbacks tell of it."""

from __future__ import annotations

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.storage import NO_CAUSE, Cause


@value_class
class Event:
    """Something that happened. ``body`` is what is sent, valid by the schema of the webhook of that name.

    ``type`` is the name of a webhook of the contract, or of a callback of the operation. ``at`` is the time of the
    world, in seconds since 1970. ``resource`` and ``handle`` name the record that it is about, empty for none;
    ``cause`` is the request that made it happen. ``url`` is where a callback goes, empty for what goes to the endpoints
    of the world, with ``method`` and ``media`` as the contract has them. ``finding`` says what is wrong with the body:
    such an event is kept and not sent, unless ``is_forced``.
    """

    id: str
    type: str
    at: float
    body: JSON
    resource: str = ""
    handle: str = ""
    cause: Cause = NO_CAUSE
    url: str = ""
    method: str = "POST"
    media: str = "application/json"
    finding: str = ""
    is_forced: bool = False

    @property
    def is_sent(self) -> bool:
        """Return whether others are told: a body that breaks the contract is sent only where somebody wants it."""
        return not self.finding or self.is_forced
