"""Records as answers of the operations that keep state, with the changes that the answer stands for."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from typing import TypeAlias
from urllib.parse import unquote

from mock_server.core.csv_cells import guarded_cell
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.identity_cache import IdentityCache
from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.media_types import essence_of
from mock_server.http.messages import Headers, Request, ResponseSource
from mock_server.mocking.events.related_lists import RelatedLists
from mock_server.mocking.mock_request import MockRequest, NegotiatedRequest
from mock_server.mocking.sources.source import Selected
from mock_server.openapi.model import Contract, Header, ResponseSpec
from mock_server.openapi.validation.request_bodies import MalformedError, content_type_of, read_multipart
from mock_server.settings import Settings
from mock_server.storage import Record, Store
from mock_server.worlds.state.effects.member_changes import placed
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.list_envelope import ListEnvelope
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.listing.page_links import link_header
from mock_server.worlds.state.outcome import Outcome, StateRequest
from mock_server.worlds.state.resource_state import StateModel
from mock_server.worlds.state.state_engine import StateEngine
from mock_server.worlds.state.upload import Upload
from mock_server.worlds.state.world_records import WorldRecords

BodyReader: TypeAlias = Callable[[str, Request], JSON]
"""Return what the body of a request to an operation, named by its key, means; None where it has none."""
_GONE = ("deleted", "is_deleted", "success", "ok", "removed")
"""Members of an answer to a deletion that say that it is done."""


class StatefulSource:
    """Answers from records where the operation keeps state and the request prefers nothing else."""

    def __init__(
        self,
        contract: Contract,
        store: Store,
        settings: Settings,
        schemas: SchemaDocument,
        body_value: BodyReader,
        *,
        is_strict: bool,
    ) -> None:
        self._store = store
        self._schemas = schemas
        self._settings = settings
        self._body_value = body_value
        self._is_strict = is_strict
        self._envelopes: IdentityCache[ListEnvelope] = IdentityCache()
        self.engine = StateEngine(StateModel(contract, store, schemas, settings))

    def outcome(self, request: MockRequest) -> Outcome | None:
        """Return what comes of a request in its world; None where its operation keeps no state.

        Raises :class:`RefusedError`, :class:`GenerationError` and :class:`StoreError`.
        """
        operation = self.engine.operation(request.operation.key)
        if operation is None or request.world is None:
            return None
        sent = request.request
        state_request = StateRequest(
            operation,
            {name: unquote(text) for name, text in request.path_parameters.items()},
            sent.query,
            self._body_value(request.operation.key, sent) if sent.body else None,
            essence_of(sent.header("content-type") or ""),
            request.world.now(),
            request.credentials.token or "",
            self._is_strict,
            request.world.name,
            _upload(sent),
            request.callers,
            request.credentials.kind,
        )
        return self.engine.outcome(state_request, request.world.store(self._store))

    def passed(self, request: MockRequest) -> tuple[str, ...]:
        """Return the resources on which an operation depends that keeps no state itself: of the records on its path.

        Raises :class:`RefusedError` for one that is not there, and :class:`StoreError`.
        """
        if request.world is None:
            return ()
        path = {name: unquote(text) for name, text in request.path_parameters.items()}
        records = request.world.store(self._store)
        return self.engine.passed(request.operation.key, path, records, is_strict=self._is_strict)

    def record(self, request: MockRequest) -> Mapping[str, JSON] | None:
        """Return the record that a request is about, as its world has it now; None where there is none.

        Raises :class:`StoreError`.
        """
        if request.world is None:
            return None
        path = {name: unquote(text) for name, text in request.path_parameters.items()}
        caller = request.credentials.token or ""
        return self.engine.record(request.operation.key, path, caller, request.world.store(self._store))

    def response(self, outcome: Outcome, request: MockRequest) -> tuple[ResponseSpec, int] | None:
        """Return the documented response that fits best, and its status; None for the usual one."""
        for status in outcome.statuses:
            response = request.operation.responses.get(str(status))
            if response is not None:
                return response, status
        if not any(status[:1] in "23" or status == "default" for status in request.operation.responses):
            return ResponseSpec("200"), 200  # only failures are documented, and it is none
        return None

    def too_short(self, outcome: Outcome, request: NegotiatedRequest) -> Diagnostic | None:
        """Return the finding that a page has fewer records than the contract lets the answer have; None if it has not.

        No record can be added to it, so that such an answer has to come from elsewhere.
        """
        operation = self.engine.operation(request.operation.key)
        if outcome.page is None or operation is None or operation.view is None:
            return None
        pointer, reader = operation.view.pointer, self.engine.model.reader
        least = reader.resolved(reader.at(request.media.schema, pointer)).get("minItems")
        count = len(outcome.page.records)
        if not isinstance(least, (int, float)) or count >= least:
            return None
        remedy = "The answer is made up. Create more records, or lower minItems."
        place, expected = f"answer body {pointer}".rstrip(), f"at least {least:g} of them (minItems)"
        return Diagnostic("state", place, f"{count} records to list", expected, pointer, remedy, "warning")

    def selected(self, outcome: Outcome, request: NegotiatedRequest) -> Selected:
        """Return the body of an answer; raises :class:`GenerationError` where there is no valid one."""
        assert request.world is not None
        world = WorldRecords(self.engine.model, outcome.records or request.world.store(self._store))
        told = {parts: self._told(parts, value, request, world) for parts, value in outcome.answer}
        if () in told:
            return Selected(told[()], ResponseSource.STATE, reads=(*world.reads,))
        selected = self._shown(outcome, request, world, told)
        body = selected.value
        for parts, value in told.items():
            body = placed(body, parts, value)
        return replace(selected, value=body) if told else selected

    def _told(
        self, parts: tuple[str, ...], value: JSON | Record, request: NegotiatedRequest, world: WorldRecords
    ) -> JSON:
        """Return what data says that an answer has; a record as the schema at its place shows it."""
        if not isinstance(value, Record):
            return value
        model = self.engine.model
        state = model.resource(value.resource)
        schema = model.reader.at(request.media.schema, pointer_of(*parts))
        lists = RelatedLists(model, value.resource, schema)
        return state.view_by(schema).shown(lists.filled(state.derived(value), world), world.embedded)

    def _shown(
        self,
        outcome: Outcome,
        request: NegotiatedRequest,
        world: WorldRecords,
        told: Mapping[tuple[str, ...], JSON],
    ) -> Selected:
        """Return the answer that shows what the outcome has; with what is ``told`` where it shows no record."""
        operation = self.engine.operation(request.operation.key)
        assert operation is not None
        view = operation.view
        state = self.engine.model.resource(operation.resource.name)
        if outcome.page is not None:
            if operation.verb == "export":
                return Selected(_csv(outcome.page.records), ResponseSource.STATE)
            pointer = view.pointer if view is not None else ""
            record_view = state.view(request.media, pointer, is_list=True)
            items = [record_view.shown(state.derived(record), world.embedded) for record in outcome.page.records]
            envelope = self._envelope(request, pointer)
            body = envelope.body(items, outcome.page, self._url(request))
            return Selected(body, ResponseSource.STATE, reads=(*world.reads,))
        if outcome.record is not None and view is not None and not view.is_list:
            record_view = state.view(request.media, view.pointer, is_list=False)
            record = record_view.shown(state.derived(outcome.record), world.embedded)
            if not view.pointer:
                return Selected(record, ResponseSource.STATE, reads=(*world.reads,))
            whole = self._around(request, {view.pointer: record})
            return Selected(whole, ResponseSource.STATE, reads=(*world.reads,))
        pins = {pointer_of(*parts): value for parts, value in told.items()}
        return Selected(self._acknowledged(outcome, request, pins), ResponseSource.STATE, reads=(*world.reads,))

    def headers(self, outcome: Outcome, request: MockRequest, response: ResponseSpec) -> Headers:
        """Return the headers that tell where a record is, or where the other pages are, if the contract has them."""
        documented = {header.name.lower(): header for header in response.headers}
        assert request.world is not None
        base = f"{request.request.origin}{request.world.prefix}"
        headers: list[tuple[str, str]] = []
        if outcome.location and ("location" in documented or outcome.statuses[:1] == (201,)):
            headers.append(("Location", f"{base}{outcome.location}"))
        if outcome.page is not None and "link" in documented:
            links = self._links(outcome.page, self._url(request), documented["link"])
            headers += [("Link", links)] if links else []
        return tuple(headers)

    def _links(self, page: Page, url: str, header: Header) -> str | None:
        """Return the value of ``Link``; None where there is no other page, or none that the contract takes."""
        links = link_header(page, url)
        if not header.required:
            return links
        # RFC 8288: where there is no other page, a page may still link to itself.
        candidates = [links, *(f'<{url}>; rel="{relation}"' for relation in ("self", "current", "first"))]
        node = self._schemas.root(True if header.schema is None else header.schema)
        return next((candidate for candidate in candidates if candidate and node.accepts(candidate)), None)

    @staticmethod
    def settled(outcome: Outcome, response: ResponseSpec) -> frozenset[str]:
        """Return the names of headers that records decide on, in lower case: an example of one says nothing."""
        required = {header.name.lower() for header in response.headers if header.required}
        return frozenset({"link"} - required if outcome.page is not None else ())

    def _envelope(self, request: NegotiatedRequest, pointer: str) -> ListEnvelope:
        """Return the envelope of a list, made once for each media type."""
        envelope = self._envelopes.get(request.media)
        if envelope is None:
            schema: JSON = True if request.media.schema is None else request.media.schema
            draw = SeedKey(self._settings.seed, request.operation.key, "envelope")
            filled = not self._settings.no_fill_properties
            new_envelope = ListEnvelope(
                self._schemas, self.engine.model.reader, schema, pointer, draw, fill_properties=filled
            )
            envelope = self._envelopes.keep(new_envelope, request.media)
        return envelope

    @staticmethod
    def _url(request: MockRequest | NegotiatedRequest) -> str:
        """Return the URL of a request, with its query."""
        sent, prefix = request.request, request.world.prefix if request.world is not None else ""
        return f"{sent.origin}{prefix}{sent.raw_path or sent.path}" + (f"?{sent.query}" if sent.query else "")

    def _acknowledged(self, outcome: Outcome, request: NegotiatedRequest, told: Mapping[str, JSON]) -> JSON:
        """Return an answer that shows no record, with the key in it and that it is done, and what is ``told``."""
        pins: dict[str, JSON] = {}
        members = self.engine.model.reader.shape(request.media.schema).members
        if outcome.record is not None:
            for name in members:
                value = outcome.record.value.get(name)
                if value is not None and self._schemas.root(members[name]).accepts(value):
                    pins[pointer_of(name)] = value
        for name in _GONE:
            if name in members and self._schemas.root(members[name]).accepts(True):
                pins[pointer_of(name)] = True
        pins |= told
        return self._around(request, pins)

    def _around(self, request: NegotiatedRequest, pins: Mapping[str, JSON]) -> JSON:
        draw = SeedKey(self._settings.seed, request.operation.key, request.identity)
        schema: JSON = True if request.media.schema is None else request.media.schema
        return generate(schema, draw, self._schemas, pins=pins, complete=True, exemplary=True)


def _upload(request: Request) -> Upload | None:
    """Return the file of a form that has exactly one."""
    content_type, parameters = content_type_of(request.header("content-type") or "")
    if content_type != "multipart/form-data":
        return None
    try:
        parts = [part for part in read_multipart(request.body, parameters) if part.is_file]
    except MalformedError:  # requests are not always judged
        return None
    if len(parts) != 1:
        return None
    return Upload(parts[0].name, parts[0].filename, len(parts[0].data), essence_of(parts[0].content_type))


def _csv(records: Sequence[Record]) -> str:
    """Return records as CSV (RFC 4180), a column for each member that is a scalar."""
    names = dict.fromkeys(
        name for record in records for name, value in record.value.items() if not isinstance(value, (dict, list))
    )
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(map(guarded_cell, names))
    writer.writerows([_cell(record.value.get(name)) for name in names] for record in records)
    return text.getvalue()


def _cell(value: JSON) -> str:
    return guarded_cell(value) if isinstance(value, str) else text_of(value)
