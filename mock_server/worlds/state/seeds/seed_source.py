"""What the seeds of all resources of a contract are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from mock_server.core.sized_cache import SizedCache
from mock_server.core.value_class import value_class
from mock_server.generation.media_examples import Examples
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import ResourceModel
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record

CACHED = 2 * 1024 * 1024
"""Characters, as Python writes them, of the records of a contract that are remembered once they are made.

As objects of Python they take some eight times as much.
"""

ScopeKey = tuple[tuple[str, str], ...]
"""The names of a scope and their texts, in order of names."""


@value_class
class SeedSource:
    """A contract with its resources, and the settings of generation.

    ``records`` is the number of seeds of each resource; None: the contract's examples, or a few where it has none.
    ``counts`` are the numbers of some resources by name, which go before. ``exemplary`` uses examples at all.
    """

    contract: Contract
    model: ResourceModel
    document: SchemaDocument
    reader: ShapeReader
    examples: Examples
    seed: int = 0
    records: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    fill_properties: bool = True
    fill: int = FULL
    exemplary: bool = True
    lone: frozenset[str] = frozenset()
    """The resources of which one is named by all."""
    cache: SizedCache[tuple[str, ScopeKey, int], Record] = field(default_factory=lambda: SizedCache(CACHED))
