"""Streams that a contract means and does not document."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import value_at
from mock_server.openapi.loading.loader import load_contract
from tests.support.contracts import Document, document, load
from tests.support.paths import SHARED

RUN: Document = {"type": "object", "properties": {"id": {"type": "string"}}}
DONE: Document = {"type": "object", "properties": {"type": {"const": "run.done"}}}
MADE: Document = {"type": "object", "properties": {"type": {"const": "run.created"}}}
OTHER: Document = {"type": "object", "properties": {"type": {"const": "file.created"}}}
UNIONS: Document = {"Run": RUN, "All": {"anyOf": [DONE, MADE, OTHER]}, "Events": {"anyOf": [DONE, MADE]}}
SAMPLE = 'data: {"type": "run.created"}\n\ndata: {"type": "run.done"}\n\n'


def described(stream: Document, **members: object) -> Document:
    """A contract of one operation whose request has a member ``stream``."""
    request = {"content": {"application/json": {"schema": {"type": "object", "properties": {"stream": stream}}}}}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}
    operation = {"requestBody": request, "responses": {"201": {"description": "A run.", "content": content}}, **members}
    return document({"/runs": {"post": operation}}, components={"schemas": UNIONS})


@pytest.mark.parametrize(
    ("stream", "members", "reference"),
    [
        ({"type": "boolean", "description": "Answers with server-sent events."}, {}, "Run"),
        ({"anyOf": [{"type": "boolean", "description": "As an event stream."}, {"type": "null"}]}, {}, "Run"),
        ({"type": "boolean"}, {"description": "Streams end with `data: [DONE]`."}, "Run"),
        ({"type": "boolean"}, {"x-samples": [SAMPLE]}, "Events"),
        ({"type": "boolean"}, {"x-samples": ['data: {"type": "unknown"}\n\n']}, "Run"),
        ({"type": "boolean", "description": "Whether the river is one."}, {}, None),
        ({"type": "string", "description": "Server-sent events or not."}, {}, None),
    ],
)
def test_stream_is_added_where_it_is_meant(
    tmp_path: Path, stream: Document, members: Document, reference: str | None
) -> None:
    contract = load(tmp_path, described(stream, **members))
    (response,) = contract.operations["POST /runs"].responses.values()
    added = [media for media in response.content if media.name == "text/event-stream"]
    schemas = [media.schema for media in added]
    assert schemas == ([] if reference is None else [{"$ref": f"#/components/schemas/{reference}"}])
    assert [finding.rule for finding in contract.findings] == ["undocumented-stream"] * len(added)


def test_parameter_may_ask_for_stream_of_other_operation(tmp_path: Path) -> None:
    data = described({"type": "boolean"})
    content = data["paths"]["/runs"]["post"]["responses"]["201"]["content"]
    content["text/event-stream"] = {"schema": {"$ref": "#/components/schemas/Events"}}
    switch = {"name": "stream", "in": "query", "description": "As server-sent events.", "schema": {"type": "boolean"}}
    answer = {"description": "A run.", "content": {"application/json": content["application/json"]}}
    data["paths"]["/run"] = {"get": {"parameters": [switch], "responses": {"200": answer}}}
    contract = load(tmp_path, data)
    assert [media.schema for media in contract.operations["GET /run"].responses["200"].content] == [
        {"$ref": "#/components/schemas/Run"},
        {"$ref": "#/components/schemas/Events"},
    ]


def test_documented_stream_is_unchanged(tmp_path: Path) -> None:
    data = described({"type": "boolean", "description": "Answers with server-sent events."})
    data["paths"]["/runs"]["post"]["responses"]["201"]["content"]["application/x-ndjson"] = {}
    assert load(tmp_path, data).findings == ()


def test_strict_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="strict"):
        load(tmp_path, described({"type": "boolean", "description": "Server-sent events."}), strict=True)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="real contracts are on the project's own machines alone")
def test_real_contract_means_several() -> None:
    contract = load_contract(str(SHARED / "contracts/openai-2026-08.yml"))
    pointers = [finding.pointer for finding in contract.findings if finding.rule == "undocumented-stream"]
    schemas = [
        value_at(dict(contract.document), f"{pointer}/content/text~1event-stream/schema/$ref") for pointer in pointers
    ]
    assert [str(schema).rpartition("/")[2] for schema in schemas] == [
        "CreateCompletionResponse",
        "ResponseStreamEvent",
        "AssistantStreamEvent",
        "AssistantStreamEvent",
        "AssistantStreamEvent",
        "BetaResponseStreamEvent",
    ]
