"""URLs of the pages around a page, and the ``Link`` header that names them (RFC 8288)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote, unquote_plus

from mock_server.worlds.state.listing.list_request import Paging
from mock_server.worlds.state.listing.page import Page

_KEPT = "%!$&'()*+,;=:@/?~"
"""What may stand in a query as it was sent (RFC 3986, 3.4)."""
Way = Literal["page", "offset", "cursor", ""]


class PageLinks:
    """Makes the URLs of other pages from that of a page. ``url`` is absolute, its query included."""

    def __init__(self, page: Page, url: str) -> None:
        self._page = page
        self._paging = page.request.paging
        self._way = _way_of(page)
        self.here = url
        self.base, _, self._query = url.partition("?")

    @property
    def leads_on(self) -> bool:
        """Whether the contract has a parameter that leads to other pages."""
        return bool(self._way)

    @property
    def path(self) -> str:
        """The path of the list, without a query."""
        return _path_of(self.base)

    def next(self) -> str:
        """Return the URL of the next page; empty where there is none."""
        page = self._page
        if not page.has_next:
            return ""
        if self._way == "page":
            return self._with({self._paging.page: str(page.number + 1)})
        if self._way == "offset":
            return self._with({self._paging.offset: str(page.end)})
        forward = self._paging.forward
        return self._with({forward.name: page.next_cursor(forward)}) if forward is not None else ""

    def previous(self) -> str:
        """Return the URL of the page before; empty where there is none."""
        page = self._page
        if not page.has_previous:
            return ""
        if self._way == "page":
            return self._with({self._paging.page: str(page.number - 1)})
        if self._way == "offset":
            return self._with({self._paging.offset: str(max(0, page.offset - page.size))})
        backward = self._paging.backward
        cursor = page.previous_cursor(backward)
        return self._with({backward.name: cursor}) if backward is not None and cursor else ""

    def first(self) -> str:
        """Return the URL of the first page; empty where nothing leads there."""
        if self._way == "page":
            return self._with({self._paging.page: str(self._paging.first)})
        if self._way == "offset":
            return self._with({self._paging.offset: "0"})
        return self._with({}) if self._way else ""

    def last(self) -> str:
        """Return the URL of the last page; empty where nothing leads there."""
        before = max(self._page.pages - 1, 0)
        if self._way == "page":
            return self._with({self._paging.page: str(self._paging.first + before)})
        if self._way == "offset":
            return self._with({self._paging.offset: str(before * self._page.size)})
        return ""

    def relative(self, url: str) -> str:
        """Return the path and query of an absolute URL."""
        return _path_of(url) if url else ""

    def _with(self, parameters: Mapping[str, str]) -> str:
        """Return the URL with other parameters that say which page; all others stay as they were sent."""
        moving = {self._paging.page, self._paging.offset, *(cursor.name for cursor in self._paging.cursors)}
        kept = [
            quote(part, safe=_KEPT)
            for part in self._query.split("&")
            if part and unquote_plus(part.partition("=")[0]) not in (moving | parameters.keys())
        ]
        kept += [f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in parameters.items()]
        return f"{self.base}?{'&'.join(kept)}" if kept else self.base


def link_header(page: Page, url: str) -> str | None:
    """Return the value of ``Link`` for a page at an absolute URL; None where there is no other page."""
    links = PageLinks(page, url)
    relations = {
        "first": links.first() if page.has_previous else "",
        "prev": links.previous(),
        "next": links.next(),
        "last": links.last() if page.has_next else "",
    }
    return ", ".join(f'<{target}>; rel="{name}"' for name, target in relations.items() if target) or None


def _way_of(page: Page) -> Way:
    """Return by what a client goes on: as it has begun, else the simplest that the contract has."""
    request, paging = page.request, page.request.paging
    if request.cursors:
        return "cursor"
    if request.number is not None or (paging.page and request.offset is None and not _is_cursor(paging)):
        return "page"
    if paging.offset:
        return "offset"
    return "cursor" if paging.forward is not None else ""


def _is_cursor(paging: Paging) -> bool:
    """Tell whether what says the page is a cursor."""
    return any(cursor.name == paging.page for cursor in paging.cursors)


def _path_of(url: str) -> str:
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2] if rest else url
