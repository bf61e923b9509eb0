"""What is in the way of asking a hub, the two lines in the log about it, and listeners, whose bugs are in no way."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from mock_server.core.errors import HubError
from mock_server.hub.interface import Listener

log = logging.getLogger("mock_server")


class Trouble:
    """What is in the way, by the part that came upon it; logged once when it begins and once when all is well."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}

    def begin(self, part: str, error: HubError) -> None:
        """Say what a part came upon."""
        is_news = not self._parts
        self._parts[part] = str(error).partition("found ")[2]
        if is_news:
            log.warning("%s What depends on nothing shared is answered meanwhile.", error)

    def end(self, part: str) -> None:
        """Say that a part has come upon nothing."""
        if self._parts.pop(part, None) is not None and not self._parts:
            log.warning("hub: found it well again.")

    def __str__(self) -> str:
        return next(iter([*self._parts.values()]), "")


def tell(listeners: Sequence[Listener], event: str, text: str) -> None:
    """Tell an event to listeners; one that fails is logged, and the others hear of it all the same."""
    for listener in listeners:
        try:
            listener(event, text)
        except Exception:
            log.exception("a listener failed at the event %s %s", event, text)
