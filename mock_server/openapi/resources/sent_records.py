"""Where a body has several records at once: ``[{...}]``, ``{"items": [{...}]}``, ``{"emails": ["a@example.com"]}``."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.json_pointer import pointer_of
from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.model import SentRecords
from mock_server.openapi.resources.names import noun_words, singular, snake
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader, is_plain
from mock_server.openapi.resources.similarity import overlap

_ENOUGH = 0.5
"""The share of an item's members that the records have, too."""


def sent_records(reader: ShapeReader, site: OperationSite, group: Group) -> SentRecords | None:
    """Return where a body has records of a group; None where it has one, or where that is not sure."""
    shape = group.shape
    if site.body is None or shape is None or not shape.members:
        return None
    if site.body.kind == "array":
        member = _member(reader.shape(site.body.items), "", shape)
        return SentRecords("", member) if member is not None else None
    arrays = [*_arrays(reader, site.body, shape)]
    return arrays[0] if len(arrays) == 1 else None


def _arrays(reader: ShapeReader, body: SchemaShape, shape: SchemaShape) -> Iterator[SentRecords]:
    for name, schema in body.members.items():
        array = reader.shape(schema) if not is_plain(schema) else None
        if array is None or array.kind != "array" or name in shape.members:
            continue  # what a record has itself, is of one record
        member = _member(reader.shape(array.items), name, shape)
        if member is not None:
            yield SentRecords(pointer_of(name), member)


def _member(item: SchemaShape, name: str, shape: SchemaShape) -> str | None:
    """Return the member that items are: an empty text for whole records, None where they are something else."""
    if item.kind == "object":
        return "" if item.members and overlap(item, shape) >= _ENOUGH else None
    if item.kind != "scalar" or not item.types & {"string", "integer"}:
        return None
    by_name = {snake(member): member for member in shape.members}
    nouns = noun_words(name)
    names = (singular(snake(name)), *nouns[-1:], "name", "id")
    return next((by_name[own] for own in names if own in by_name), None)
