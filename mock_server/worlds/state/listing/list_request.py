"""What the query of a list asks for: conditions, an order, a page."""

from __future__ import annotations

from typing import Literal

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class
from mock_server.worlds.state.listing.conditions import Condition
from mock_server.worlds.state.listing.cursors import Cursor
from mock_server.worlds.state.listing.ordering import SortKey

CursorForm = Literal["opaque", "key", "number"]
"""What a cursor's parameter takes: our own texts, keys of records, or numbers.

A number is a key where keys are numbers, else how many records to skip.
"""


@value_class
class CursorParameter:
    """A parameter that says where a page begins (``after``), or before which place it ends (``is_backward``)."""

    name: str
    form: CursorForm = "opaque"
    is_backward: bool = False


@value_class
class Paging:
    """The parameters by which a list is paged, as its contract has them; empty names for those that it has not.

    ``first`` is the number of the first page. ``default`` is the size of a page where none is asked for, None for all;
    ``largest`` is the most.
    """

    page: str = ""
    first: int = 1
    size: str = ""
    default: int | None = None
    largest: int = 1_000
    offset: str = ""
    cursors: tuple[CursorParameter, ...] = ()

    @property
    def has_cursors(self) -> bool:
        """Whether anything takes a cursor."""
        return bool(self.cursors)

    @property
    def forward(self) -> CursorParameter | None:
        """The parameter that takes the cursor of the next page."""
        return next((cursor for cursor in self.cursors if not cursor.is_backward), None)

    @property
    def backward(self) -> CursorParameter | None:
        """The parameter that takes the cursor of the page before: one of its own, or one that takes any cursor."""
        own = next((cursor for cursor in self.cursors if cursor.is_backward), None)
        return own or next((cursor for cursor in self.cursors if cursor.form == "opaque"), None)


@value_class
class SentCursor:
    """A cursor as it was sent. ``cursor`` is what it says where it is one of ours; else it may be a key of a record."""

    parameter: CursorParameter
    text: str
    cursor: Cursor | None = None

    @property
    def is_backward(self) -> bool:
        """Whether it asks for the page before its place."""
        return self.parameter.is_backward or (self.cursor is not None and self.cursor.is_backward)


@value_class
class ListRequest:
    """What a query asks of a list.

    ``size`` is that of a page, None for all records (at most ``Paging.largest``). A page begins at ``number`` pages
    or ``offset`` records, or at cursors. ``findings`` are what could not be read, and was taken for not sent.
    """

    paging: Paging = Paging()
    conditions: tuple[Condition, ...] = ()
    order: tuple[SortKey, ...] = ()
    size: int | None = None
    number: int | None = None
    offset: int | None = None
    cursors: tuple[SentCursor, ...] = ()
    key: str = "id"
    """The member of a record that is its primary key."""
    findings: tuple[Diagnostic, ...] = ()
