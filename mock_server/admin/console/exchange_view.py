"""One exchange as a page shows it: both messages, what was found, why it was answered so, what can be made of it."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property

from mock_server.admin.console.journal_row import JournalRow, journal_row, why_of
from mock_server.admin.console.page import PageRequest
from mock_server.admin.console.sample_call import SampleCall
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import InstructionError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import is_json
from mock_server.http.messages import Headers, ResponseSource
from mock_server.mocking.mounts import ApiMount
from mock_server.openapi.resources.inference import model_of
from mock_server.scenarios.request_pattern import OF_SCENARIOS, RequestPattern
from mock_server.worlds.journal import Entry
from mock_server.worlds.redaction import Redaction

LONGEST_BODY = 20_000
"""Characters of a body that a page shows."""
_MOST_DIFFERENCES = 3
"""Differences of a scenario that are told."""
_SOURCES = {
    ResponseSource.CONTRACT: "the contract, which documents an answer without a body",
    ResponseSource.EXAMPLE: "an example of the contract",
    ResponseSource.FAILURE: "the contract's own answer to a request that cannot be served",
    ResponseSource.FIXTURE: "a record of the fixtures",
    ResponseSource.GENERATED: "generated from the schema of the contract, always the same for the same caller",
    ResponseSource.OPTIONS: "the methods that the path has",
    ResponseSource.PROBLEM: "the server itself, as a problem document (RFC 9457)",
    ResponseSource.SCENARIO: "the scenario",
    ResponseSource.STATE: "the records of this world,",
}
_OWN_OF_CLIENTS = frozenset(
    {"accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding", "user-agent"}
)
"""Headers that the next client writes itself."""


@value_class
class MessageView:
    """A message: its headers, and the beginning of its body as a text. ``size`` is that of the body, in bytes."""

    headers: Headers
    body: str
    size: int
    is_cut: bool


class ExchangeView:
    """An entry of the journal, as it may be shown."""

    def __init__(self, request: PageRequest, entry: Entry, redaction: Redaction) -> None:
        self._page = request
        self._entry = entry
        self._redaction = redaction

    @property
    def row(self) -> JournalRow:
        """The entry as a row of the table."""
        return journal_row(self._entry, self._page.admin.world, self._redaction)

    @property
    def why(self) -> str:
        """Why the answer is what it is."""
        return why_of(self._entry, self._redaction)

    @property
    def source(self) -> str:
        """Where the answer came from, in words."""
        answer = self._entry.answer
        detail = answer.reason.removeprefix(answer.source).strip()
        return f"{_SOURCES.get(answer.source, answer.source)} {detail}".strip()

    @property
    def path(self) -> str:
        """The whole path and query."""
        request = self._entry.request
        query = self._redaction.query(request.query)
        return (request.raw_path or request.path) + (f"?{query}" if query else "")

    @property
    def delay(self) -> int:
        """Milliseconds that the answer was delayed."""
        return self._entry.answer.delay

    @property
    def operation_key(self) -> str:
        """The key of the operation, empty for none."""
        return self._entry.operation.key if self._entry.operation is not None else ""

    @property
    def path_parameters(self) -> list[tuple[str, str]]:
        """The path parameters of the request."""
        return [*self._entry.route.path_parameters.items()]

    @property
    def findings(self) -> list[Diagnostic]:
        """What was found in the two messages."""
        return [
            Diagnostic(
                finding.rule,
                finding.location,
                self._redaction.text(finding.found, self._entry.request),
                finding.expected,
                finding.pointer,
                finding.remedy,
                finding.severity,
            )
            for finding in self._entry.findings
        ]

    @cached_property
    def request(self) -> MessageView:
        """The request."""
        message = self._entry.request
        return self._message(message.headers, message.body, message.header("content-type") or "", self._entry.sizes[0])

    @cached_property
    def answer(self) -> MessageView:
        """The answer."""
        message = self._entry.answer
        return self._message(message.headers, message.body, message.header("content-type") or "", self._entry.sizes[1])

    def _message(self, headers: Headers, body: bytes, content_type: str, size: int) -> MessageView:
        shown = self._redaction.body(body, content_type)
        text = shown.decode("utf-8", "replace")
        if is_json(content_type):
            with suppress(ValueError):  # otherwise it is shown as it came
                text = json.dumps(json.loads(shown), indent=2, ensure_ascii=False)
        is_cut = len(text) > LONGEST_BODY or size > len(body)
        return MessageView(self._redaction.headers(headers), text[:LONGEST_BODY], size, is_cut)

    @property
    def curl(self) -> str:
        """The request as a command, without secrets."""
        request = self._entry.request
        headers = [line for line in self._redaction.headers(request.headers) if line[0] not in _OWN_OF_CLIENTS]
        body = self._redaction.body(request.body, request.header("content-type") or "").decode("utf-8", "replace")
        url = self._page.world_url + self.path
        return SampleCall(request.method, url, tuple(headers), body[:LONGEST_BODY]).curl()

    @property
    def scenario(self) -> str:
        """A scenario that answers such requests as this one was answered, as JSON; empty where none can."""
        answer, operation = self._entry.answer, self._entry.operation
        if operation is None or self.answer.is_cut:
            return ""
        stub: dict[str, JSON] = {"code": answer.status}
        if answer.body and is_json(answer.header("content-type") or ""):
            stub["body"] = json.loads(self._redaction.body(answer.body, answer.header("content-type") or ""))
        match: dict[str, JSON] = {"operation": operation.operation_id or operation.key}
        if self.path_parameters:
            match["pathParameters"] = dict(self.path_parameters)
        return json.dumps({"match": match, "answers": [stub]}, indent=2, ensure_ascii=False)

    @property
    def record(self) -> str:
        """The object of the answer as JSON, where it may be a record; else empty."""
        answer = self._entry.answer
        content_type = answer.header("content-type") or ""
        is_good = 200 <= answer.status < 300 and is_json(content_type) and self._entry.operation is not None
        if not is_good or self.answer.is_cut or not self.resources:
            return ""
        try:
            document = json.loads(self._redaction.body(answer.body, content_type))
        except ValueError:
            return ""
        return json.dumps(document, indent=2, ensure_ascii=False) if isinstance(document, dict) else ""

    @cached_property
    def resources(self) -> list[str]:
        """The names of all resources, that of the operation first."""
        mount = self._mount
        if mount is None or self._entry.operation is None:
            return []
        model = model_of(mount.contract)
        verdict = model.verdicts.get(self._entry.operation.key)
        own = self._entry.operation.resource or (verdict.resource if verdict is not None else None)
        names = [*mount.contract.extensions.resources, *model.resources]
        return [*([own] if own in names else []), *(name for name in names if name != own)]

    @property
    def _mount(self) -> ApiMount | None:
        operation = self._entry.operation
        return next(
            (
                mount
                for mount in self._page.admin.served
                if operation is not None and mount.contract.operations.get(operation.key) is operation
            ),
            None,
        )

    @property
    def near_scenarios(self) -> list[tuple[str, list[str]]]:
        """The scenarios that run, each with how the request differs from those that it is for; none where it fits."""
        admin, entry = self._page.admin, self._entry
        scenarios = []
        for shared in admin.world.hub.staging(admin.world.name).scenarios:
            data = shared.data if isinstance(shared.data, dict) else {}
            try:
                pattern = RequestPattern.from_json(data.get("match", {}), "/match", OF_SCENARIOS)
                differences = pattern.differences(entry.request, entry.route, entry.operation)
            except InstructionError:
                continue
            texts = [self._redaction.text(text, entry.request) for text in differences[:_MOST_DIFFERENCES]]
            scenarios.append((shared.name, texts))
        return scenarios
