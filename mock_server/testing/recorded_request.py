"""A request as recorded in the journal of a world."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from mock_server.http.refusal_phrase import refusal_phrase


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
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    """The headers of the answer by name, in any case."""
    answer_body: bytes = b""
    """The body of the answer, or as much of it as the journal keeps."""

    @property
    def url(self) -> str:
        """The path with its query, as a text."""
        return f"{self.path}?{urlencode(self.query, doseq=True)}" if self.query else self.path

    @property
    def why(self) -> str:
        """Why it was answered so: the source, and what was found wrong with the request, or the server's own words."""
        words = _problem_detail(self.answer_headers, self.answer_body)
        words = words or refusal_phrase(self.status, self.answer_headers.get("retry-after"))
        details = [*map(_finding_phrase, self.findings)] or [words]
        return ": ".join(filter(None, (self.reason, "; ".join(filter(None, details)))))

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
        answer_headers=HeaderValues(answer.get("headers") or {}),
        answer_body=_body(answer),
    )


def _finding_phrase(finding: Mapping[str, Any]) -> str:
    """Return a finding in words: ``path id: 'x'; expected the key of a record of customers``."""
    where = f"{finding.get('location', '')} {finding.get('pointer', '')}".strip()
    remedy = finding.get("remedy", "")
    phrase = f"{where}: {finding.get('found', '')}; expected {finding.get('expected', '')}"
    return f"{phrase}. {remedy}" if remedy else phrase


def _problem_detail(headers: Mapping[str, str], body: bytes) -> str:
    """Return what a problem document says in detail (RFC 9457); empty where the answer is none."""
    if not headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    try:
        problem: object = json.loads(body)
    except ValueError:  # longer than what the journal keeps
        return ""
    return str(problem.get("detail") or "") if isinstance(problem, Mapping) else ""


def _body(request: Mapping[str, Any]) -> bytes:
    encoded = request.get("bodyAsBase64")
    if isinstance(encoded, str):
        return base64.b64decode(encoded)
    return str(request.get("body") or "").encode("utf-8")
