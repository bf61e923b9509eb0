"""Streams that a contract means but does not document: its request has ``stream``, its answer has only JSON.

Authors then say in words, or show in a sample, that this turns the answer into server-sent events. Such a stream is
added to the response, and reported as a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import mapping_at, pointer_of
from mock_server.core.types import JSON
from mock_server.http.media_types import is_json
from mock_server.http.sequences import EVENTS, form_of
from mock_server.openapi.coercion import Resolve, TypeHints
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.stream_transcripts import Transcript, texts_of, transcript_of
from mock_server.openapi.traversal import Document, operations, resolved
from mock_server.openapi.unions import union_of

SWITCH = "stream"
"""The name of the member of a body, or the parameter of a query, that asks for a stream."""
_WORDS = re.compile(r"server-sent[ -]event|event[ -]stream|\bSSE\b|\bdata: ?\[[A-Z]+\]", re.IGNORECASE)


def undocumented_streams(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Add the streams that operations mean to ``document``; yield a finding for each."""
    resolve = partial(resolved, document)
    named: list[tuple[str, frozenset[str], str]] | None = None
    beside = _beside(document, resolve)
    for pointer, operation in operations(document):
        words = _words(operation, resolve)
        status, response = _answer(operation, resolve)
        if words is None or not status or any(map(form_of, mapping_at(response, "content"))):
            continue
        samples = (transcript_of(text, EVENTS) for text in texts_of(operation, response, None, None))
        transcript = next((sample for sample in samples if sample.is_named is not None), Transcript())
        if not transcript.items and not _WORDS.search(words):
            continue
        if named is None:
            named = [*_unions(document, resolve)]
        plain = _json_schema(response)
        schema = _schema(transcript, named) or beside.get(_reference(plain), plain)
        media: dict[str, JSON] = {} if schema is None else {"schema": schema}
        content: dict[str, JSON] = {**mapping_at(response, "content"), EVENTS: media}
        responses = operation["responses"]
        assert isinstance(responses, dict)
        # A new object, since other operations may share the old one.
        responses[status] = {**response, "content": content}
        where = pointer + pointer_of("responses", status)
        actual = f"{SWITCH!r} in the request and no media type for what it asks for"
        description = f"a stream of {schema['$ref']}" if isinstance(schema, dict) and "$ref" in schema else "a stream"
        yield Diagnostic(
            "undocumented-stream",
            source.location(where),
            actual,
            f"{EVENTS} in addition to JSON",
            where,
            f"Repaired: {description} is sent where the request asks for one.",
            "repaired",
        )


def _words(operation: Document, resolve: Resolve) -> str | None:
    """Return the descriptions of the switch that asks for a stream, and of the operation; None without a switch."""
    switches = [*_switches(operation, resolve)]
    texts = [text for switch in switches for text in switch.each("description") if isinstance(text, str)]
    return "\n".join([*texts, str(operation.get("description", ""))]) if switches else None


def _switches(operation: Document, resolve: Resolve) -> Iterator[TypeHints]:
    """Yield the boolean members and parameters of that name. A parameter has its description next to the schema."""
    body = mapping_at({"": resolve(operation.get("requestBody"))}, "")
    for media in mapping_at(body, "content").values():
        shape = TypeHints([mapping_at({"": media}, "").get("schema")], resolve)
        if SWITCH in shape.names and "boolean" in shape.member(SWITCH).types:
            yield shape.member(SWITCH)
    listed = operation.get("parameters")
    for parameter in map(resolve, listed if isinstance(listed, list) else []):
        if isinstance(parameter, dict) and (parameter.get("name"), parameter.get("in")) == (SWITCH, "query"):
            shape = TypeHints([parameter.get("schema"), {"description": parameter.get("description")}], resolve)
            if "boolean" in shape.types:
                yield shape


def _beside(document: Document, resolve: Resolve) -> dict[str, JSON]:
    """Return the schemas of documented streams, by the reference of the schema of the same answer in JSON."""
    schemas: dict[str, JSON] = {}
    for _, operation in operations(document):
        for response in map(resolve, mapping_at(operation, "responses").values()):
            content = mapping_at(response, "content")
            streams = [mapping_at(content, name).get("schema") for name in content if form_of(name) == EVENTS]
            reference = _reference(_json_schema({"content": {**content}}))
            if reference and streams and streams[0] is not None:
                schemas.setdefault(reference, streams[0])
    return schemas


def _reference(schema: JSON) -> str:
    return str(schema["$ref"]) if isinstance(schema, dict) and "$ref" in schema else ""


def _answer(operation: Document, resolve: Resolve) -> tuple[str, dict[str, JSON]]:
    """Return the status and the response of the usual answer in JSON; both empty where there is none."""
    responses = mapping_at(operation, "responses")
    for status in sorted(key for key in responses if key[:1] == "2"):
        response = resolve(responses[status])
        if isinstance(response, dict) and any(map(is_json, mapping_at(response, "content"))):
            return status, response
    return "", {}


def _json_schema(response: Document) -> JSON:
    content = mapping_at(response, "content")
    return next((mapping_at(content, name).get("schema") for name in content if is_json(name)), None)


def _unions(document: Document, resolve: Resolve) -> Iterator[tuple[str, frozenset[str], str]]:
    """Yield the unions among the components: the member that names branches, the names, and the reference."""
    for name, schema in mapping_at(document.get("components"), "schemas").items():
        if isinstance(schema, dict) and not {"anyOf", "oneOf"}.isdisjoint(schema):
            union = union_of(schema, resolve)
            names = frozenset(branch.name for branch in union.branches)
            if names:
                yield union.member, names, "#" + pointer_of("components", "schemas", name)


def _schema(transcript: Transcript, named: list[tuple[str, frozenset[str], str]]) -> JSON:
    """Return a reference to the smallest union that has all events of a sample; None where none has."""
    fits: list[tuple[int, str]] = []
    for member, names, reference in named:
        values = [item.value.get(member) if isinstance(item.value, dict) else None for item in transcript.items]
        events = [
            item.event if member == "event" else value for item, value in zip(transcript.items, values, strict=True)
        ]
        if events and all(isinstance(event, str) and event in names for event in events):
            fits.append((len(names), reference))
    return {"$ref": min(fits)[1]} if fits else None
