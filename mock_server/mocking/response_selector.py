"""Response selection: how a request to an operation, or a failure, gets its answer.

The body comes from the first of the sources in :mod:`mock_server.mocking.sources` that has one: what ``Prefer`` asks
for, or a scenario in its place; then a fixture, then an example of the contract, then generated data, which uses the
examples and defaults of schemas first. This module does not check whether the answer is valid against the contract; the
engine has it validated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError, StoreError
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.types import JSON
from mock_server.generation.media_examples import Examples
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.variants import Variant
from mock_server.http.body_serializers import SerializedBody, serialize_body
from mock_server.http.messages import Headers, Request, Response, ResponseSource
from mock_server.http.preferences import Preferences
from mock_server.http.problem_details import problem_response, store_problem_response
from mock_server.mocking.answer_form import AnswerForm, AnswerForms
from mock_server.mocking.callers import Callers, selects_records
from mock_server.mocking.events.answer_callbacks import AnswerCallbacks, messages_of
from mock_server.mocking.mock_request import (
    CannotHonourError,
    MockRequest,
    NegotiatedRequest,
    NotAcceptableError,
    no_such_example,
)
from mock_server.mocking.record_factory import RecordFactory
from mock_server.mocking.redelivery import Redeliveries
from mock_server.mocking.response_headers import ResponseHeaders
from mock_server.mocking.sources.body_schemas import BodySchemas
from mock_server.mocking.sources.example import ExampleSource
from mock_server.mocking.sources.fixture import FixtureSource
from mock_server.mocking.sources.generated import GeneratedSource
from mock_server.mocking.sources.named_example import NamedExampleSource
from mock_server.mocking.sources.source import BodySource, Selected
from mock_server.mocking.sources.variant import VariantSource, no_such_variant
from mock_server.mocking.streams import StreamItems, Streams
from mock_server.mocking.validation_failures import ValidationFailures
from mock_server.openapi.effects.steps import plans_later
from mock_server.openapi.model import Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.security import Credentials
from mock_server.plugins import registry
from mock_server.settings import Settings
from mock_server.storage import PendingRecords, Record, RecordChange, Store
from mock_server.worlds.state.refusal import RefusedError

if TYPE_CHECKING:
    from mock_server.mocking.due_steps import DueSteps, Writer
    from mock_server.mocking.events.event_recorder import EventRecorder
    from mock_server.mocking.sources.stateful import BodyReader, StatefulSource
    from mock_server.worlds.events.outbox import Outbox
    from mock_server.worlds.state.effects.effects import LaterOutcome
    from mock_server.worlds.state.outcome import Outcome
    from mock_server.worlds.state.state_engine import StateEngine
    from mock_server.worlds.world import World


class ResponseSelector:
    """Chooses the answers of one contract, from one store and the records that a world has in addition to it."""

    def __init__(
        self,
        contract: Contract,
        store: Store,
        settings: Settings,
        schemas: SchemaDocument | None = None,
        body_value: BodyReader | None = None,
    ) -> None:
        self._contract = contract
        self.store = store
        """The records that every world starts with."""
        self._settings = settings
        self._schemas = schemas or SchemaDocument(contract.document, contract.openapi)
        self._examples = Examples(contract, self._schemas)
        self._headers = ResponseHeaders(self._schemas, settings.seed)
        self.streams = Streams(contract, self._schemas, settings)
        """Sources of the items of streams."""
        self._forms = AnswerForms(self.streams)
        self._written: dict[tuple[int, str], tuple[JSON, SerializedBody]] = {}
        """Encoded bodies of examples, by the ``id`` of the value and the media type."""
        self.failures = ValidationFailures(contract, settings, self._schemas, self._examples, self._headers)
        """The answers to requests that cannot be served as they are."""
        self.factories = {
            name: RecordFactory(contract, resource, self._schemas, fill_properties=not settings.no_fill_properties)
            for name, resource in contract.extensions.resources.items()
        }
        """The makers of the records of ``x-mock-resources``, by name."""
        self._bodies = BodySchemas()
        self._variants = VariantSource(self._schemas, self._bodies, settings)
        self._fixtures = fixtures = FixtureSource(contract, store, self.factories)
        examples = ExampleSource(self._examples, fixtures, settings)
        self._generated = GeneratedSource(self._schemas, self._bodies, settings, self.factories, fixtures, examples)
        named_examples = NamedExampleSource(self._examples, self._generated)
        plugins = [make(contract, store, settings) for make in registry().sources.values()]
        self._has_plugins = bool(plugins)
        self._sources: tuple[BodySource, ...] = (named_examples, self._variants, *plugins, fixtures, examples)
        """The links of the chain in their order; where none of them has a body, it is generated."""
        mode = settings.state or contract.extensions.state
        self._body_value = None if mode == "off" else body_value
        """What reads bodies for operations that keep state; None where they keep none."""
        self._is_strict = mode == "strict"
        self._callbacks = AnswerCallbacks(contract)
        self._redeliveries = Redeliveries(contract, store)
        self._outbox: Outbox | None = None

    @property
    def outbox(self) -> Outbox | None:
        """What plans the deliveries of events; None where events are kept alone."""
        return self._outbox

    @outbox.setter
    def outbox(self, outbox: Outbox | None) -> None:
        self._outbox = outbox
        if "_state" in self.__dict__:
            self._state.engine.model.computed = {} if outbox is None else outbox.computed

    @cached_property
    def _state(self) -> StatefulSource:
        """Answers from what worlds remember. Made at first use: its modules take a tenth of a second to import."""
        with LATE_IMPORTS:
            from mock_server.mocking.sources.stateful import StatefulSource

        assert self._body_value is not None
        source = StatefulSource(
            self._contract, self.store, self._settings, self._schemas, self._body_value, is_strict=self._is_strict
        )
        source.engine.model.computed = {} if self._outbox is None else self._outbox.computed
        return source

    def prepare(self) -> None:
        """Work out what requests need to know of the operations that keep state, before one comes.

        It takes 30 ms of a contract with 200 operations, and 60 ms to import what answers them.
        """
        operations = self._contract.operations.values()
        is_asked = self._body_value is not None and any(operation.resource is None for operation in operations)
        if is_asked and self._keeping:
            self._state  # noqa: B018

    @property
    def state(self) -> StateEngine | None:
        """What answers from records; None where operations keep no state."""
        return None if self._body_value is None else self._state.engine

    def callers(self, credentials: Credentials, world: World) -> tuple[Record, ...]:
        """Return the records of a world that a token selects, where data says who owns what.

        Raises :class:`UnknownTokenError` for a token that nothing has, and :class:`StoreError`.
        """
        if self._body_value is None or not selects_records(self._contract, credentials):
            return ()
        return self._callers.records(credentials, world)

    @cached_property
    def _callers(self) -> Callers:
        model, seed = self._state.engine.model, self._settings.seed
        return Callers(model, self.store, self.factories, seed, is_strict=self._is_strict)

    def due_steps(self, write: Writer) -> DueSteps | None:
        """Return what takes steps of effects when their time has come; None where the contract has none for later."""
        operations = self._contract.operations.values()
        if self._body_value is None or not any(plans_later(operation.effects) for operation in operations):
            return None
        from mock_server.mocking.due_steps import DueSteps

        return DueSteps(self._state.engine.model, write, self._told_later, is_strict=self._is_strict)

    def _told_later(self, outcome: LaterOutcome, world: World) -> Sequence[RecordChange]:
        """Return the rows of the events of steps whose time has come. Raises :class:`StoreError`."""
        records, outbox = world.store(self.store), self.outbox
        rows = self.events.of_changes(outcome.changes, outcome.sends, world, records, outbox, outcome.due)
        return outbox.spoilt(rows, outcome.faults) if outbox is not None and outcome.faults else rows

    @cached_property
    def events(self) -> EventRecorder:
        """What tells of changes of records as events; only where operations keep state."""
        from mock_server.mocking.events.event_recorder import EventRecorder

        return EventRecorder(self._state.engine.model)

    def _may_keep_state(self, request: MockRequest) -> bool:
        """Tell whether a request may be answered from records: not where it prefers something else.

        An operation that keeps none depends on records only where some may be missing.
        """
        world = request.world
        if self._body_value is None or world is None or request.operation.resource is not None:
            return False
        if request.preferences.is_of_the_answer:
            return False
        return request.operation.key in self._keeping or self._is_strict or world.store(self.store) is not self.store

    @cached_property
    def _keeping(self) -> frozenset[str]:
        """The operations that keep state, by their keys; to know them takes much less than to answer for them."""
        from mock_server.worlds.state.operations import stateful_operations

        return frozenset(stateful_operations(self._contract))

    def keeps_record(self, operation: Operation) -> bool:
        """Tell whether there may be a record that requests to an operation are about (see :meth:`record`)."""
        if operation.resource is not None:
            return operation.resource in self.factories
        return self._body_value is not None and self._state.engine.names_record(operation.key)

    def record(self, request: MockRequest) -> Mapping[str, JSON] | None:
        """Return the record that a request is about, as it is now: the last that its path names, or the caller's own.

        None where there is none, also where the store does not answer: the answer of the request will say so.
        """
        with suppress(StoreError):
            if request.operation.resource is not None:
                record = self._fixtures.of_caller(request)
                return None if record is None else record.value
            if self._body_value is not None and request.world is not None:
                return self._state.record(request)
        return None

    def answer(self, mock_request: MockRequest) -> Response:
        """Return the answer to a valid request.

        Where no answer can be made, return a problem document (500 without a value, the store's own status, or that of
        a preference that cannot be met), or the contract's answer to a 406.
        """
        form: AnswerForm | None = None
        try:
            outcome: Outcome | None = None
            passed: tuple[str, ...] = ()
            again: Sequence[RecordChange] = ()
            if self._may_keep_state(mock_request):
                outcome = self._state.outcome(mock_request)
                passed = self._state.passed(mock_request) if outcome is None else ()
                again = self._redeliveries.changes(mock_request, self._outbox)
            fitting = None if outcome is None else self._state.response(outcome, mock_request)
            form = self._forms.of(mock_request, fitting)
            if form.answer is not None and outcome is None and not passed and not again:
                return self._with_outcome(form.answer, None, mock_request, form.response)
            response, status, choice = form.response, form.status, form.choice
            if choice is None:
                if mock_request.preferences.variant is not None:
                    raise no_such_variant(mock_request, response, 0)
                headers = self._headers.written(response, "", mock_request.identity)
                bare = Response(status, headers, source=ResponseSource.CONTRACT, reads=passed, changes=(*again,))
                return self._with_outcome(bare, outcome, mock_request, response)
            if form.stream is not None:
                return self._streamed(mock_request, status, choice.content_type, form.stream)
            media = response.content[choice.index]
            selection = self._selected(NegotiatedRequest(mock_request, response, media), outcome)
            headers = self._headers.written(response, selection.example, mock_request.identity)
        except RefusedError as error:
            refused = self.failures.answer(error.failure, mock_request.operation, error.findings, about=error.about)
            return replace(refused, reads=error.reads, notes=error.findings)
        except GenerationError as error:
            where = mock_request.operation.key if form is None else f"{mock_request.operation.key} {form.status}"
            return problem_response("no-answer", 500, f"{where}: {error}")
        except StoreError as error:
            return store_problem_response(error)
        except CannotHonourError as error:
            return problem_response("preference", error.status, str(error))
        except NotAcceptableError as error:
            expected = "one that takes " + " or ".join(dict.fromkeys(error.names))
            finding = Diagnostic("accept", "header accept", mock_request.accept, expected)
            return replace(self.failure("not_acceptable", mock_request.operation, (finding,)), notes=(finding,))
        body = self._encoded(selection, choice.content_type, media)
        headers = (("content-type", body.content_type), *headers)
        # Another Accept may get another media type (RFC 9110, 12.5.5).
        if len(response.content) > 1 and not any(name.lower() == "vary" for name, _ in headers):
            headers = (*headers, ("Vary", "Accept"))
        answer = Response(
            status,
            headers,
            body.data,
            ResponseSource.STATE if again else selection.source,
            validated=body.validated,
            findings=selection.findings,
            notes=selection.notes,
            sought=selection.sought,
            reads=passed or selection.reads,
            changes=(*again,),
        )
        if outcome is None and self._is_settled(mock_request, answer, selection, form):
            form.answer = answer
        try:
            return self._with_outcome(answer, outcome, mock_request, response)
        except StoreError as error:
            return store_problem_response(error)

    def _is_settled(self, mock_request: MockRequest, answer: Response, selection: Selected, form: AnswerForm) -> bool:
        """Tell whether an answer from an example is the same for all requests of its form.

        A plugin's source may have another one the next time, and some headers are generated for each caller.
        """
        return (
            answer.source is ResponseSource.EXAMPLE
            and not (answer.reads or answer.changes or self._has_plugins)
            and not mock_request.preferences.is_of_the_answer
            and self._headers.are_stated(form.response, selection.example)
        )

    def _with_outcome(
        self, answer: Response, outcome: Outcome | None, mock_request: MockRequest, response: ResponseSpec
    ) -> Response:
        """Return an answer with what comes of the request beside it: changes, events, headers, what it depends on.

        Raises :class:`StoreError`.
        """
        if outcome is not None:
            own = self._state.headers(outcome, mock_request, response)
            names = {name.lower() for name, _ in own} | self._state.settled(outcome, response)
            headers = (*(line for line in answer.headers if line[0].lower() not in names), *own)
            answer = replace(
                answer,
                headers=headers,
                source=ResponseSource.STATE,
                changes=(*answer.changes, *outcome.changes, *self._events_of(outcome, mock_request)),
                reads=(*dict.fromkeys((*outcome.reads, *answer.reads)),),
                record=outcome.origin,
                notes=(*answer.notes, *outcome.findings),
            )
        called_back = self._called_back(answer, outcome, mock_request)
        return replace(answer, changes=(*answer.changes, *called_back)) if called_back else answer

    def _events_of(self, outcome: Outcome, mock_request: MockRequest) -> Sequence[RecordChange]:
        """Return the rows of the events that tell of what comes of a request. Raises :class:`StoreError`."""
        world = mock_request.world
        if world is None or not (outcome.changes or outcome.sends):
            return ()
        return self.events.of_outcome(outcome, world, world.store(self.store), self.outbox)

    def _called_back(
        self, answer: Response, outcome: Outcome | None, mock_request: MockRequest
    ) -> Sequence[RecordChange]:
        """Return the rows of the callbacks that follow an answer. Raises :class:`StoreError`."""
        world, sent = mock_request.world, mock_request.request
        callbacks = () if self._body_value is None else self._callbacks.after(mock_request, answer)
        if not callbacks or world is None or self._body_value is None:
            return ()
        body = self._body_value(mock_request.operation.key, sent) if sent.body else None
        record = None if outcome is None else outcome.record
        records = PendingRecords(world.store(self.store), answer.changes)
        messages = messages_of(mock_request, answer, body)
        return self.events.of_callbacks(callbacks, messages, record, world, records, self.outbox)

    def _streamed(self, mock_request: MockRequest, status: int, content_type: str, source: StreamItems) -> Response:
        """Return the answer whose body is a stream.

        The first item is made here, so that a stream whose items cannot be made raises before anything is sent. Raises
        :class:`CannotHonourError` for ``items`` outside the bounds of the sequence.
        """
        preferences = mock_request.preferences
        items, name, findings = self._given(mock_request, source)
        low, high = source.sequence.least, source.sequence.most
        if preferences.items is not None and (
            preferences.items < low or (high is not None and preferences.items > high)
        ):
            bounds = f"from {low} up" if high is None else f"from {low} to {high}"
            raise CannotHonourError(f"Found the preference items={preferences.items}; expected {bounds}.", 400)
        is_dynamic = mock_request.is_dynamic(by_default=self._settings.dynamic)
        alone = 1 if status >= 400 and items is None and low < 2 else None  # what went wrong is said once
        stream = self.streams.stream(
            source,
            self._settings.seed if preferences.seed is None else preferences.seed,
            mock_request.identity,
            items=items,
            count=alone if preferences.items is None else preferences.items,
            interval=preferences.interval,
            is_exemplary=not is_dynamic and preferences.seed is None,
        )
        # An item that cannot be made raises here, while another answer can still be sent.
        next(self.streams.items(stream), None)
        headers = self._headers.written(source.response, name or "", mock_request.identity)
        if len(source.response.content) > 1 and not any(name.lower() == "vary" for name, _ in headers):
            headers = (*headers, ("Vary", "Accept"))
        typed = (("content-type", source.framing.content_type(content_type)), *headers)
        return Response(
            status,
            typed,
            source=ResponseSource.GENERATED if name is None else ResponseSource.EXAMPLE,
            findings=findings,
            stream=stream,
        )

    def _given(
        self, mock_request: MockRequest, source: StreamItems
    ) -> tuple[tuple[JSON, ...] | None, str | None, tuple[Diagnostic, ...]]:
        """Return the items that an example or a variant gives, the name of the example, and findings about the example.

        The items and the name are None where the items have to be generated. Raises :class:`CannotHonourError` for an
        example or a variant that does not exist.
        """
        preferences, examples = mock_request.preferences, source.examples
        if preferences.variant is not None:
            variant = self._variants.variant(mock_request, source.response, source.media)
            return self.streams.items_of(variant.value, source.sequence), None, ()
        if preferences.example is not None:
            if preferences.example not in source.media.examples:
                raise no_such_example(preferences.example, source.response)
            name = preferences.example
        elif not source.media.examples or preferences.dynamic or preferences.seed is not None or self._settings.dynamic:
            return None, None, ()
        else:
            first = "" if "" in source.media.examples else next(iter(source.media.examples))
            # Where the first example is not valid, another takes its place, with the finding about the first.
            name = first if first in examples else next(iter(examples), first)
        findings = (source.findings[name],) if name in source.findings else ()
        return (examples[name], name, findings) if name in examples else (None, None, findings)

    def _encoded(self, selection: Selected, content_type: str, media: MediaType) -> SerializedBody:
        """Return the encoded body of a value.

        The body of an example never changes, so it is encoded once and remembered.
        """
        is_example = selection.source is ResponseSource.EXAMPLE
        key = (id(selection.value), content_type)
        known = self._written.get(key) if is_example else None
        if known is not None and known[0] is selection.value:
            return known[1]
        is_authored = is_example or selection.source is ResponseSource.FIXTURE
        body = serialize_body(
            selection.value, content_type, self._bodies.of(media), self._contract.resolve, is_authored=is_authored
        )
        if is_example:
            self._written[key] = (selection.value, body)
        return body

    def failure(
        self,
        name: str,
        operation: Operation | None,
        findings: tuple[Diagnostic, ...] = (),
        headers: Headers = (),
        example: str | None = None,
    ) -> Response:
        """Return the contract's own answer to a failure (see :class:`ValidationFailures`)."""
        return self.failures.answer(name, operation, findings, headers, example)

    def _selected(self, request: NegotiatedRequest, outcome: Outcome | None = None) -> Selected:
        """Return the body of the response: of what came of the request, or from the first source that has one."""
        if outcome is not None:
            finding = self._state.too_short(outcome, request)
            made_up = None if finding is None else replace(self._selected(request), notes=(finding,))
            return made_up or self._state.selected(outcome, request)
        for source in self._sources:
            selected = source.select(request)
            if selected is not None:
                return selected
        return self._generated.select(request)

    def variants(self, operation: Operation) -> list[Variant]:
        """Return the variants of the answer that an operation gives to a request without preferences.

        Raises :class:`GenerationError` where no answer can be made.
        """
        mock_request = MockRequest(operation, Request(operation.method, operation.path), Credentials(), Preferences())
        form = self._forms.of(mock_request)
        response, choice = form.response, form.choice
        return (
            [] if choice is None else self._variants.listed(operation, response, response.content[choice.index], None)
        )
