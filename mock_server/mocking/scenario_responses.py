"""Answers of scenarios: how they are made, what is then broken in them, and whether they would be valid.

An answer is made like every other one: selected with other preferences, and validated. Only then is it broken, where
the scenario wants that.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from mock_server.core import deadline
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import StoreLostError
from mock_server.core.json_pointer import pointer_parts, with_value_at
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.http.media_types import essence_of, is_json, plugin_codec
from mock_server.http.messages import Headers, Request, Response, ResponseSource, Stream
from mock_server.http.preferences import MOST_ITEMS, Preferences
from mock_server.http.problem_details import problem_response
from mock_server.http.sequence_framing import GARBLES, json_text
from mock_server.http.sequences import form_of
from mock_server.mocking.mock_request import MockRequest
from mock_server.mocking.response_selector import ResponseSelector
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.security import Credentials
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.plugins import MediaTypeCodec
from mock_server.scenarios.model import ContractBreak, Scenario, StubResponse
from mock_server.storage import Record, RecordQuery, Store
from mock_server.worlds.staged_scenarios import ScenarioTurn

MOST_REHEARSED = 50
"""Most operations that a scenario with answers of its own may match."""
VIOLATION = "X-Mock-Violation"
_LARGE = 32 * 1024
"""Characters of an answer, 16 for each value, that surely takes longer than others should wait."""


class _CannotBePlayedError(Exception):
    """Raised for an answer that cannot be made as the scenario wants it."""


@value_class
class ScenarioResponse:
    """One answer of a scenario to one request."""

    turn: ScenarioTurn
    seed: int

    @property
    def is_validated(self) -> bool:
        """Whether the answer is validated by the contract."""
        return self.turn.stub.breaks != ContractBreak()

    def answer(self, selector: ResponseSelector, mock_request: MockRequest) -> Response:
        """Return the answer before it is broken. Where it cannot be made, return a problem document with the reason."""
        try:
            return respond_by_scenario(selector, mock_request, self.turn.stub)
        except _CannotBePlayedError as error:
            detail = f"Found {error} to patch in the scenario {self.turn.scenario.name}; expected JSON."
            return problem_response("scenario", 500, detail)

    def finished(self, answer: Response) -> Response:
        """Return the same answer with what the scenario breaks and delays, and its fault in sending."""
        stub = self.turn.stub
        delay = answer.delay + stub.delay + self.turn.jitter(self.seed)
        if answer.source is not ResponseSource.PROBLEM:
            answer = _broken(answer, stub)
            answer = _garbled(answer, stub.garble) if answer.stream is None else _spoilt(answer, answer.stream, stub)
        return replace(
            answer,
            delay=delay,
            wire=stub.wire,
            changes=answer.changes if stub.writes else (),
            source=ResponseSource.SCENARIO,
            scenario=self.turn.scenario.name,
        )


def respond_by_scenario(selector: ResponseSelector, mock_request: MockRequest, stub: StubResponse) -> Response:
    """Return the answer that a stub describes, before anything of it is broken."""
    if stub.failure is not None:
        return selector.failure(stub.failure, mock_request.operation, headers=stub.headers)
    own = mock_request.preferences
    items = stub.items if own.items is None else own.items
    interval = stub.interval if own.interval is None else own.interval
    preferences = replace(
        own, code=stub.code, example=stub.example, variant=stub.variant, items=items, interval=interval
    )
    adapted_request = replace(mock_request, preferences=preferences)
    if stub.fixture is not None:
        adapted_request = replace(adapted_request, credentials=replace(mock_request.credentials, suffix=stub.fixture))
    answer = selector.answer(adapted_request)
    if answer.source is ResponseSource.PROBLEM and stub.code is not None and stub.breaks == ContractBreak():
        answer = Response(stub.code, source=ResponseSource.SCENARIO)  # a status that the contract does not know
    if answer.source is ResponseSource.PROBLEM:
        return answer
    if stub.body:
        answer = replace(_with_body(answer, stub.body[0]), changes=())  # what is answered has not happened
    for patch in stub.patch:
        if answer.stream is not None:
            stream = replace(answer.stream, patches=(*answer.stream.patches, json_text(patch)))
            answer = replace(answer, stream=stream)
            continue
        value = _value(answer)
        answer = _with_value(answer, apply_merge_patch(value[0], patch)) if value else _unpatched()
    return replace(answer, headers=_over(answer.headers, stub.headers))


def _unpatched() -> Response:
    raise _CannotBePlayedError("an answer that is no JSON")


def _over(headers: Headers, extra: Headers) -> Headers:
    names = {name.lower() for name, _ in extra}
    return (*((name, value) for name, value in headers if name.lower() not in names), *extra)


def _value(answer: Response) -> list[JSON]:
    """Return the body as JSON in a list of one, or an empty list where it is not JSON."""
    if answer.body and is_json(answer.header("content-type") or ""):
        value: JSON = json.loads(answer.body)
        return [value]
    codec = _codec_of(answer)
    return [codec.decode(answer.body)] if codec is not None and codec.decode is not None and answer.body else []


def _codec_of(answer: Response) -> MediaTypeCodec | None:
    return plugin_codec(essence_of(answer.header("content-type") or ""))


def _with_value(answer: Response, value: JSON) -> Response:
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    codec = _codec_of(answer)
    if codec is not None and codec.encode is not None:
        return replace(answer, body=codec.encode(value), validated=data)
    return replace(answer, body=data, validated=None)


def _with_body(answer: Response, value: JSON) -> Response:
    if _is_large(value):
        deadline.takes_long()
    if answer.stream is not None:  # its items, or the one item
        texts = tuple(json_text(item) for item in (value if isinstance(value, list) else [value]))
        return replace(answer, stream=replace(answer.stream, given=texts, count=len(texts)))
    media = answer.header("content-type")
    if media is None:
        answer = replace(answer, headers=(("content-type", "application/json"), *answer.headers))
    elif not is_json(media) and isinstance(value, str) and _codec_of(answer) is None:
        return replace(answer, body=value.encode("utf-8", "replace"), validated=None)
    return _with_value(answer, value)


def _is_large(value: JSON) -> bool:
    """Return whether a value has too much to be written and judged where others wait, after a look at so much of it."""
    left, waiting = _LARGE, [value]
    while waiting and left > 0:
        node = waiting.pop()
        left -= len(node) if isinstance(node, str) else 16
        if isinstance(node, dict):
            left -= 16 * len(node)
            waiting += node.values() if left > 0 else ()
        elif isinstance(node, list):
            left -= 16 * len(node)
            waiting += node if left > 0 else ()
    return left <= 0


def _broken(answer: Response, stub: StubResponse) -> Response:
    """Return the answer with what violates the contract, and a header that says so."""
    if stub.breaks is None:
        return answer
    said = ", ".join(pointer for pointer, _ in stub.breaks.members) or "answer"
    if answer.stream is not None:
        members = tuple((pointer, json_text(replacement)) for pointer, replacement in stub.breaks.members)
        stream = replace(answer.stream, breaks=members, is_validated=bool(members))
        return replace(answer, stream=stream, headers=(*answer.headers, (VIOLATION, said)))
    value = _value(answer)
    if stub.breaks.members and value:
        whole = value[0]
        for pointer, replacement in stub.breaks.members:
            whole = with_value_at(whole, pointer_parts(pointer), replacement)
        answer = _with_value(answer, whole)
    return replace(answer, headers=(*answer.headers, (VIOLATION, said)))


def _garbled(answer: Response, how: str) -> Response:
    """Return the answer with a wrong body or a wrong Content-Type."""
    if how == "truncate":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    if how == "invalid_json":
        return replace(answer, body=answer.body + b",]}")
    if how in ("content_type", "no_content_type"):
        fields = tuple((name, value) for name, value in answer.headers if name.lower() != "content-type")
        wrong = "image/png" if how == "content_type" else None
        return replace(answer, headers=fields if wrong is None else (("content-type", wrong), *fields))
    return answer


def _spoilt(answer: Response, stream: Stream, stub: StubResponse) -> Response:
    """Return the stream with one item garbled, in the middle unless the scenario says which; or with a wrong type."""
    if stub.garble not in GARBLES:
        return _garbled(answer, stub.garble)
    garbled = stream.count // 2 if stub.garble_item is None else stub.garble_item
    return replace(answer, stream=replace(stream, garble=stub.garble, garbled=garbled))


@value_class
class ScenarioValidator:
    """Tries the answers of a scenario on a contract before the scenario may run."""

    contract: Contract
    validator: ContractValidator
    selector: ResponseSelector
    store: Store

    def meets(self, scenario: Scenario) -> list[Operation]:
        """Return the operations whose requests the scenario may match."""
        match = scenario.match
        operations = [operation for operation in self.contract.operations.values() if match.may_meet(operation)]
        if not match.needs_record:
            return operations
        return [operation for operation in operations if self.selector.keeps_record(operation)]

    def findings(self, scenario: Scenario) -> list[Diagnostic]:
        """Return what is wrong with the answers of a scenario by the contract."""
        own = [(index, stub) for index, stub in enumerate(scenario.answers) if not stub.is_as_ever]
        operations = self.meets(scenario) if any(stub.failure is None or stub.headers for _, stub in own) else []
        if len(operations) > MOST_REHEARSED:
            expected = f"at most {MOST_REHEARSED}, since each answer is tried on each"
            problem = f"a scenario that {len(operations)} operations could meet"
            return [Diagnostic("limit", "body", problem, expected, "/match", "Name the operation.")]
        wrong: list[Diagnostic] = []
        for index, stub in own:
            for operation in operations:
                deadline.check(deadline.current())
                wrong += self._of(index, stub, operation)
        return wrong or [*self._without_streams(scenario)]

    def _without_streams(self, scenario: Scenario) -> Iterator[Diagnostic]:
        """Yield findings about settings of streams where no answer is a stream.

        Without them a test could pass because nothing happens.
        """
        if any(stub.of_streams for stub in scenario.answers) and not any(map(_streams, self.meets(scenario))):
            for index, stub in enumerate(scenario.answers):
                for key in stub.of_streams:
                    expected = "one of an operation that answers with a stream"
                    yield Diagnostic(
                        "stream", "body", "an answer that is no stream", expected, f"/answers/{index}/{key}"
                    )

    def _of(self, index: int, stub: StubResponse, operation: Operation) -> Iterator[Diagnostic]:
        place, pointer = f"body (as an answer to {operation.key})", f"/answers/{index}"
        if stub.breaks == ContractBreak():
            return
        record = self._record(operation, stub)
        if stub.fixture is not None and record is None:
            expected = "the key of a record that the operation answers with"
            yield Diagnostic("fixture", place, repr(stub.fixture), expected, f"{pointer}/fixture")
            return
        try:
            answer = respond_by_scenario(self.selector, self._mock_request(operation, record), stub)
        except _CannotBePlayedError as error:
            yield Diagnostic("patch", place, str(error), "JSON", f"{pointer}/patch")
            return
        if answer.source is ResponseSource.PROBLEM:
            if stub.failure is not None:
                return  # the server's own problem document is not in the contract
            detail = json.loads(answer.body)["detail"]
            yield Diagnostic("no-answer", place, detail.rstrip("."), "an answer that the contract has", pointer)
            return
        for finding in (*self._validated(operation, stub, answer), *self._of_items(answer)):
            location = f"{place} {finding.location}"
            yield replace(finding, location=location, pointer=_pointed(pointer, stub, finding))
        yield from _astray(answer, stub, place, pointer, self._items(answer, stub))

    def _of_items(self, answer: Response) -> Iterator[Diagnostic]:
        if answer.stream is not None:
            yield from self.selector.streams.findings(self.validator, answer.stream, answer.status)

    def _items(self, answer: Response, stub: StubResponse) -> list[JSON]:
        """Return as many items of a stream as the scenario breaks something of; none of any other answer."""
        if answer.stream is None or stub.breaks is None:
            return []
        heads = [pointer_parts(pointer)[0] for pointer, _ in stub.breaks.members]
        last = max((int(head) for head in heads if head.isascii() and head.isdigit()), default=-1)
        return [*islice(self.selector.streams.items(answer.stream), min(last + 1, MOST_ITEMS))]

    def _validated(self, operation: Operation, stub: StubResponse, answer: Response) -> tuple[Diagnostic, ...]:
        if stub.failure is None or operation.response_for(answer.status) is not None:
            return self.validator.answer(operation.key, answer)
        return self.validator.failure(stub.failure, answer) if stub.failure in self.contract.extensions.failures else ()

    def _record(self, operation: Operation, stub: StubResponse) -> Record | None:
        """Return the record that the stub names, or one of those that may be asked for; None where there is none."""
        if operation.resource is None:
            return None
        if stub.fixture is not None:
            return self.store.get(operation.resource, stub.fixture)
        with contextlib.suppress(StoreLostError):
            return next(iter(self.store.records(operation.resource, RecordQuery(limit=1))), None)
        return None  # a generated record will do

    def _mock_request(self, operation: Operation, record: Record | None) -> MockRequest:
        kinds = self.contract.extensions.tokens
        kind = next((entry for entry in kinds if record is not None and entry.selects == record.resource), None)
        credentials = (
            Credentials(f"{kind.prefix}{record.handle}", kind, record.handle) if kind and record else Credentials()
        )
        return MockRequest(operation, Request(operation.method, operation.path), credentials, Preferences())


def _pointed(pointer: str, stub: StubResponse, finding: Diagnostic) -> str:
    """Return the pointer into the scenario of what a finding is about."""
    if finding.rule == "answer-header":
        return f"{pointer}/headers" if stub.headers else pointer
    part = "body" if stub.body else "patch" if stub.patch else ""
    return f"{pointer}/{part}{finding.pointer}" if part else pointer


def _astray(answer: Response, stub: StubResponse, place: str, pointer: str, items: list[JSON]) -> Iterator[Diagnostic]:
    """Yield findings for pointers of ``breaks`` that change nothing: a typing error must not make a test pass."""
    value = _value(answer) if answer.stream is None else [items]
    for target, replacement in stub.breaks.members if stub.breaks is not None else ():
        if not value or with_value_at(value[0], pointer_parts(target), replacement) == value[0]:
            expected = "a pointer into a JSON answer, to a place where it changes something"
            yield Diagnostic("pointer", place, repr(target), expected, f"{pointer}/breaks")


def _streams(operation: Operation) -> bool:
    """Tell whether an operation has an answer that is sent item by item."""
    return any(form_of(media.name) for response in operation.responses.values() for media in response.content)
