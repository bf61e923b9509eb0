"""The check whether a server is ready, with the standard library alone, so that a container needs no curl."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

SECONDS = 3.0
_NOT_READY = "urn:mock-server:problem:not-ready"


def ask(url: str) -> str:
    """Return what is wrong with the server at a base URL; empty when it is ready."""
    if not url.startswith(("http://", "https://")):
        return "found no http(s) URL; expected the base URL of a server"
    try:
        with build_opener(ProxyHandler({})).open(url.rstrip("/") + "/__admin/health/ready", timeout=SECONDS) as answer:
            health = json.load(answer)
    except HTTPError as error:
        with error:
            return _refused(error)
    except (HTTPException, URLError, OSError, ValueError) as error:
        return _nobody(getattr(error, "reason", error))
    return "" if isinstance(health, dict) and health.get("status") == "ready" else "found another server"


def _refused(error: HTTPError) -> str:
    """Return what is wrong with a server that answers with an error: ours says why it is not ready."""
    try:
        problem = json.load(error)
    except (HTTPException, OSError, ValueError):
        return _nobody(error)
    if not isinstance(problem, dict) or problem.get("type") != _NOT_READY:
        return _nobody(error)
    return f"found a server that is not ready: {problem.get('detail')}"


def _nobody(reason: object) -> str:
    return f"found no ready server ({' '.join(str(reason).split())}); expected one. Is it started?"
