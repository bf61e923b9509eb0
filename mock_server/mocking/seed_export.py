"""The records of an inferred resource for a file: those with which the worlds of a server begin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.generation.schema_document import SchemaDocument
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.storage import Record
from mock_server.storage.fixtures.inferred_fixtures import PARENTS
from mock_server.worlds.state.seeds.seed_book import SeedBook
from mock_server.worlds.state.seeds.seeds import Seeds

_LOOKS = 1000
"""Rows that are looked at for members that nothing describes."""


class SeedExport:
    """The seeds of one resource, checked: that there are so many of them, below parents that it has.

    ``parents`` are texts ``NAME=KEY``; where one is not given it is the first of its own seeds. Raises
    :class:`UsageError`.
    """

    def __init__(
        self,
        contract: Contract,
        resource: str,
        count: int | None,
        parents: Sequence[str],
        *,
        seed: int,
        fill: int,
        fill_properties: bool,
    ) -> None:
        self._book = SeedBook(
            contract,
            model_of(contract),
            SchemaDocument(contract.document, contract.openapi),
            seed=seed,
            counts={} if count is None else {resource: count},
            fill=fill,
            fill_properties=fill_properties,
        )
        seeds = self._book.seeds(resource)
        assert seeds is not None, resource
        if seeds.home is None:
            raise UsageError(f"RESOURCE: found {resource!r}, of which no answer shows a record; expected another one")
        self._seeds: Seeds = seeds
        self.records: Sequence[Record] = seeds.of(self._scope(parents))
        if count is not None and len(self.records) < count and not seeds.resource.is_singleton:
            raise UsageError(
                f"--count: found {count}; expected at most {len(self.records)}: {resource} have no more different keys"
            )

    @property
    def columns(self) -> Sequence[str]:
        """The names of all members that a row may have; of members that nothing describes, those of the first rows."""
        keys = (key.member for key in self._seeds.resource.keys if not key.is_hidden)
        undescribed = (name for row in islice(self.rows(), _LOOKS) for name in row if name != PARENTS)
        return list(dict.fromkeys([*self._seeds.members, *keys, *undescribed, PARENTS]))

    def rows(self) -> Iterator[dict[str, JSON]]:
        """Yield the records, each with its parents where it has any, and with what it shows of others."""
        known = {*self._seeds.members, *(key.member for key in self._seeds.resource.keys)}
        for number, record in enumerate(self.records):
            parents = record.hidden.get("scope")
            value = self._book.with_embeds(record)
            if number < self._seeds.examples:  # these may have members that the contract does not describe
                value = {name: part for name, part in value.items() if name in known}
            yield {**value, **({PARENTS: parents} if parents else {})}

    def _scope(self, parents: Sequence[str]) -> dict[str, str]:
        names = self._seeds.scopes.names
        scope: dict[str, str] = {}
        for parent in parents:
            name, equals, key = parent.partition("=")
            if not equals or name not in names:
                near = did_you_mean(name, names) if equals else ""
                same = "none: the records are the same for every parent"
                known = f"NAME=KEY with one of {', '.join(names)}" if names else same
                raise UsageError(f"--below: found {parent!r}{near}; expected {known}")
            scope[name] = key
        return scope if self._seeds.is_global else self._book.scope(self._seeds, scope)
