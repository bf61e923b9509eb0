"""Requests to the operations of a contract that is served in this process, with bodies made by their schemas."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.published.contract import Entry, Operation, PublishedContract
from benchmarks.published.request import Caller, NotSendableError, content_type, encoded
from benchmarks.published.sample import NoSampleError, Sampler
from benchmarks.published.verdict import Schemas, essence, is_json
from mock_server.core.errors import GenerationError
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.loading.loader import load_contract
from mock_server.openapi.model import Contract
from mock_server.server.application import Application
from mock_server.settings import Settings
from tests.support.asgi import scope_of, sent

LONGEST = 400
"""Characters of a body that a report shows."""
_SHARE = 0.75
"""The share of optional members that a body has."""
_FORM = "application/x-www-form-urlencoded"


class UnsentError(Exception):
    """A request that cannot be made of what the contract says."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    operation: str
    target: str
    sent: bytes
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    trouble: str = ""
    """What the log says of a 500."""

    @property
    def is_success(self) -> bool:
        """Whether the answer has a status of success."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The answer; None where it is no JSON."""
        try:
            return json.loads(self.answer)
        except ValueError:
            return None

    def __str__(self) -> str:
        method = self.operation.partition(" ")[0]
        body = f" {_shown(self.sent)}" if self.sent else ""
        answer = self.trouble or _shown(self.answer)
        return f"{method} {self.target}{body}\n      → {self.status} {answer}"


def _shown(body: bytes) -> str:
    text = body.decode(errors="replace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class _Troubles(logging.Handler):
    """Keeps the last error of the server."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        where = traceback.extract_tb(error.__traceback__)[-1] if error is not None else None
        place = f" ({Path(where.filename).name}:{where.lineno})" if where is not None else ""
        self.last = f"{record.getMessage()} {type(error).__name__}: {error}{place}" if error else record.getMessage()


class ContractCaller:
    """Calls the operations of one contract, which is served in this process."""

    def __init__(self, file: Path, *, seed: int = 0, **settings: Any) -> None:
        self.contract: Contract = load_contract(str(file))
        self.seed = seed
        self.published = PublishedContract(file.stem, self.contract.document)
        self.operations: dict[str, Operation] = {operation.key: operation for operation in self.published.operations}
        self.schemas = Schemas(self.published, "request")
        self.sampler = Sampler(self.published, self.schemas)
        self._caller = Caller(self.published)
        self._document = SchemaDocument(self.contract.document, self.contract.openapi, "request")
        self._answers = SchemaDocument(self.contract.document, self.contract.openapi)
        self._app = Application(Settings(contract=(str(file),), **settings), shares_process=True)
        self._loop = asyncio.new_event_loop()
        self._troubles = _Troubles(logging.ERROR)
        self._log = logging.getLogger("mock_server")
        self._log.addHandler(self._troubles)

    def close(self) -> None:
        """End what was begun."""
        self._log.removeHandler(self._troubles)
        self._app.close()
        self._loop.close()

    def ask(
        self,
        world: str,
        operation: str,
        path: Mapping[str, Any],
        query: Mapping[str, Any] | None = None,
        body: Any = None,
    ) -> Exchange:
        """Return what comes of a request to an operation; None is no body.

        Raises :class:`UnsentError` where nothing says how to write it.
        """
        described = self.operations[operation]
        given = {("path", name): value for name, value in path.items()}
        given |= {("query", name): value for name, value in (query or {}).items()}
        try:
            target, headers = self._caller.addressed(described, False, given)
            entry = self.entry(operation) if body is not None else None
            written = self._encoded(entry, body) if entry is not None else b""
        except (NotSendableError, NoSampleError) as error:
            raise UnsentError(f"{operation}: {error}") from error
        fields = dict(headers) | ({"Content-Type": content_type(entry)} if entry is not None else {})
        scope = scope_of(f"/~{world}{target}", method=described.method)
        scope["headers"] = [
            *scope["headers"],
            *((name.lower().encode(), text.encode()) for name, text in fields.items()),
        ]
        self._troubles.last = ""
        got = self._loop.run_until_complete(sent(self._app, scope, written))
        trouble = self._troubles.last if got.status >= 500 else ""
        return Exchange(operation, target, written, got.status, got.headers, got.body, trouble)

    def entry(self, operation: str) -> Entry | None:
        """Return the media type in which a body is sent: JSON, else a form, else the first; None without a body."""
        content = self.operations[operation].content
        kinds = [essence(entry.media_type) for entry in content]
        for wanted in (is_json, lambda kind: kind == _FORM, lambda kind: kind.startswith("multipart/")):
            for entry, kind in zip(content, kinds, strict=True):
                if wanted(kind):
                    return entry
        return content[0] if content else None

    def _encoded(self, entry: Entry, body: Any) -> bytes:
        schema = self.sampler.resolved(entry.schema) if entry.schema else {}
        is_form = not is_json(essence(entry.media_type))
        return encoded(entry, _without_nothing(body) if is_form else body, schema)

    def body(self, operation: str, turn: int, pins: Mapping[str, Any] | None = None) -> Any:
        """Return a body that the schema of a request takes: required members, and optional ones by seed and turn.

        ``pins`` are members that it shall have, as far as the schema takes them. Raises :class:`UnsentError`.
        """
        entry = self.entry(operation)
        if entry is None or entry.schema is None:
            return None if entry is None else {}
        schema = self.published.at(entry.schema)
        random_source = random.Random(f"{self.seed} {operation} {turn}")
        whole = self._generated(schema, f"{operation} {turn}", 2)
        least = self._generated(schema, f"{operation} {turn}", 0)
        if not isinstance(whole, dict) or not isinstance(least, dict):
            return whole
        chosen = {name: value for name, value in whole.items() if name in least or random_source.random() < _SHARE}
        is_form = not is_json(essence(entry.media_type))
        for candidate in (chosen, whole, least, self._generated(schema, f"{operation} {turn}", 5)):
            written = _without_nothing(candidate) if is_form else candidate
            plain = {"stream": False} if "stream" in written else {}
            pinned = self.with_members(entry, written, {**plain, **(pins or {})})
            if self.accepts(entry, pinned):
                return pinned
        raise UnsentError(f"{operation}: found no body that its schema takes")

    def with_members(self, entry: Entry, body: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
        """Return a body with other members, each as far as the schema takes it where the body has it."""
        result = dict(body)
        for name, value in members.items():
            candidate = {**result, name: value}
            if self.accepts(entry, candidate):
                result = candidate
        return result

    def accepts(self, entry: Entry, body: Any) -> bool:
        """Return whether the schema of a body takes a value."""
        return entry.schema is None or self.schemas.accepts(entry.schema, body)

    def _generated(self, schema: Any, name: str, fill: int) -> Any:
        try:
            draw = SeedKey(self.seed, name, "cycle")
            return generate(schema, draw, self._document, fill=fill, complete=fill > 0, fill_properties=False)
        except GenerationError as error:
            raise UnsentError(f"{name}: {error}") from error

    def answer_takes(self, operation: str, status: int, answer: Any) -> bool:
        """Return whether an answer of JSON is one that the contract documents for an operation."""
        documented = self.contract.operations[operation].response_for(status)
        schemas = [media.schema for media in documented.content if media.is_json] if documented is not None else []
        return not schemas or self._answers.root(schemas[0]).accepts(answer)

    def parameter_takes(self, operation: str, place: str, name: str, value: Any) -> bool:
        """Return whether the schema of a parameter takes a value."""
        for parameter, steps in self.operations[operation].parameters:
            if (parameter["in"], parameter["name"]) == (place, name):
                return steps is None or self.schemas.accepts(steps, value)
        return False

    def parameter_schema(self, operation: str, name: str) -> Mapping[str, Any]:
        """Return the schema of a query parameter, followed; empty where it has none."""
        for parameter, steps in self.operations[operation].parameters:
            if (parameter["in"], parameter["name"]) == ("query", name) and steps is not None:
                return self.sampler.resolved(steps)
        return {}


def _without_nothing(value: Any) -> Any:
    """Return a value as a form can have it: nothing stands for null, an empty object or an empty list."""
    if isinstance(value, dict):
        members = {name: _without_nothing(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, {}, [])}
    if isinstance(value, list):
        return [item for item in map(_without_nothing, value) if item not in (None, {}, [])]
    return value
