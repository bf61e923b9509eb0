"""The console as a browser asks for it, without a browser."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

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


class Arrival(NamedTuple):
    """A request as the stream of the page of requests tells of it, and the id with which a stream goes on after it."""

    id: str
    row: dict[str, Any]


def live_path(client: httpx.Client, page: httpx.Response) -> str:
    """The path of the stream that goes on after a page of requests, as the page's script makes it."""
    live, cursor = (html.unescape(re.findall(f'data-{name}="([^"]*)"', page.text)[0]) for name in ("live", "cursor"))
    path = live.removeprefix(client.base_url.path.rstrip("/"))
    return f"{path}{'&' if '?' in path else '?'}after={cursor}"


@contextmanager
def arrivals(client: httpx.Client, path: str, last: str = "") -> Iterator[Iterator[Arrival]]:
    """The requests that a stream tells of, from when it is open."""
    headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}
    with client.stream("GET", path, headers=headers, timeout=20) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream"), stream.status_code
        lines = stream.iter_lines()
        first = next(lines)  # a comment, where nothing has come yet
        yield _arrivals(chain([first], lines), last)


def _arrivals(lines: Iterator[str], identity: str) -> Iterator[Arrival]:
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            identity = value
        elif name == "data" and value.startswith("{"):
            yield Arrival(identity, json.loads(value))
