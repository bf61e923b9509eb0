"""Lists read to their end as a client of the API would: by page, offset or cursor, or by what the answer says next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from mock_server.core.json_pointer import value_at
from mock_server.openapi.resources.model import ListParameter
from tests.support.cycle_plans import PlannedOperation
from tests.support.cycle_requests import ContractCaller, Exchange

MOST_PAGES = 60
SIZE = 2
"""Records of a page, as far as the contract allows so few."""
_BACKWARDS = ("before", "previous", "prev")
_NEXT = (
    "next_cursor",
    "next_page_token",
    "nextPageToken",
    "next_token",
    "next_marker",
    "nextCursor",
    "next",
    "cursor",
    "after",
)


@dataclass
class Reading:
    """What a client has of a list: the records, the exchanges, and why it is wrong, if it is."""

    records: list[Mapping[str, Any]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    fault: str = ""

    @property
    def last(self) -> Exchange | None:
        """The last exchange."""
        return self.exchanges[-1] if self.exchanges else None


class ListClient:
    """Reads lists of one operation."""

    def __init__(self, caller: ContractCaller, operation: PlannedOperation, key: str) -> None:
        assert operation.collection is not None
        self._caller = caller
        self._operation = operation
        self._pointer = operation.collection.envelope or ""
        self._key = key
        self._roles: dict[str, list[ListParameter]] = {}
        for parameter in operation.collection.parameters:
            self._roles.setdefault(parameter.role, []).append(parameter)

    def read(self, world: str, path: Mapping[str, Any], query: Mapping[str, Any] | None = None) -> Reading:
        """Return all records of a list, page by page."""
        reading = Reading()
        asked = {**(query or {}), **self._size(), **self._first()}
        for _ in range(MOST_PAGES):
            exchange = self._caller.ask(world, self._operation.key, path, asked)
            reading.exchanges.append(exchange)
            if not exchange.is_success:
                reading.fault = f"{exchange.status} for a list"
                return reading
            records = self._records(exchange)
            if records is None:
                reading.fault = f"no array at {self._pointer!r} of the answer"
                return reading
            reading.records += records
            following = self._next(exchange, asked, records, len(reading.records))
            if following is None:
                return reading
            asked = following
        reading.fault = f"the list does not end after {MOST_PAGES} pages"
        return reading

    def _records(self, exchange: Exchange) -> list[Mapping[str, Any]] | None:
        try:
            value = value_at(exchange.json, self._pointer)
        except (KeyError, TypeError):
            return None
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else None

    def _named(self, role: str) -> str | None:
        names = [parameter.name for parameter in self._roles.get(role, ())]
        if role == "cursor":
            names = [name for name in names if not any(word in name.lower() for word in _BACKWARDS)]
        return names[0] if names else None

    def _size(self) -> dict[str, Any]:
        name = self._named("size")
        if name is None:
            return {}
        sizes = (SIZE, 1, 5, 10, 20, 25, 50, 100)
        if not any(map(self._named, ("page", "offset", "cursor"))):
            sizes = sizes[::-1]  # nothing leads to a second page
        fitting = (size for size in sizes if self._takes(name, size))
        size = next(fitting, None)
        return {} if size is None else {name: size}

    def _first(self) -> dict[str, Any]:
        name = self._named("page")
        if name is None:
            return {}
        schema = self._caller.parameter_schema(self._operation.key, name)
        return {name: 0 if schema.get("default") == 0 else 1}

    def _takes(self, name: str, value: Any) -> bool:
        return self._caller.parameter_takes(self._operation.key, "query", name, value)

    def _next(
        self, exchange: Exchange, asked: Mapping[str, Any], records: list[Mapping[str, Any]], total: int
    ) -> dict[str, Any] | None:
        """Return the query of the next page; None at the end."""
        size = asked.get(self._named("size") or "")
        answer = exchange.json
        if _member(answer, ("has_more", "hasMore", "has_next_page")) is False:
            return None
        linked = _linked(exchange)
        if linked is not None:
            return {**asked, **{name: _number(value) for name, value in linked.items() if name in self._paging()}}
        if not records or (isinstance(size, int) and len(records) < size):
            return None
        page, offset, cursor = self._named("page"), self._named("offset"), self._named("cursor")
        if page is not None and page in asked:
            return {**asked, page: asked[page] + 1}
        if cursor is not None and size is not None:
            token = _member(answer, _NEXT)
            if token is None and any(name in _flat(answer) for name in _NEXT):
                return None
            token = token if isinstance(token, str) else records[-1].get(self._key)
            fitting = (value for value in (token, str(token)) if token is not None and self._takes(cursor, value))
            value = next(fitting, None)
            return None if value is None else {**asked, cursor: value}
        if offset is not None and size is not None:
            return {**asked, offset: total}
        return None

    def _paging(self) -> set[str]:
        roles = ("page", "size", "offset", "cursor")
        return {parameter.name for role in roles for parameter in self._roles.get(role, ())}


def _number(text: str) -> Any:
    return int(text) if text.isdecimal() and len(text) < 10 else text


def _flat(answer: Any) -> dict[str, Any]:
    """Return the members of an answer and of the objects in it."""
    if not isinstance(answer, dict):
        return {}
    inner = {name: value for part in answer.values() if isinstance(part, dict) for name, value in part.items()}
    return {**inner, **answer}


def _member(answer: Any, names: tuple[str, ...]) -> Any:
    members = _flat(answer)
    return next((members[name] for name in names if members.get(name) is not None), None)


def _linked(exchange: Exchange) -> dict[str, Any] | None:
    """Return the query of the address that an answer calls the next: in ``Link`` (RFC 8288), or as a URL."""
    link = exchange.headers.get("link", "")
    for part in link.split(","):
        address, _, parameters = part.partition(";")
        if 'rel="next"' in parameters:
            return dict(parse_qsl(urlsplit(address.strip(" <>")).query))
    following = _member(exchange.json, ("next", "next_page_url", "next_url"))
    if isinstance(following, str) and "?" in following:
        return dict(parse_qsl(urlsplit(following).query))
    return None
