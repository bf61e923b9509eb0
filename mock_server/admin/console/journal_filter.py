"""Which entries of a journal a page shows: by method, status, operation and a part of the path."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from mock_server.core.value_class import value_class
from mock_server.worlds.journal import Entry

FIELDS = ("method", "status", "operation", "path")


@value_class
class JournalFilter:
    """What entries have to have; an empty text is no condition.

    ``status`` is a status or its beginning (``404``, ``4``, ``4XX``), ``operation`` a part of an operation's id or key,
    ``path`` a part of the path and query.
    """

    method: str = ""
    status: str = ""
    operation: str = ""
    path: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> JournalFilter:
        """Return the filter of query parameters."""
        return cls(
            query.get("method", "").strip().upper(),
            query.get("status", "").strip().upper().rstrip("X"),
            query.get("operation", "").strip(),
            query.get("path", "").strip(),
        )

    def fits(self, entry: Entry) -> bool:
        """Tell whether an entry has all that."""
        if self.operation:
            operation = entry.operation
            names = (operation.operation_id or "", operation.key) if operation is not None else ()
            if not any(self.operation.lower() in name.lower() for name in names):
                return False
        if self.status and not str(entry.answer.status).startswith(self.status):
            return False
        if self.method or self.path:
            request = entry.request
            if self.method and request.method != self.method:
                return False
            return self.path.lower() in f"{request.path}?{request.query}".lower()
        return True

    @property
    def is_empty(self) -> bool:
        """Whether every entry fits."""
        return self == JournalFilter()

    def query(self, **more: object) -> str:
        """Return the filter as a query, with parameters in addition."""
        conditions = {name: getattr(self, name) for name in FIELDS if getattr(self, name)}
        return urlencode({**conditions, **more})
