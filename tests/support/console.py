"""The console as a browser asks for it, without a browser."""

from __future__ import annotations

import re
from typing import Any

import httpx

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"}
"""What a browser sends for a page."""


def console(url: str, **options: Any) -> httpx.Client:
    """A client that is taken for a browser, with cookies of its own."""
    return httpx.Client(base_url=url, headers=HTML, timeout=30, **options)


def submitted(client: httpx.Client, page: str, action: str, **fields: str) -> httpx.Response:
    """The answer to a form of a page, sent as a browser sends it."""
    text = client.get(page).text
    token = re.search(r'name="token_of_forms" value="([^"]*)"', text)
    known = {"token_of_forms": token[1]} if token else {}
    return client.post(action, data={**known, **fields}, headers={"Origin": origin(client)})


def origin(client: httpx.Client) -> str:
    """The origin of the pages of a client."""
    return f"{client.base_url.scheme}://{client.base_url.netloc.decode()}"
