"""What becomes of a request to create or change a record, before it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class


@value_class
class Draft:
    """The value of a record as it would be written, what is kept beside it, and what of the request is not shown.

    ``hidden`` has ``scope``, and ``sent`` where members were sent that no view shows. ``changed`` is False where an
    update leaves everything as it is.
    """

    value: dict[str, JSON]
    hidden: dict[str, JSON]
    findings: tuple[Diagnostic, ...] = field(default=())
    changed: bool = True


class ViewError(GenerationError):
    """Raised where no valid value can be made for a schema that shows a record."""

    def __init__(self, pointer: str, keyword: str) -> None:
        self.pointer = pointer
        self.keyword = keyword
        super().__init__(f"{pointer or '/'}: found a record that {keyword} refuses; expected one that can be shown.")


def unshown(pointer: str) -> Diagnostic:
    """Return the finding about a part of a request's body that no view can show."""
    return Diagnostic(
        rule="unshown-member",
        location="request body",
        pointer=pointer,
        found="was sent, and no view can show it",
        expected="a value that the schema of the answer accepts",
        severity="warning",
    )


def read_only(pointer: str) -> Diagnostic:
    """Return the finding about a part of a request's body that clients cannot change."""
    return Diagnostic(
        rule="read-only-member",
        location="request body",
        pointer=pointer,
        found="was sent, and only the server sets it",
        expected="no such member",
        severity="warning",
    )


def hidden_of(scope: Mapping[str, JSON], sent: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return what is kept beside a record: its parents, and members of requests that no view shows."""
    return {"scope": dict(scope), "sent": dict(sent)} if sent else {"scope": dict(scope)}
