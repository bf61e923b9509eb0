"""The seeds of all resources of a contract, which name one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mock_server.core.types import JSON
from mock_server.generation.media_examples import Examples
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.search import FULL
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import RecordKey, ResourceModel
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record
from mock_server.worlds.state.identity import Scope, key_value, text_of
from mock_server.worlds.state.seeds.seed_relations import KeySequence, lone_resources
from mock_server.worlds.state.seeds.seed_source import SeedSource
from mock_server.worlds.state.seeds.seeds import Seeds


class SeedBook:
    """The seeds of each resource by name; nothing is made before it is asked for."""

    def __init__(
        self,
        contract: Contract,
        model: ResourceModel,
        document: SchemaDocument,
        *,
        seed: int = 0,
        records: int | None = None,
        counts: Mapping[str, int] | None = None,
        fill_properties: bool = True,
        fill: int = FULL,
        exemplary: bool = True,
        reader: ShapeReader | None = None,
        examples: Examples | None = None,
        fixtures: Callable[[str, RecordKey], Sequence[JSON]] | None = None,
    ) -> None:
        """Take a contract, its resources, and the document of its schemas.

        ``records`` is the number of seeds of each resource and of each scope; None: the contract's examples, or three
        where it has none. ``counts`` are the numbers of some resources. ``exemplary`` uses the contract's examples.
        ``fixtures`` returns the keys of the fixtures of a resource, which are in the place of its seeds.
        """
        self._source = SeedSource(
            contract,
            model,
            document,
            reader or ShapeReader(contract.document),
            examples or Examples(contract, document),
            seed,
            records,
            counts or {},
            fill_properties,
            fill,
            exemplary,
            lone_resources(model),
        )
        self._fixtures = fixtures
        self._seeds: dict[str, Seeds] = {}

    def seeds(self, resource: str) -> Seeds | None:
        """Return the seeds of a resource; None for a name that the contract does not have."""
        known = self._source.model.resources.get(resource)
        if known is None:
            return None
        seeds = self._seeds.get(resource)
        return seeds if seeds is not None else self._seeds.setdefault(resource, Seeds(known, self._source, self))

    def scope(self, seeds: Seeds, given: Scope) -> dict[str, str]:
        """Return the whole scope of seeds of their own: of parents that are not given, the first of the seeds."""
        forms = seeds.scopes.forms
        chosen = max(forms, key=lambda form: len({*form} & given.keys()), default=())
        scope: dict[str, str] = {}
        for name in chosen:
            keys = self.keys(name, scope) if name not in given else None
            scope[name] = given.get(name, "") or (text_of(keys[0]) if keys is not None and len(keys) else "1")
        return scope

    def with_embeds(self, record: Record) -> dict[str, JSON]:
        """Return the value of a record, in which each record shown inside has what its own seed has."""
        seeds = self.seeds(record.resource)
        value = {**record.value}
        for embed in seeds.resource.embeds if seeds is not None else ():
            shown_record, others = value.get(embed.member), self.seeds(embed.resource)
            key = others.key if others is not None else None
            if seeds is None or others is None or key is None or not isinstance(shown_record, dict):
                continue
            other = others.find({}, key.member, text_of(key_value(shown_record, key)))
            if other is not None:
                # What is inside of it may show more than the record inside of this one does.
                scalars = {name: part for name, part in other.value.items() if not isinstance(part, (dict, list))}
                fitting = {**shown_record, **{name: part for name, part in scalars.items() if name in shown_record}}
                if self._source.document.root(seeds.schema_of(embed.member)).accepts(fitting):
                    value[embed.member] = fitting
        return value

    def key_member(self, resource: str) -> str | None:
        """Return the member that relations to a resource name; None where none is known."""
        seeds = self.seeds(resource)
        return seeds.key.member if seeds is not None and seeds.key is not None else None

    def keys(self, resource: str, scope: Scope) -> KeySequence | None:
        """Return the keys of the records of a resource that one in a scope may name; None where none are known."""
        seeds = self.seeds(resource)
        key = seeds.key if seeds is not None else None
        named = self._fixtures(resource, key) if self._fixtures is not None and key is not None else ()
        if named:
            return named
        return seeds.keys(scope) if seeds is not None else None
