"""A line for each request, for the person at the terminal: what came, what it got, and why where it was refused.

The event loop only puts a request into a queue. A thread writes what has gathered there, in pieces with a pause between
them: a terminal that has stopped (Ctrl-S), or a pipe that nobody reads, holds up no request, and what writing takes of
the processor is bounded however many requests come. Requests that find the queue full are counted in place of a line.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import TextIO
from urllib.parse import quote

from mock_server.core.terminal import columns, let_go
from mock_server.core.value_class import value_class
from mock_server.server.observability.access_log import PROBES
from mock_server.server.observability.middleware import RequestObservation
from mock_server.server.observability.request_line_text import LineText, SeenRequest
from mock_server.worlds.redaction import Redaction

WAITING = 1000
"""Requests that wait for their lines at once; others are counted."""
PIECE = 100
"""Lines that are written at once."""
PAUSE = 0.05
"""Seconds between two pieces: 2,000 lines a second take some 4 % of a processor."""
CLOSE_SECONDS = 0.5
"""Seconds that the end of a server waits for the last lines."""
_QUERY = "%/?:@!$&'()*+,;=~[]"


@value_class
class LineForm:
    """How lines are written. ``width`` is in columns, 0 for whole lines; None: that of the terminal, at each line."""

    is_verbose: bool = False
    is_coloured: bool = False
    width: int | None = None


class RequestLines:
    """Observes requests, and writes a line of each to a stream. ``is_control`` tells of a path whether it is one."""

    def __init__(
        self,
        stream: TextIO,
        form: LineForm,
        redaction: Callable[[], Redaction],
        is_control: Callable[[str], bool],
    ) -> None:
        self._stream = stream
        self._form = form
        self._redaction = redaction
        self._is_control = is_control
        self._waiting: deque[SeenRequest] = deque()
        self._left_out = 0
        self._ending = Event()
        self._has_come = Event()
        self._thread = Thread(target=self._write_all, name="mock-server-lines", daemon=True)
        self._thread.start()

    def watching(self, seen: RequestObservation) -> _Watch:
        return _Watch(self, seen)

    def note(self, seen: RequestObservation) -> None:
        """Have a line written of a request that was answered, unless somebody only looks at the server.

        That is the console, which reads all the time, and probes.
        """
        if len(self._waiting) >= WAITING:
            self._left_out += 1
            return
        scope = seen.scope
        is_look = seen.kept is None and seen.method in ("GET", "HEAD") and 0 < seen.status < 400
        is_untold = is_look and (not self._form.is_verbose or scope["path"].endswith(PROBES))
        if is_untold and self._is_control(scope["path"]):
            return
        query = quote(scope["query_string"], safe=_QUERY) if scope["query_string"] else ""
        self._waiting.append(
            SeenRequest(
                seen.method,
                seen.path,
                query,
                seen.status,
                seen.seconds,
                seen.operation,
                seen.world,
                seen.kept,
                seen.refusal,
            )
        )
        if not self._has_come.is_set():
            self._has_come.set()

    def close(self) -> None:
        """Write the last lines. This waits at most :data:`CLOSE_SECONDS`, even where nobody takes them."""
        self._ending.set()
        self._has_come.set()
        self._thread.join(CLOSE_SECONDS)

    def _write_all(self) -> None:
        """Write what has gathered until the end; where the reader has gone away, end at once."""
        try:
            while self._waiting or not self._ending.is_set():
                self._has_come.wait()
                self._has_come.clear()
                while self._waiting or self._left_out:
                    self._stream.write(self._piece())
                    self._stream.flush()
                    self._ending.wait(PAUSE)
        except (OSError, ValueError):
            self._waiting = deque(maxlen=0)  # nobody reads lines any more
            with contextlib.suppress(OSError, ValueError):
                let_go(self._stream)

    def _piece(self) -> str:
        form = self._form
        width = columns() if form.width is None else form.width
        text = LineText(self._redaction(), width, is_verbose=form.is_verbose, is_coloured=form.is_coloured)
        lines = [text.of(self._waiting.popleft()) for _ in range(min(PIECE, len(self._waiting)))]
        if not self._waiting and self._left_out:
            left_out, self._left_out = self._left_out, 0
            lines.append(text.left_out(left_out))
        return "".join(lines)


class _Watch:
    """Context manager around a request: without the generator of contextlib, it takes a third of the time."""

    __slots__ = ("_lines", "_seen")

    def __init__(self, lines: RequestLines, seen: RequestObservation) -> None:
        self._lines = lines
        self._seen = seen

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.note(self._seen)
