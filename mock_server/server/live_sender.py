"""Answers that stay open (:class:`LiveResponse`): a bounded number of them, ended with the client and the server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from mock_server.core.errors import MockServerError
from mock_server.http.asgi import Receive, Scope, Send, response_start, send_answer, until_gone
from mock_server.http.live_response import LiveResponse
from mock_server.http.problem_details import problem_response
from mock_server.server.worker_thread import WorkerThread

MOST_STREAMS = 32
"""Answers of a process that stay open at once: 503 for more."""
HEARTBEAT = 15.0
"""Seconds without news after which a comment is sent, so that nobody between the two takes the connection for dead."""
_COMMENT = b":\n\n"

log = logging.getLogger("mock_server")


class LiveSender:
    """Sends answers that stay open. ``ending`` is set when the server stops."""

    def __init__(self, ending: asyncio.Event, aside: WorkerThread) -> None:
        self._ending = ending
        self._aside = aside
        self._open = 0

    async def send(self, answer: LiveResponse, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what comes until the client goes or the server stops."""
        if self._open >= MOST_STREAMS:
            detail = (
                f"Found {self._open} live streams; expected fewer. Close a page of the console that shows requests."
            )
            await send_answer(problem_response("connections", 503, detail, headers=(("Retry-After", "10"),)), send)
            return
        start = response_start(answer.status, answer.headers, None)
        await send({**start, "headers": [*start["headers"]]})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        self._open += 1
        ends: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(until_gone(receive)),
            asyncio.ensure_future(self._ending.wait()),
        ]
        try:
            await self._send_news(answer, ends, send)
        finally:
            self._open -= 1
            for end in ends:
                end.cancel()

    async def _send_news(self, answer: LiveResponse, ends: Sequence[asyncio.Future[Any]], send: Send) -> None:
        gone, _ = ends
        silent = HEARTBEAT  # a first comment tells the client that what comes from now on reaches it
        while not any(end.done() for end in ends):
            news = await self._news(answer)
            if news is None:
                break
            silent = 0.0 if news else silent + answer.interval
            if not news and silent >= HEARTBEAT:
                news, silent = _COMMENT, 0.0
            if news:
                await send({"type": "http.response.body", "body": news, "more_body": True})
            await asyncio.wait(ends, timeout=answer.interval, return_when=asyncio.FIRST_COMPLETED)
        if not gone.done():
            await send({"type": "http.response.body", "body": b""})

    async def _news(self, answer: LiveResponse) -> bytes | None:
        """Return what has come; None, once the log has the reason, where nobody can tell."""
        try:
            return await self._aside.run_waiting(answer.news) if answer.waits else answer.news()
        except MockServerError as error:
            log.warning("a live stream of the console ended: %s", error)
        except Exception:
            log.exception("a live stream of the console failed")
        return None
