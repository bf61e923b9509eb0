"""The metrics of all workers of one server, for whoever asks any of them: nobody outside can say which one is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from secrets import token_hex
from threading import Thread
from time import monotonic

from mock_server.core.types import JSON
from mock_server.hub import SharedHub

SECONDS = 1.0
"""How long the others are waited for. One that does not answer is missing, as one that has just ended would be."""
_ASK = "metrics asked"
_TELL = "metrics told"


class MetricsExchange:
    """This process's part in it: ``figures`` are its own metrics as JSON."""

    def __init__(self, hub: SharedHub, figures: Callable[[], JSON]) -> None:
        self._hub = hub
        self._figures = figures
        self._questions: dict[str, SimpleQueue[JSON]] = {}
        hub.listen(self._hear)

    def gather(self) -> Sequence[JSON]:
        """Return the metrics of the other processes. Raises :class:`HubError`; waits, so it is for a thread."""
        question = token_hex(8)
        answers = self._questions[question] = SimpleQueue()
        try:
            others = self._hub.publish(_ASK, question)
            until = monotonic() + SECONDS
            gathered: list[JSON] = []
            while len(gathered) < others and (rest := until - monotonic()) > 0:
                gathered.append(answers.get(timeout=rest))
            return gathered
        except Empty:
            return gathered
        finally:
            del self._questions[question]

    def _hear(self, event: str, text: str) -> None:
        if event == _ASK and text not in self._questions:
            # Who hears events must not tell some: the hub may wait until this one has heard them.
            Thread(target=self._tell, args=(text,), name="metrics", daemon=True).start()
        elif event == _TELL:
            question, figures = json.loads(text)
            if question in self._questions:
                self._questions[question].put(figures)

    def _tell(self, question: str) -> None:
        self._hub.publish(_TELL, json.dumps([question, self._figures()]))
