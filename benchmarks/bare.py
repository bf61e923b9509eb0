"""The server beneath, doing nothing: a bare ASGI app that sends the bytes that it was given.

``BARE_ANSWER`` names the file that :meth:`benchmarks.answers.Answer.write` wrote.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from benchmarks.answers import Answer

_ANSWER = Answer.read(Path(os.environ["BARE_ANSWER"]))
START = {
    "type": "http.response.start",
    "status": _ANSWER.status,
    "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _ANSWER.headers],
}
BODY = {"type": "http.response.body", "body": _ANSWER.body}


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
) -> None:
    """Answer every request with the same bytes, unread."""
    await send(START)
    await send(BODY)
