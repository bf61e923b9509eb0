"""The metrics of all workers of one server, for whoever asks any of them: nobody outside can say which one is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from secrets import token_hex
from threading import Thread
from time import monotonic

from mock_server.core.errors import HubError
from mock_server.core.types import JSON
from mock_server.hub import SharedHub

SECONDS = 0.5
"""How long the others are waited for. One that does not answer is missing, as one that has just ended would be."""
_ASK = "metrics asked"
_TELL = "metrics told"


class MetricsExchange:
    """This process's part in it: ``figures`` are its own metrics as JSON.

    ``server`` names the server whose worker this is, and ``others`` is how many other workers it has: a hub may be that
    of other servers too.
    """

    def __init__(self, hub: SharedHub, server: str, others: int, figures: Callable[[], JSON]) -> None:
        self._hub = hub
        self._server = server
        self._others = others
        self._figures = figures
        self._questions: dict[str, SimpleQueue[JSON]] = {}
        hub.listen(self._hear)

    def gather(self) -> Sequence[JSON]:
        """Return the metrics of the other workers; of none where the hub is lost. It waits, so it is for a thread."""
        question = token_hex(8)
        answers = self._questions[question] = SimpleQueue()
        gathered: list[JSON] = []
        with suppress(HubError, Empty):
            self._hub.publish(_ASK, json.dumps([self._server, question]))
            until = monotonic() + SECONDS
            while len(gathered) < self._others and (rest := until - monotonic()) > 0:
                gathered.append(answers.get(timeout=rest))
        del self._questions[question]
        return gathered

    def _hear(self, event: str, text: str) -> None:
        if event == _ASK:
            server, question = json.loads(text)
            if server == self._server and question not in self._questions:
                # Who hears events must not tell some: the hub may wait until this one has heard them.
                Thread(target=self._tell, args=(question,), name="metrics", daemon=True).start()
        elif event == _TELL:
            question, figures = json.loads(text)
            if question in self._questions:
                self._questions[question].put(figures)

    def _tell(self, question: str) -> None:
        with suppress(HubError):
            self._hub.publish(_TELL, json.dumps([question, self._figures()]))
