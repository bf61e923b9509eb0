"""Generated records of a resource: each from its identity and a seed, validated before it is returned."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.errors import GenerationError, UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.member_enums import enum_at
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.extensions import Resource
from mock_server.openapi.model import Contract


class RecordFactory:
    """Makes records of one resource of a contract."""

    def __init__(
        self, contract: Contract, resource: Resource, document: SchemaDocument, *, fill_properties: bool = True
    ):
        self.resource = resource
        self._document = document
        self._schema: JSON = {"$ref": resource.schema}
        # A complete record has the members that its schema names, and no others.
        self._fill = fill_properties and not resource.complete
        self._enums = {pin: dict.fromkeys(map(str, enum_at(self._schema, pin, document))) for pin in resource.pins}

    def value(self, identity: str, seed: int, pins: Mapping[str, JSON]) -> JSON:
        """Return the record of an identity, always the same one.

        ``pins`` are values by JSON Pointer that it has to have.
        """
        return self._made(identity, seed, pins, strict=False)

    def checked(self, identity: str, seed: int, pins: Mapping[str, JSON]) -> dict[str, JSON]:
        """Return the record of an identity for a file.

        Raises :class:`GenerationError` where the pins allow no valid one.
        """
        value = self._made(identity, seed, pins, strict=True)
        if not isinstance(value, dict):
            raise GenerationError(f"{self.resource.name}: found a record that is no object; expected one with members.")
        return value

    def _made(self, identity: str, seed: int, pins: Mapping[str, JSON], *, strict: bool) -> JSON:
        return generate(
            self._schema,
            SeedKey(seed, self.resource.name, identity),
            self._document,
            pins=pins,
            fill_properties=self._fill,
            complete=self.resource.complete,
            strict=strict,
        )

    def pins_named(self, name: str) -> dict[str, JSON]:
        """Return the pins for a name such as ``SE``; empty where it is in none of the enums."""
        return {pin: name for pin, enum in self._enums.items() if name in enum}

    def countries(self, names: tuple[str, ...]) -> list[str]:
        """Return the values for ``--country``; ``all`` is every one. Raises :class:`UsageError` for others."""
        known = [*next(iter(self._enums.values()), {})]
        chosen: list[str] = []
        for name in names:
            if name.lower() == "all":
                chosen += known
            elif name.upper() in known:
                chosen.append(name.upper())
            else:
                near = did_you_mean(name.upper(), known)
                expected = "a code such as SE, or all" if known else f"none: {self.resource.name} have no country"
                raise UsageError(f"--country: found {name!r}{near}; expected {expected}")
        return chosen


def maker_of(contract: Contract, name: str, *, fill_properties: bool = True) -> RecordFactory:
    """Return the maker of a resource by name; raises :class:`UsageError` where the contract does not have it."""
    resource = contract.extensions.resources.get(name)
    if resource is None:
        known = ", ".join(contract.extensions.resources) or "none: the contract has no x-mock-resources"
        near = did_you_mean(name, contract.extensions.resources)
        raise UsageError(f"RESOURCE: found {name!r}{near}; expected one of {known}")
    document = SchemaDocument(contract.document, contract.openapi)
    return RecordFactory(contract, resource, document, fill_properties=fill_properties)
