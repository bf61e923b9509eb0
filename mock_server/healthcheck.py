"""Is a server ready? Asked with the standard library alone, so that a container needs no curl."""

from __future__ import annotations

import json
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

SECONDS = 3.0


def ask(url: str) -> str:
    """What is wrong with the server at a base URL; nothing when it is ready."""
    if not url.startswith(("http://", "https://")):
        return "found no http(s) URL; expected the base URL of a server"
    try:
        with build_opener(ProxyHandler({})).open(url.rstrip("/") + "/__admin/health", timeout=SECONDS) as answer:
            health = json.load(answer)
    except (HTTPException, URLError, OSError, ValueError) as error:
        reason = " ".join(str(getattr(error, "reason", error)).split())
        return f"found no ready server ({reason}); expected one. Is it started?"
    return "" if isinstance(health, dict) and health.get("status") == "healthy" else "found another server"
