"""Records made of the bodies that operations of a contract take, and shown by every view of their resource."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import mapping_at
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.media_types import is_json
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import Verdict
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record
from mock_server.worlds.state.making.draft import Draft
from mock_server.worlds.state.making.record_maker import RecordMaker
from mock_server.worlds.state.making.record_schemas import view_schema
from tests.support.record_makers import NOW

WRITING = ("create", "update", "singleton-write")


@dataclass
class Outcome:
    """What became of the operations of a contract: how many were tried, what failed, and what came back."""

    operations: int = 0
    views: int = 0
    equal: int = 0
    """Plain members that were sent, and that a view shows as they are."""
    told: list[str] = field(default_factory=list)
    """Plain members that no view can show, which a finding tells."""
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kinds = Counter(failure.partition(":")[0] for failure in self.failures)
        counts = f"{self.operations} operations, {self.views} views, {self.equal} members equal, {len(self.told)} told"
        return f"{counts}, {len(self.failures)} failures {dict(kinds)}"


def outcome_of(contract: Contract, bodies: int = 1) -> Outcome:
    """Make and change records by every operation that keeps state, with so many bodies, and show them all."""
    model, outcome = model_of(contract), Outcome()
    schemas = SchemaDocument(contract.document, contract.openapi)
    requests = SchemaDocument(contract.document, contract.openapi, sends="request")
    reader = ShapeReader(contract.document)
    makers: dict[str, RecordMaker] = {}
    for key, verdict in model.verdicts.items():
        body, is_form = _body(contract, contract.operations[key])
        resource = model.resources.get(verdict.resource or "")
        if not verdict.is_stateful or verdict.verb not in WRITING or resource is None or body is None:
            continue
        maker = makers.get(resource.name)
        if maker is None:
            maker = makers[resource.name] = RecordMaker(contract, resource, schemas, reader, 7, fill=2)
        outcome.operations += 1
        for number in range(bodies):
            try:
                sent = generate(body, SeedKey(3, key, str(number)), requests, fill=2, complete=True)
                draft = _draft(maker, verdict, sent, body, number, is_form=is_form) if isinstance(sent, dict) else None
            except GenerationError as error:
                outcome.failures.append(f"draft: {key} {error}")
                continue
            if draft is not None and isinstance(sent, dict):
                if verdict.verb == "update" and _changes_again(maker, draft, sent, body, is_form=is_form):
                    outcome.failures.append(f"unsettled: {key} changes the record when it comes again")
                _show(outcome, maker, draft, sent, key, is_form=is_form)
    return outcome


def _draft(
    maker: RecordMaker, verdict: Verdict, sent: dict[str, JSON], body: JSON, number: int, *, is_form: bool
) -> Draft:
    if verdict.verb == "update":
        key = maker.keys().drawn({}, number + 1)
        record = Record(maker.form.resource.name, "k", maker.generated(key, {}), "", {"scope": {}})
        return maker.updated(record, sent, "merge", body, NOW, is_form)
    key = maker.key_sent(sent, body) or maker.keys().drawn(sent, number + 1)
    return maker.created(sent, body, key, {}, NOW, is_form=is_form)


def _changes_again(maker: RecordMaker, draft: Draft, sent: dict[str, JSON], body: JSON, *, is_form: bool) -> bool:
    """Whether an update that comes a second time, later, changes anything; what is sent for now does."""
    record = Record(maker.form.resource.name, "k", draft.value, "", draft.hidden)
    again = maker.updated(record, sent, "merge", body, NOW + 60, is_form)
    return again.changed and '"now"' not in json.dumps(sent)


def _show(
    outcome: Outcome, maker: RecordMaker, draft: Draft, sent: dict[str, JSON], key: str, *, is_form: bool
) -> None:
    form = maker.form
    record = Record(form.resource.name, "k", draft.value, "", draft.hidden)
    told = {finding.pointer.split("/")[1] for finding in draft.findings}
    for operation, schema in _views(maker):
        outcome.views += 1
        try:
            shown = maker.view(schema).shown(record)
        except GenerationError as error:
            outcome.failures.append(f"view: {key} by {operation}: {error}")
            continue
        if not form.document.root(schema).accepts(shown):
            outcome.failures.append(f"invalid: {key} by {operation}")
        for name, value in form.respelt(sent).items():
            if not isinstance(shown, dict) or name not in shown or isinstance(value, (dict, list)):
                continue
            if says(shown[name], value):
                outcome.equal += 1
            elif name in told:
                outcome.told.append(f"{key} by {operation}: /{name} {value!r} became {shown[name]!r}")
            elif value is not None and not (is_form and value == ""):
                outcome.failures.append(f"silent: {key} by {operation}: /{name} {value!r} became {shown[name]!r}")


def says(shown: JSON, sent: JSON) -> bool:
    """Whether what is shown says what was sent: itself, in another spelling, or within what it stands for."""
    if isinstance(shown, dict):
        return any(says(member, sent) for member in shown.values())
    if isinstance(shown, list):
        return any(says(item, sent) for item in shown)
    if sent == "now" and shown in (int(NOW), NOW):
        return True
    return shown == sent or (str(shown) == str(sent) and not isinstance(sent, bool))


def _views(maker: RecordMaker) -> Iterator[tuple[str, JSON]]:
    form = maker.form
    reader = ShapeReader(form.contract.document)
    for view in form.resource.views:
        schema = view_schema(form.contract, reader, view)
        if schema is not None and not view.operation.startswith("DELETE "):
            yield view.operation, schema


def _body(contract: Contract, operation: Operation) -> tuple[JSON, bool]:
    """The schema of a request's body, and whether it is a form."""
    item = contract.resolve(mapping_at(contract.document, "paths").get(operation.path))
    node = mapping_at(item, operation.method.lower())
    content = mapping_at(contract.resolve(node.get("requestBody")), "content")
    names = sorted(content, key=lambda name: not is_json(name))
    schema = mapping_at(content, names[0]).get("schema") if names else None
    return schema, bool(names) and not is_json(names[0])
