"""Records of a resource: generated, made of what was sent, and changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import InferredResource
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.making.changes import Manner, RecordChanges
from mock_server.worlds.state.making.draft import Draft, hidden_of, read_only
from mock_server.worlds.state.making.member_draws import Filling
from mock_server.worlds.state.making.record_builder import RecordBuilder
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.making.record_keys import RecordKeys
from mock_server.worlds.state.making.record_shapes import RecordShape
from mock_server.worlds.state.making.record_view import RecordView
from mock_server.worlds.state.making.request_members import RequestMembers, is_read_only
from mock_server.worlds.state.making.seeded_members import seeded
from mock_server.worlds.state.making.time_members import TimeMembers

Scope = Mapping[str, str]


class RecordMaker:
    """Makes the records of one resource; whoever needs it keeps it, since it works out much at first use.

    ``seed``, the resource, the parents and the key decide all that is generated. ``fill`` levels of objects have their
    optional members.
    """

    def __init__(
        self,
        contract: Contract,
        resource: InferredResource,
        schemas: SchemaDocument,
        reader: ShapeReader,
        seed: int,
        fill_properties: bool = True,
        fill: int = FULL,
    ) -> None:
        self.form = RecordForm.of(contract, resource, schemas, reader, seed, Filling(fill, fill_properties))
        self._requests: dict[int, tuple[JSON, RequestMembers]] = {}
        self._views: dict[int, tuple[JSON, RecordView]] = {}

    def keys(self, member: str | None = None) -> RecordKeys:
        """Return what draws keys of new records: of a member, or else of the key by which records are kept."""
        primary = self.form.primary
        return self.form.keys(member if member is not None else primary.member if primary is not None else "")

    def times(self, value: Mapping[str, JSON]) -> TimeMembers:
        """Return which members of a record are times, and how they are written."""
        return self.form.times(self.form.shape_of(value))

    def view(self, schema: JSON) -> RecordView:
        """Return what shows records by a schema of the contract."""
        entry = self._views.get(id(schema))
        if entry is None or entry[0] is not schema:
            entry = self._views[id(schema)] = (schema, RecordView(self.form, schema))
        return entry[1]

    def generated(self, key_text: str, scope: Scope, pins: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
        """Return the generated record of a key, always the same one.

        ``pins`` are values by JSON Pointer that it has to have; one that the schema refuses is left out. Raises
        :class:`ViewError` where nothing is valid.
        """
        form, pinned = self.form, pins or {}
        draw = form.draw(key_text, scope)
        known = {pointer_parts(pointer)[0]: value for pointer, value in pinned.items() if pointer.count("/") == 1}
        shape = form.shape_of(known, draw)
        deeper = {pointer: value for pointer, value in pinned.items() if pointer.count("/") > 1}
        builder = RecordBuilder(form, shape, draw, pins={**deeper, **self._embedded(shape, known)})
        self._identify(builder, shape, key_text)
        for name, otherwise in seeded(form, shape).items():
            if name in builder.value or (name in known and builder.take(name, known[name])):
                continue
            if otherwise is not None and not any(pin.startswith(f"/{name}/") for pin in deeper):
                builder.put(name, otherwise)
            else:
                builder.generate(shape.members[name])
        return builder.finished()

    def created(
        self,
        sent: Mapping[str, JSON],
        request_schema: JSON,
        key_text: str,
        scope: Scope,
        now: float,
        references: Mapping[str, JSON] | None = None,
        is_form: bool = False,
    ) -> Draft:
        """Return the draft of a new record, of the body of a request.

        ``request_schema`` is that of the body, None for none; ``now`` is in seconds since 1970; ``references`` are
        members that the server knows: relations, and records shown inside. ``is_form`` takes an empty text for nothing
        where the answer does. Raises :class:`ViewError` where no record can be shown.
        """
        form = self.form
        request = self._request(request_schema).form(sent)
        sent = form.respelt(sent)
        if is_form:
            sent = {name: value for name, value in sent.items() if value != "" or form.shows_empty(name)}
        draw = form.draw(key_text, scope)
        known = {**request.defaults, **(references or {}), **sent}
        shape = form.shape_of(known, draw)
        builder = RecordBuilder(form, shape, draw, now)
        builder.sent = sent
        self._identify(builder, shape, key_text)
        for name, value in (references or {}).items():
            if name in shape.members and name not in builder.value:
                builder.take(name, value)
        builder.forget()
        fixed = form.fixed(shape, request)
        for name, otherwise in form.plan(shape, request).items():
            if name in builder.value:
                if name in sent and sent[name] != builder.value[name]:
                    builder.findings.append(read_only(pointer_of(name)))
            elif name in sent and name not in fixed and builder.take(name, sent[name]):
                continue
            else:
                source = form.sources.get(name)
                builder.put(name, otherwise, sent.get(source, builder.value.get(source)) if source else None)
        for name, value in sent.items():
            if name not in shape.members:
                builder.take(name, value)
            elif name in fixed and name not in builder.value:
                builder.unshown[name] = value
        builder.put_further(request)
        value = builder.finished()
        return Draft(value, hidden_of(scope, builder.unshown), tuple(builder.findings))

    def updated(
        self,
        record: Record,
        sent: JSON,
        manner: Manner,
        request_schema: JSON,
        now: float,
        is_form: bool = False,
    ) -> Draft:
        """Return the draft of a changed record.

        ``sent`` is the body: an object, or a list of operations for ``json-patch``. ``is_form`` merges ``metadata``
        member by member, and takes an empty text as nothing, as Stripe does. Raises :class:`PatchError` for a JSON
        Patch that cannot be applied, :class:`ViewError` where no record can be shown.
        """
        body = cast("Mapping[str, JSON]", sent) if isinstance(sent, dict) else {}
        request = self._request(request_schema).form(body)
        spelt = {**self.form.respelt(body)} if isinstance(sent, dict) else sent
        return RecordChanges(self.form, record, request).draft(spelt, manner, now, is_form=is_form)

    def key_sent(self, sent: Mapping[str, JSON], request_schema: JSON) -> str | None:
        """Return the key that the body of a request has for a new record as text; None where the server draws it."""
        primary, body = self.form.primary, sent
        sent = self.form.respelt(sent)
        if primary is None or primary.member not in sent:
            return None
        request = self._request(request_schema).form(body)
        shape = self.form.shape_of(sent)
        member = shape.members.get(primary.member)
        if primary.member not in request.names and (request.names or (member is not None and is_read_only(member))):
            return None
        text = text_of(sent[primary.member])
        is_valid = member is None or member.accepts(member.typed(text))
        return text if text and is_valid else None

    def _request(self, schema: JSON) -> RequestMembers:
        entry = self._requests.get(id(schema))
        if entry is None or entry[0] is not schema:
            entry = self._requests[id(schema)] = (
                schema,
                RequestMembers(self.form.requests, schema, self.form.spelling),
            )
        return entry[1]

    def _identify(self, builder: RecordBuilder, shape: RecordShape, key_text: str) -> None:
        primary = self.form.primary
        if primary is not None and not primary.is_hidden and primary.member in shape.members:
            builder.value[primary.member] = shape.members[primary.member].typed(key_text)

    def _embedded(self, shape: RecordShape, known: Mapping[str, JSON]) -> dict[str, JSON]:
        """Return pins that give records shown inside the identity that the member beside them names."""
        pins: dict[str, JSON] = {}
        for name, source in self.form.sources.items():
            identity = known.get(source)
            if isinstance(identity, (str, int)) and name in shape.members and name not in known:
                pins[pointer_of(name, "id")] = identity
        return pins
