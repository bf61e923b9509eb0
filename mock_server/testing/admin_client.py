"""Client of the admin API of a server, with the standard library alone: it conflicts with no client of a suite."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from mock_server.core.errors import ControlError, UsageError

SECONDS = 30.0
"""Seconds to wait for an answer: before its first one, a server may have to prepare a large contract."""


class ControlClient:
    """The admin API below a base URL: that of a server, or of a world. Safe to share between threads."""

    def __init__(self, url: str, admin_token: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{url}: found no http(s) URL; expected the base URL of a server")
        self.url: str = url.rstrip("/")
        self.admin_token = admin_token
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._place = (parts.hostname, parts.port)
        self._path = parts.path.rstrip("/")

    def ask(self, method: str, path: str, body: object = None, *, expect: tuple[int, ...] = ()) -> Any:
        """Send an admin request (``/requests/count``); return the JSON of the answer, None where it has none.

        ``expect`` are statuses from 400 up that are not an error. Raises :class:`ControlError` with the server's
        problem, or where no server answers.
        """
        status, data = self._sent(method, path, body)
        if status >= 400 and status not in expect:
            raise _refused(f"{method} {self._path}/__admin{path}", status, data)
        try:
            return json.loads(data) if data else None
        except ValueError:
            raise ControlError(
                f"{self.url}: found an answer that is no JSON; expected a mock server. Check the URL.", status
            ) from None

    def _sent(self, method: str, path: str, body: object) -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8")
        headers = {"Accept": "application/json", "Connection": "close"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        if self.admin_token:
            headers["Authorization"] = f"Bearer {self.admin_token}"
        connection = self._kind(*self._place, timeout=SECONDS)
        try:
            connection.request(method, f"{self._path}/__admin{path}", data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, HTTPException) as error:
            reason = str(error) or type(error).__name__
            raise ControlError(f"{self.url}: found no server ({reason}); expected one. Is it started?") from None
        finally:
            connection.close()


def _refused(request: str, status: int, data: bytes) -> ControlError:
    try:
        problem: object = json.loads(data)
    except ValueError:
        problem = None
    if not isinstance(problem, Mapping):
        return ControlError(f"{request}: {status} {data[:200].decode('utf-8', 'replace')}".rstrip(), status)
    detail = problem.get("detail") or problem.get("title") or problem.get("error") or ""
    findings = problem.get("findings")
    lines = (
        [f"  {_finding(finding)}" for finding in findings if isinstance(finding, Mapping)]
        if isinstance(findings, list)
        else []
    )
    return ControlError("\n".join([f"{request}: {status} {detail}".rstrip(), *lines]), status, problem)


def _finding(finding: Mapping[str, Any]) -> str:
    where = f"{finding.get('location', '')} {finding.get('pointer', '')}".strip()
    remedy = finding.get("remedy", "")
    return f"{where}: {finding.get('found', '')}; expected {finding.get('expected', '')}{'. ' * bool(remedy)}{remedy}"
