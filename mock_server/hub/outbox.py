"""Notes on their way to a hub: kept in order, sent in batches by a thread of their own, off the request's way."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread

from mock_server.core.errors import HubError, HubLostError
from mock_server.hub.model import Note

log = logging.getLogger("mock_server")

PAUSE = 0.002
"""Seconds for which notes gather before they are sent: a batch of forty at 20,000 requests a second."""
MOST_AT_ONCE = 500
MOST_WAITING = 100_000
"""Notes that wait for a hub that does not answer; above it the oldest are dropped and counted."""
RETRY = 0.2


class Outbox:
    """The notes of one process that are not yet in the hub. ``send`` has a batch there when it returns."""

    def __init__(self, send: Callable[[Sequence[Note]], None]) -> None:
        self._send = send
        self._waiting: deque[Note] = deque()
        self._lock = Lock()
        self._wanted = Event()
        self._ended = Event()
        self.dropped = 0
        """Notes that were dropped, because the hub did not answer for too long or refused them."""
        self.trouble = ""
        """What was in the way of sending the last batch."""
        self._thread = Thread(target=self._run, name="hub-outbox", daemon=True)
        self._thread.start()

    def add(self, note: Note) -> None:
        """Take a note; it costs an append, and waking the thread where it sleeps."""
        self._waiting.append(note)
        if not self._wanted.is_set():
            self._wanted.set()

    def flush(self) -> None:
        """Send all that was added so far. Raises :class:`HubError`; nothing is then lost."""
        with self._lock:
            while self._waiting:
                batch = [*self._waiting][:MOST_AT_ONCE]
                self._send(batch)
                for _ in batch:
                    self._waiting.popleft()

    def close(self) -> None:
        """Send what is there, and end the thread."""
        self._ended.set()
        self._wanted.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            self._ended.wait(PAUSE)
            self._wanted.clear()
            try:
                self.flush()
                self.trouble = ""
            except HubLostError as error:
                self.trouble = found(error)
                self._shorten()
                self._ended.wait(RETRY)
                self._wanted.set()
            except HubError as error:
                self.trouble = found(error)
                self._give_up(error)

    def _shorten(self) -> None:
        with self._lock:
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popleft()
                self.dropped += 1

    def _give_up(self, error: HubError) -> None:
        """Drop what the hub has no room for: nobody waits for it, and memory here has a bound too."""
        with self._lock:
            self.dropped += len(self._waiting)
            self._waiting.clear()
        log.warning("entries of journals were dropped: %s", error)


def found(error: HubError) -> str:
    """Return what an error says was found."""
    return str(error).partition("found ")[2]
