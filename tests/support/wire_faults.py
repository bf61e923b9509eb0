"""Faults on the wire, and what two clients for Python make of them."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import httpx

from tests.support.customers import INDIVIDUAL

FAULTS: dict[str, tuple[Any, str, str]] = {
    "cut before headers": ({"cut": "before_headers"}, "ReadError", "ClientOSError"),
    "cut in mid body": ({"cut": "mid_body"}, "RemoteProtocolError", "ClientPayloadError"),
    "cut of an empty body": ({"code": 429, "cut": "mid_body"}, "RemoteProtocolError", "ClientPayloadError"),
    "cut while it trickles": ({"cut": "mid_body", "trickle": 100_000}, "RemoteProtocolError", "ClientPayloadError"),
    "more announced than comes": ({"garble": "content_length"}, "RemoteProtocolError", "ClientPayloadError"),
    "half of the JSON": ({"garble": "truncate"}, "JSONDecodeError", "JSONDecodeError"),
    "JSON and more": ({"garble": "invalid_json"}, "JSONDecodeError", "JSONDecodeError"),
    "never answered": ({"hang": True}, "ReadTimeout", "TimeoutError"),
    "slower than the client waits": ({"delay_ms": 60_000}, "ReadTimeout", "TimeoutError"),
    "another type": ({"garble": "content_type"}, "", "ContentTypeError"),
    "trickling": ({"trickle": 20_000}, "", ""),
    "nothing wrong": ({"pass": True}, "", ""),
}
"""The answer of a scenario, and what httpx and aiohttp make of it."""
IMPATIENCE = 0.5
"""Seconds that a client waits which is to see that no answer comes."""
PATIENCE = 30.0
"""Seconds that any other waits, on a machine that does more than this."""


def seconds_for(expected: str) -> float:
    """Return how long a client waits that is to see this."""
    return IMPATIENCE if expected in ("ReadTimeout", "TimeoutError") else PATIENCE


def by_httpx(url: str, seconds: float) -> str:
    with httpx.Client(timeout=seconds, trust_env=False) as client:
        try:
            client.get(url, headers=INDIVIDUAL).json()
        except (httpx.HTTPError, ValueError) as error:
            return type(error).__name__
    return ""


def by_aiohttp(url: str, seconds: float) -> str:
    async def ask() -> None:
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, headers=INDIVIDUAL) as answer:
            await answer.json()

    try:
        asyncio.run(ask())
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return type(error).__name__
    return ""
