"""How a list is paged: by numbers, offsets or cursors, and what a query says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.text import describe_value
from mock_server.openapi.resources.model import ListParameter
from mock_server.openapi.resources.names import snake, vocabulary
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.worlds.state.listing.cursors import Cursor
from mock_server.worlds.state.listing.list_request import CursorForm, CursorParameter, Paging, SentCursor
from mock_server.worlds.state.listing.query_parameters import ListedParameter, plain_schema
from mock_server.worlds.state.listing.query_values import QueryValues

USUAL_SIZE = 10
"""Records of a page where the contract says nothing of it."""
MOST_UNPAGED = 1_000
"""Most records of a list that has no parameter to ask for more."""
MOST_PAGED = 10_000
"""Most records of a page where the contract has no maximum."""
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}")
_KEYS = vocabulary("starting_after ending_before since_id after_id before_id")
"""Cursors that are keys of records."""
_BACKWARD = vocabulary("before ending_before before_id previous_cursor prev_cursor")
_SUBNAMES = {
    "number": "page",
    "size": "size",
    "limit": "size",
    "offset": "offset",
    "after": "cursor",
    "before": "cursor",
}
"""The members of a parameter ``page`` that is an object: ``page[number]=2``."""


@dataclass(slots=True)
class SentPage:
    """What a query says of the page; each None where nothing, or nothing that can be read."""

    size: int | None = None
    number: int | None = None
    offset: int | None = None
    cursors: list[SentCursor] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)


class PagingReader:
    """Reads which page a query asks for."""

    def __init__(
        self,
        reader: ShapeReader,
        roles: Iterable[ListParameter],
        ignored: Iterable[str],
        parameters: Mapping[str, ListedParameter],
        most: int | None = None,
    ) -> None:
        self._most = most
        """Most records that the schema of a page lets it have; None where it does not say."""
        self._sizes: list[ListedParameter] = []
        self._pages: list[ListedParameter] = []
        self._offsets: list[ListedParameter] = []
        self._cursors: list[CursorParameter] = []
        for role, parameter in _paging(reader, roles, parameters):
            if role == "size":
                self._sizes.append(parameter)
            elif role == "offset":
                self._offsets.append(parameter)
            elif role == "page":
                self._pages.append(parameter)
                if _takes_texts(parameter):
                    self._cursors.append(CursorParameter(parameter.name))
            elif parameter.types != {"boolean"}:
                self._cursors.append(_cursor(parameter))
        for name in ignored:  # a time in most contracts, but a number is the key of the record before the page
            if snake(name) == "since" and name in parameters and parameters[name].types == {"integer"}:
                self._cursors.append(CursorParameter(name, "number"))
        self.paging = self._paging()

    def _paging(self) -> Paging:
        size = self._sizes[0] if self._sizes else None
        is_paged = bool(self._sizes or self._pages or self._offsets or self._cursors)
        largest = size.largest if size is not None else None
        default = (size.default_number if size is not None else None) or (USUAL_SIZE if is_paged else None)
        largest = largest or (MOST_PAGED if is_paged else MOST_UNPAGED)
        largest = largest if self._most is None else min(largest, self._most)
        return Paging(
            page=self._pages[0].name if self._pages else "",
            first=0 if self._pages and self._pages[0].begins_at_zero else 1,
            size=size.name if size is not None else "",
            default=min(default, largest) if default is not None else None,
            largest=largest,
            offset=self._offsets[0].name if self._offsets else "",
            cursors=tuple(self._cursors),
        )

    def read(self, values: QueryValues) -> SentPage:
        """Read what a query says of the page."""
        sent = SentPage()
        for parameter in self._sizes:
            sent.size = _number(values, parameter, 1, sent) if sent.size is None else sent.size
        if sent.size is None:
            sent.size = self.paging.default
        else:
            sent.size = min(sent.size, self.paging.largest) if sent.size >= 0 else self.paging.largest
        for parameter in self._offsets:
            sent.offset = _number(values, parameter, 0, sent) if sent.offset is None else sent.offset
        for parameter in self._pages:
            is_cursor = _takes_texts(parameter) and not (values.last(parameter.name) or "0").isdigit()
            if sent.number is None and not is_cursor:
                number = _number(values, parameter, self.paging.first, sent)
                sent.number = None if number is None else max(number, self.paging.first)
        for cursor in self._cursors:
            text = values.last(cursor.name)
            if text is not None and not (cursor.name == self.paging.page and text.isdigit()):
                sent.cursors.append(SentCursor(cursor, text, Cursor.read(text)))
        return sent


def _paging(
    reader: ShapeReader, roles: Iterable[ListParameter], parameters: Mapping[str, ListedParameter]
) -> Iterator[tuple[str, ListedParameter]]:
    """Yield the parameters that page, each with its role; of an object each member (``page[size]``)."""
    for role in roles:
        parameter = parameters.get(role.name)
        if parameter is None or role.role not in ("page", "size", "offset", "cursor"):
            continue
        if parameter.shape.kind != "object":
            yield role.role, parameter
            continue
        for name, schema in parameter.shape.members.items():
            inner = ListedParameter(f"{role.name}[{name}]", plain_schema(reader, schema), reader.shape(schema))
            yield _SUBNAMES.get(name, "cursor"), inner


def _takes_texts(parameter: ListedParameter) -> bool:
    """Tell whether a parameter for pages takes any text, and so a cursor."""
    is_text = parameter.types == {"string"} and not parameter.enum
    return is_text and parameter.default_number is None and not isinstance(parameter.schema.get("example"), int)


def _cursor(parameter: ListedParameter) -> CursorParameter:
    name = snake(parameter.name.partition("[")[2].rstrip("]") or parameter.name)
    form: CursorForm = "opaque"
    if parameter.types & {"integer", "number"} and "string" not in parameter.types:
        form = "number"
    elif name in _KEYS or parameter.schema.get("format") or parameter.schema.get("pattern"):
        form = "key"
    return CursorParameter(parameter.name, form, is_backward=name in _BACKWARD)


def _number(values: QueryValues, parameter: ListedParameter, least: int, sent: SentPage) -> int | None:
    """Return the whole number that was sent; None, with a finding, for one that is too small or no number."""
    text = values.last(parameter.name)
    if text is None:
        return None
    allowed = parameter.number("minimum")
    least = least if allowed is None else allowed
    if _WHOLE.fullmatch(text) and int(text) >= least:
        return int(text)
    expected = f"a whole number from {least}"
    sent.findings.append(Diagnostic("unreadable-page", f"query {parameter.name}", describe_value(text), expected))
    return None
