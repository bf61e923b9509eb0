"""A request as recorded in the journal of a world."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class HeaderValues(Mapping[str, str]):
    """Header fields by name, in any case; the lines of one name are one value (RFC 9110, 5.3)."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values: dict[str, str] = {}
        for name, value in values.items():
            lines = value if isinstance(value, list) else [value]
            self._values[name.lower()] = ", ".join(str(line) for line in lines)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __repr__(self) -> str:
        return repr(self._values)


@dataclass(frozen=True)
class RecordedRequest:
    """What a client sent, and the answer that it got. Secrets are redacted."""

    method: str
    path: str
    """The path within the world, decoded, without the query."""
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The values of each parameter, in their order."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """The headers by name, in any case."""
    body: bytes = b""
    operation: str = ""
    """The operationId, or the key (``GET /pets``) where it has none; empty where no operation has the path."""
    status: int = 0
    """The status of the answer; 0 where none was sent."""
    reason: str = ""
    """The source of the answer."""
    findings: Sequence[Mapping[str, Any]] = ()
    """What the request breaks of the contract: ``rule``, ``location``, ``pointer``, ``found``, ``expected``."""
    id: str = ""

    def json(self) -> Any:
        """Return the body as JSON; raises :class:`ValueError` where it is not JSON."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}{f' ({self.reason})' if self.reason else ''}"


def recorded(entry: Mapping[str, Any]) -> RecordedRequest:
    """Return an entry of the journal, from the JSON of ``/__admin/requests`` (WireMock's, with our members)."""
    request: Mapping[str, Any] = entry.get("request") or entry
    answer: Mapping[str, Any] = entry.get("response") or {}
    parts = urlsplit(str(request.get("url", "")))
    return RecordedRequest(
        method=str(request.get("method", "")),
        path=unquote(parts.path),
        query=parse_qs(parts.query, keep_blank_values=True),
        headers=HeaderValues(request.get("headers") or {}),
        body=_body(request),
        operation=str(entry.get("operationId") or entry.get("operation") or ""),
        status=int(answer.get("status") or 0),
        reason=str(entry.get("reason") or ""),
        findings=tuple(entry.get("findings") or ()),
        id=str(entry.get("id") or ""),
    )


def _body(request: Mapping[str, Any]) -> bytes:
    encoded = request.get("bodyAsBase64")
    if isinstance(encoded, str):
        return base64.b64decode(encoded)
    return str(request.get("body") or "").encode("utf-8")
