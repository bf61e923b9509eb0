"""The records that stand in the examples of a contract, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mock_server.core.json_pointer import value_at
from mock_server.core.types import JSON
from mock_server.generation.media_examples import Examples
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.schema_examples import schema_examples
from mock_server.openapi.resources.model import Verb, Verdict
from mock_server.openapi.resources.record_schema import ShownView, ViewSchema

_SHOWING: frozenset[Verb] = frozenset({"read", "list", "singleton-read", "view", "export"})
"""Verbs whose answers show what is there; an example of a created record is none of what was there before."""


def example_records(
    views: Sequence[ShownView],
    home: ViewSchema,
    verdicts: Mapping[str, Verdict],
    examples: Examples,
    document: SchemaDocument,
) -> Iterator[dict[str, JSON]]:
    """Yield the records of examples that are valid by their schema: those of answers, then those of schemas."""
    showing = [shown_view for shown_view in views if verdicts[shown_view.operation.key].verb in _SHOWING]
    for shown_view in showing or views:
        values = examples.of(shown_view.media, shown_view.response, shown_view.operation).values
        for value in (*values.values(), *_whole(shown_view.media.schema, document)):
            yield from _records(value, shown_view)
    for record in (home, *(shown_view.record for shown_view in views)):
        for value in _whole(record.schema, document):
            if isinstance(value, dict):
                yield value


def _whole(schema: JSON, document: SchemaDocument) -> list[JSON]:
    """Return the examples of a schema that are valid by all of it: those of its parts may not be."""
    if not isinstance(schema, dict):
        return []
    node = document.root(schema)
    return [value for value in schema_examples(node) if isinstance(value, (dict, list)) and node.accepts(value)]


def _records(value: JSON, shown_view: ShownView) -> Iterator[dict[str, JSON]]:
    try:
        part = value_at(value, shown_view.view.pointer)
    except KeyError:
        return
    if shown_view.view.is_list:
        for item in part if isinstance(part, list) else ():
            if isinstance(item, dict):
                yield item
    elif isinstance(part, dict):
        yield part
