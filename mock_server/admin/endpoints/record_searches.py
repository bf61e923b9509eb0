"""Searches of records by query parameters, and the links from one part of what they find to the others."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mock_server.admin.router import AdminRequest, AdminRequestError
from mock_server.http.messages import Headers
from mock_server.storage import RecordQuery

LISTED = 1000
"""Records that a list has where the request gives no number."""
MOST_LISTED = 10_000
LONGEST_TEXT = 200
"""Most characters of a search."""


def links_of(here: str, parameters: Mapping[str, str], search: RecordQuery, total: int) -> dict[str, str]:
    """Return the URLs of the other parts, by relation (RFC 8288)."""
    return {rel: f"{here}?{urlencode({**parameters, 'offset': at})}" for rel, at in _parts(search, total).items()}


def list_headers(links: Mapping[str, str], total: int) -> Headers:
    """Return the headers of a part of a list."""
    beside = ", ".join(f'<{link}>; rel="{rel}"' for rel, link in links.items())
    return (("X-Total-Count", str(total)), ("Vary", "Accept"), *((("Link", beside),) if beside else ()))


def searched(request: AdminRequest) -> tuple[RecordQuery, dict[str, str]]:
    """Return the search that the query asks for, and the query parameters for links to the other parts."""
    parameters = request.query("q", "handle", "limit", "offset")
    limit = _number(parameters, "limit", LISTED, 1, MOST_LISTED)
    search = RecordQuery(
        parameters.get("q", ""), parameters.get("handle", ""), _number(parameters, "offset", 0, 0, 1 << 40), limit
    )
    for name in ("q", "handle"):
        if len(parameters.get(name, "")) > LONGEST_TEXT:
            raise AdminRequestError(
                "invalid-request",
                400,
                f"query {name}: found {len(parameters[name])} characters; expected at most {LONGEST_TEXT}.",
            )
    return search, parameters


def _number(parameters: dict[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = parameters.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 16 and least <= int(text) <= most):
        raise AdminRequestError(
            "invalid-request",
            400,
            f"query {name}: found {text[:80]!r}; expected a whole number from {least} to {most}.",
        )
    return int(text)


def _parts(search: RecordQuery, total: int) -> dict[str, int]:
    """Return where the other parts begin, by relation (IANA's registry: first, prev, next, last)."""
    limit = search.limit or total
    if total <= limit and not search.offset:
        return {}
    last = (total - 1) // limit * limit if total else 0
    parts = {"first": 0}
    if search.offset:
        parts["prev"] = min(max(0, search.offset - limit), last)
    if search.offset + limit < total:
        parts["next"] = search.offset + limit
    return {**parts, "last": last}
