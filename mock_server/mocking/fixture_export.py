"""``mock-server generate``: records written one after the other into a file or a pipe, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from pathlib import Path

from mock_server.core.atomic_file import atomic_write
from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.record_factory import RecordFactory, maker_of
from mock_server.mocking.seed_export import SeedExport
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.storage.fixtures.file_formats import WRITERS, write_csv

Rows = Iterator[dict[str, JSON]]


@value_class
class Export:
    """What to generate: how many records of which resource, for which countries in turn, in which format, to where.

    ``parents`` are the parents that they are below, each as ``NAME=KEY``. ``fill`` and ``fill_properties`` are the
    settings of those names, so that the records are those that a server begins with.
    """

    resource: str
    count: int | None = None
    countries: tuple[str, ...] = ()
    seed: int = 0
    form: str = ""
    output: str = "-"
    parents: tuple[str, ...] = ()
    fill: int = 2
    fill_properties: bool = True


@value_class
class Plan:
    """An export that was checked against the contract: only writing the file can fail now.

    ``columns`` are those of CSV; None: the members of the first record.
    """

    count: int
    _rows: Callable[[], Rows]
    _form: str
    _output: str
    _columns: Sequence[str] | None = field(default=None)

    def run(self, progress: Callable[[int], None]) -> None:
        """Write the records; call ``progress`` with 1 for each.

        Raises :class:`UsageError` for a file that cannot be written and :class:`GenerationError` for a schema that
        nothing satisfies; either way no file is left behind.
        """
        with atomic_write(self._output) as out:
            if self._form == "csv":
                write_csv(self._counted(progress), out, self._columns)
            else:
                WRITERS[self._form](self._counted(progress), out)

    def _counted(self, progress: Callable[[int], None]) -> Rows:
        for row in self._rows():
            progress(1)
            yield row


def plan(export: Export, contracts: Sequence[Contract]) -> Plan:
    """Return the plan of an export of the first contract that has the resource.

    Raises :class:`UsageError` where none has it, or something does not fit the contract.
    """
    form = _format(export)
    for contract in contracts:
        if export.resource in contract.extensions.resources:
            return _described(export, contract, form)
    for contract in contracts:
        if export.resource in model_of(contract).resources:
            return _inferred(export, contract, form)
    names = dict.fromkeys(
        name for contract in contracts for name in (*contract.extensions.resources, *model_of(contract).resources)
    )
    known = ", ".join(names) or "none: no path of the contract lists, makes or finds records"
    near = did_you_mean(export.resource, names)
    raise UsageError(f"RESOURCE: found {export.resource!r}{near}; expected one of {known}")


def _described(export: Export, contract: Contract, form: str) -> Plan:
    """Return the plan for a resource of ``x-mock-resources``, whose records have a handle."""
    if export.parents:
        raise UsageError(f"--below: found {export.parents[0]!r}; expected none: {export.resource} have no parents")
    maker = maker_of(contract, export.resource)
    countries = maker.countries(export.countries)
    count = export.count if export.count is not None else max(1, len(countries))
    return Plan(count, lambda: _with_handles(maker, countries, count, export.seed), form, export.output)


def _with_handles(maker: RecordFactory, countries: Sequence[str], count: int, seed: int) -> Rows:
    for index in range(count):
        country = countries[index % len(countries)] if countries else ""
        handle = f"{country.lower() or maker.resource.name}-{index + 1}"
        yield {maker.resource.handle: handle, **maker.checked(handle, seed, maker.pins_named(country))}


def _inferred(export: Export, contract: Contract, form: str) -> Plan:
    """Return the plan for a resource that the contract has by its paths: the records that a server begins with."""
    if export.countries:
        raise UsageError(f"--country: found {export.countries[0]!r}; expected none: {export.resource} have no country")
    seeds = SeedExport(
        contract,
        export.resource,
        export.count,
        export.parents,
        seed=export.seed,
        fill=export.fill,
        fill_properties=export.fill_properties,
    )
    return Plan(len(seeds.records), seeds.rows, form, export.output, seeds.columns if form == "csv" else None)


def _format(export: Export) -> str:
    ending = Path(export.output).suffix.lower().lstrip(".").replace("yml", "yaml")
    form = export.form or (ending if ending in WRITERS else "yaml")
    if form not in WRITERS:
        raise UsageError(f"--format: found {form!r}{did_you_mean(form, WRITERS)}; expected one of {', '.join(WRITERS)}")
    return form
