"""Is a server ready? Asked with the standard library alone, so that a container needs no curl."""

from __future__ import annotations

import contextlib
import json
from http.client import HTTPException
from time import monotonic, sleep
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

from mock_server.readiness import START

SECONDS = 3.0
"""How long an answer is waited for."""
START_SECONDS = 10.0
"""How long a server is asked again that says that it has begun and is not ready yet."""
_PAUSE = 0.05
_NOT_READY = "urn:mock-server:problem:not-ready"


def ask(url: str) -> str:
    """What is wrong with the server at a base URL; nothing when it is ready, or is so after a moment."""
    if not url.startswith(("http://", "https://")):
        return "found no http(s) URL; expected the base URL of a server"
    end = monotonic() + START_SECONDS
    while True:
        trouble, is_starting = _asked(url.rstrip("/") + "/__admin/health/ready")
        if not is_starting or monotonic() >= end:
            return trouble
        sleep(_PAUSE)


def _asked(place: str) -> tuple[str, bool]:
    """What is wrong, and whether waiting will help."""
    try:
        with build_opener(ProxyHandler({})).open(place, timeout=SECONDS) as answer:
            health = json.load(answer)
    except HTTPError as error:
        with error:
            return _refused(error)
    except (HTTPException, URLError, OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        return f"found no ready server ({reason}); expected one. Is it started?", False
    is_ready = isinstance(health, dict) and health.get("status") == "ready"
    return "" if is_ready else "found another server", False


def _refused(error: HTTPError) -> tuple[str, bool]:
    """The same, where a server answers with an error: one of ours says which of its checks are not passed."""
    with contextlib.suppress(HTTPException, OSError, ValueError):
        problem = json.load(error)
        if isinstance(problem, dict) and problem.get("type") == _NOT_READY:
            checks = [one["location"] for one in problem["findings"]]
            return f"found a server that is not ready; {problem['detail']}", checks == [START]
    return f"found no ready server ({error}); expected one. Is it started?", False
