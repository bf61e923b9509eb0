"""The schemas that show the records of a resource: where each view has it, and which one shows most."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mock_server.core.json_pointer import mapping_at, pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.model import Contract, Operation
from mock_server.openapi.resources.model import InferredResource, View
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.openapi.traversal import resolved

_COMPONENTS = "#/components/schemas/"
_METHODS = ("GET", "PATCH", "PUT", "POST", "DELETE")


def view_schema(contract: Contract, reader: ShapeReader, view: View) -> JSON:
    """Return the schema of the record in the answer that a view is about; None where the contract has none there."""
    operation = contract.operations.get(view.operation)
    response = operation.responses.get(view.status) if operation is not None else None
    media = next((media for media in response.content if media.name == view.media), None) if response else None
    schema = reader.at(media.schema, view.pointer) if media is not None else None
    return reader.shape(schema).items if view.is_list and schema is not None else schema


def record_schema(contract: Contract, reader: ShapeReader, resource: InferredResource) -> JSON:
    """Return the schema that shows most of a record: the resource's own, or that of its fullest view.

    A union of another view's schema with what is left of deleted records shows no more than that one.
    """
    if resource.schema and resource.schema in mapping_at(mapping_at(contract.document, "components"), "schemas"):
        return {"$ref": _COMPONENTS + resource.schema}
    views = [view for view in resource.views if not view.operation.startswith("DELETE ")] or [*resource.views]
    schemas = [schema for view in views if (schema := view_schema(contract, reader, view)) is not None]
    names = {reader.shape(schema).name for schema in schemas} - {""}
    whole = [schema for schema in schemas if not reader.shape(schema).branches & names] or schemas
    return max(whole, key=lambda schema: len(reader.shape(schema).members), default=None)


def key_examples(contract: Contract, reader: ShapeReader, resource: InferredResource, member: str) -> Iterator[JSON]:
    """Yield keys that the contract shows: in examples of records, then for the parameters of paths."""
    for view in resource.views:
        operation = contract.operations.get(view.operation)
        response = operation.responses.get(view.status) if operation is not None else None
        for media in response.content if response is not None else ():
            for example in media.examples.values():
                yield from _keys_in(example, view, member)
    schema = record_schema(contract, reader, resource)
    yield from _shown_by(contract.resolve(schema), member)
    for view in resource.views:
        operation = contract.operations.get(view.operation)
        if operation is not None:
            yield from _written(_node(contract, operation), member)
    for item in resource.items:
        for method in _METHODS if item.parameter is not None else ():
            operation = contract.operations.get(f"{method} {item.path}")
            if operation is not None:
                yield from _parameter_examples(contract, operation, item.parameter or "")


def _keys_in(example: JSON, view: View, member: str) -> Iterator[JSON]:
    for name in pointer_parts(view.pointer):
        example = example.get(name) if isinstance(example, dict) else None
    for record in example if isinstance(example, list) else [example]:
        if isinstance(record, dict) and member in record:
            yield record[member]


def _shown_by(node: JSON, member: str) -> Iterator[JSON]:
    """Yield the keys in examples of a schema itself, those of extensions (``x-oaiMeta``) included."""
    if not isinstance(node, dict):
        return
    listed = node.get("examples")
    given = [node.get("example"), *(listed if isinstance(listed, list) else [])]
    for example in given:
        if isinstance(example, dict) and member in example:
            yield example[member]
    yield from _written(node, member)


def _written(node: Mapping[str, JSON], member: str) -> Iterator[JSON]:
    """Yield the keys in examples that extensions (``x-oaiMeta``) write as text, the first of each text."""
    named = re.compile(rf'"{re.escape(member)}"\s*:\s*"([^"\\]{{3,80}})"')
    waiting: list[JSON] = [part for name, part in node.items() if name.startswith("x-")]
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, str) and (match := named.search(part)):
            yield match[1]


def _parameter_examples(contract: Contract, operation: Operation, parameter: str) -> Iterator[JSON]:
    node = _node(contract, operation)
    item = mapping_at(contract.document, "paths").get(operation.path)
    for holder in (node, contract.resolve(item)):
        listed = holder.get("parameters") if isinstance(holder, dict) else None
        for entry in listed if isinstance(listed, list) else ():
            found = contract.resolve(entry)
            if not isinstance(found, dict) or found.get("name") != parameter:
                continue
            schema = contract.resolve(found.get("schema"))
            for owner in (found, schema if isinstance(schema, dict) else {}):
                if "example" in owner:
                    yield owner["example"]
                yield from _listed(owner.get("examples"))


def _node(contract: Contract, operation: Operation) -> Mapping[str, JSON]:
    node = resolved(contract.document, {"$ref": f"#{operation.pointer.lstrip('#')}"})
    return node if isinstance(node, dict) else {}


def _listed(examples: JSON) -> list[JSON]:
    if isinstance(examples, dict):
        return [example.get("value") for example in examples.values() if isinstance(example, dict)]
    return examples if isinstance(examples, list) else []
