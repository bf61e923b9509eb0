"""Records as a page for people: a table with search and links, in HTML alone. Every value of a record is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from mock_server.core.types import JSON
from mock_server.http.messages import Headers, Response, ResponseSource
from mock_server.storage import RecordQuery

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;color:#1b1f24;background:#fff}
h1{font-size:1.4rem;margin:0 0 1rem}
form,nav{margin:0 0 1rem}
input{font:inherit;padding:.3rem .6rem;border:1px solid #8c959f;border-radius:.4rem}
nav a{margin-right:1rem}
div{overflow-x:auto}
table{border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.35rem .8rem;border-bottom:1px solid #d0d7de;max-width:22rem;
overflow-wrap:anywhere}
th{white-space:nowrap;background:#f6f8fa}
td.nothing{color:#8c959f}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}th{background:#161b22}a{color:#58a6ff}
input{background:#0d1117;color:inherit}th,td{border-color:#30363d}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
"""The page loads nothing but itself, and no script in it runs (CSP Level 3)."""
_RELATIONS = {"first": "First", "prev": "Previous", "next": "Next", "last": "Last"}


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A part of the records of a resource, whose first member is the handle. ``links`` lead to other parts."""

    resource: str
    url: str
    records: Sequence[Mapping[str, JSON]]
    search: RecordQuery
    total: int
    links: Mapping[str, str]

    def answer(self, headers: Headers) -> Response:
        """Return the page as an answer, with ``headers`` in addition to its own."""
        own = (
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("content-security-policy", _POLICY),
            ("x-content-type-options", "nosniff"),
        )
        return Response(200, (*own, *headers), self.html().encode("utf-8", "replace"), ResponseSource.CONTROL)

    def html(self) -> str:
        """Return the page as a text."""
        title = escape(self.resource)
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
            f"<h1>{title}: {self._counted()}</h1>{self._form()}{self._links()}{self._table()}</html>\n"
        )

    def _counted(self) -> str:
        if not self.records:
            return f"none of {self.total:,}" if self.total else "none"
        first = self.search.offset + 1
        return f"{first:,} to {first + len(self.records) - 1:,} of {self.total:,}"

    def _form(self) -> str:
        value = escape(self.search.text)
        return (
            f'<form action="{escape(self.url)}" role="search"><input type="search" name="q" value="{value}"'
            ' placeholder="Search all texts" aria-label="Search all texts"> <input type="submit" value="Search"></form>'
        )

    def _links(self) -> str:
        links = [f'<a href="{escape(url)}" rel="{rel}">{_RELATIONS[rel]}</a>' for rel, url in self.links.items()]
        return f"<nav>{''.join(links)}</nav>" if links else ""

    def _table(self) -> str:
        if not self.records:
            return "<p>No record matches.</p>"
        columns = [*dict.fromkeys(name for record in self.records for name in record)]
        head = "".join(f'<th scope="col">{escape(name)}</th>' for name in columns)
        rows = "".join(f"<tr>{self._cells(record, columns)}</tr>" for record in self.records)
        return f"<div><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"

    def _cells(self, record: Mapping[str, JSON], columns: Sequence[str]) -> str:
        handle, *others = columns
        link = f"{self.url}/{quote(str(record[handle]))}"
        cells = [f'<td><a href="{escape(link)}">{escape(str(record[handle]))}</a></td>']
        return "".join([*cells, *(_cell(record.get(name)) for name in others)])


def _cell(value: JSON) -> str:
    text = _told(value)
    return f"<td>{escape(text)}</td>" if text else '<td class="nothing">-</td>'


def _told(value: JSON) -> str:
    """Return a value in a few words: of a nested one, the parts that are not empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(filter(None, map(_told, value.values())))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_told, value)))
    return str(value)
