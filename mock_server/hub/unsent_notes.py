"""Notes on their way to a hub: in order, in batches, by a thread of their own, off the request's way."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from threading import Event, Lock, Thread

from mock_server.core.errors import HubError
from mock_server.hub.model import Note
from mock_server.hub.ring import Batch, RingDirectory
from mock_server.hub.trouble import Trouble

log = logging.getLogger("mock_server")

PAUSE = 0.1
"""Seconds for which notes gather before they are sent, unless a reader waits for them."""
MOST_AT_ONCE = 1000
MOST_WAITING = 100_000
"""Notes that wait for a hub that does not answer; above it the oldest are dropped and counted."""
RETRY = 0.2

Send = Callable[[Batch, str], None]
"""Have a batch in the hub, whose ring has that text; what arrived before is not noted again. Raises HubError."""


class UnsentNotes:
    """The notes of one process that are not yet in the hub: in its ring, and as objects to be sent from.

    A ring that is full takes no more until the hub has all that is in it: notes meanwhile are objects alone, in the
    same order, at most :data:`MOST_WAITING` of them.
    """

    def __init__(self, rings: RingDirectory, send: Send, trouble: Trouble) -> None:
        self._rings = rings
        self._ring = rings.own
        self._send = send
        self._trouble = trouble
        self._waiting: deque[Note] = deque()
        """Notes of the half that is written to."""
        self._leaving: deque[Note] = deque()
        """Notes of the other half, which is being sent."""
        self._gone = 0
        """How many notes were sent or dropped."""
        self._write = rings.own.write
        self._noting = Lock()
        self._sending = Lock()
        self._is_awake = False
        self._wanted = Event()
        self._ended = Event()
        self.text = ""
        self.dropped = 0
        """Notes that were dropped, because the hub did not take them for too long."""
        self._thread = Thread(target=self._run, name="hub-outbox", daemon=True)
        self._thread.start()

    def set_text(self, text: str) -> None:
        """Send what there is, and have what comes sent with another text."""
        with self._sending:
            self._send_own()
            self.text = text
            self._ring.set_text(text)

    def add(self, note: Note) -> None:
        """Take a note, which is safe when this returns. The thread is woken where it sleeps."""
        with self._noting:
            self._write(note)
            self._waiting.append(note)
        if not self._is_awake:
            self._is_awake = True
            self._wanted.set()

    def flush(self) -> None:
        """Send all that was added so far, here and by other processes of this machine.

        Raises :class:`HubError`; nothing is then lost.
        """
        with self._sending:
            self._send_own()
            for text, batches in self._rings.pending():
                for ring, first, notes in batches:
                    for start in range(0, len(notes), MOST_AT_ONCE):
                        self._send(Batch(ring, first + start, notes[start : start + MOST_AT_ONCE]), text)

    def _send_own(self) -> None:
        self._send_leaving()
        if self._waiting:
            with self._noting:
                self._ring.turn(self._gone + len(self._waiting) + 1)
                self._leaving, self._waiting = self._waiting, self._leaving
            self._send_leaving()

    def _send_leaving(self) -> None:
        while self._leaving:
            batch = Batch(self._ring.name, self._gone + 1, [*islice(self._leaving, MOST_AT_ONCE)])
            self._send(batch, self.text)
            self._gone += len(batch.notes)
            for _ in batch.notes:
                self._leaving.popleft()
        self._ring.clear_sent()

    def close(self) -> None:
        """Send what is there, and end the thread. What the hub does not take is left in the ring."""
        self._ended.set()
        self._wanted.set()
        self._thread.join(5)
        with suppress(HubError):
            self.flush()
        self._ring.close(is_sent=not self._leaving and not self._waiting)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wanted.wait()
            self._ended.wait(PAUSE)
            self._wanted.clear()
            self._is_awake = False
            try:
                with self._sending:
                    self._send_own()
            except HubError as error:
                self._trouble.begin("notes", error)
                self._shorten(MOST_WAITING)
                self._ended.wait(RETRY)
                self._is_awake = True
                self._wanted.set()
            except Exception:
                log.exception("notes of requests were dropped, since they cannot be sent")
                self._shorten(0)
            else:
                self._trouble.end("notes")

    def _shorten(self, most: int) -> None:
        with self._sending, self._noting:
            while len(self._leaving) + len(self._waiting) > most:
                (self._leaving or self._waiting).popleft()
                self._gone += 1
                self.dropped += 1
