"""The page of the problem types: all names with their titles, and where each is explained."""

from __future__ import annotations

from mock_server.http.problem_details import TITLES
from tools.reference.markdown import page, table

INTRODUCTION = """\
Errors of the server's own are `application/problem+json` (RFC 9457) with a `type` of `urn:mock-server:problem:NAME`.
[Errors](errors.md) tells when a contract's own answer is sent instead, and what to do about each.
"""


def problems_page() -> str:
    """Return the page."""
    rows = ((f"[`{name}`](errors.md#{name})", title) for name, title in sorted(TITLES.items()))
    return page("Problem types", INTRODUCTION, table(("name", "title"), rows))
