"""``mock-server generate``: records written one after the other into a file or a pipe, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias

from mock_server.core.atomic_file import atomic_write
from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.value_class import value_class
from mock_server.mocking.described_export import PART, DescribedExport, ExportProcesses
from mock_server.mocking.seed_export import SeedExport
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.storage.fixtures.record_text import FORMATS, RecordText, record_text

Progress: TypeAlias = Callable[[], AbstractContextManager[Callable[[int], None]]]
"""Begins to show progress; what it yields is called with numbers of records."""


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


class ExportedRecords(Protocol):
    """Records as text, in parts."""

    @property
    def count(self) -> int: ...

    @property
    def text(self) -> RecordText: ...

    def parts(self) -> AbstractContextManager[Iterator[tuple[int, str]]]:
        """Yield the parts of the text, each with the number of its records."""


@value_class
class Plan:
    """An export that was checked against the contract: only writing the file can fail now."""

    _records: ExportedRecords
    _output: str

    @property
    def count(self) -> int:
        """Return how many records there are."""
        return self._records.count

    def run(self, progress: Progress) -> None:
        """Write the records, and show how far that has come.

        Raises :class:`UsageError` for a file that cannot be written and :class:`GenerationError` for a schema that
        nothing satisfies; either way no file is left behind.
        """
        # A thread that shows progress is started after the processes that make records: they may be copies of this one.
        with atomic_write(self._output) as out, self._records.parts() as parts, progress() as advance:

            def counted() -> Iterator[str]:
                for count, text in parts:
                    advance(count)
                    yield text

            self._records.text.write(counted(), out)


def plan(export: Export, contracts: Sequence[Contract], processes: ExportProcesses | None = None) -> Plan:
    """Return the plan of an export of the first contract that has the resource, made by this process alone by default.

    Raises :class:`UsageError` where none has it, or something does not fit the contract.
    """
    form = _format(export)
    for contract in contracts:
        if export.resource in contract.extensions.resources:
            return _described(export, contract, form, processes or ExportProcesses())
    for contract in contracts:
        if export.resource in model_of(contract).resources:
            return _inferred(export, contract, form)
    names = dict.fromkeys(
        name for contract in contracts for name in (*contract.extensions.resources, *model_of(contract).resources)
    )
    known = ", ".join(names) or "none: no path of the contract lists, makes or finds records"
    near = did_you_mean(export.resource, names)
    raise UsageError(f"RESOURCE: found {export.resource!r}{near}; expected one of {known}")


def _described(export: Export, contract: Contract, form: str, processes: ExportProcesses) -> Plan:
    """Return the plan for a resource of ``x-mock-resources``, whose records have a handle."""
    if export.parents:
        raise UsageError(f"--below: found {export.parents[0]!r}; expected none: {export.resource} have no parents")
    records = DescribedExport(
        contract,
        export.resource,
        export.count,
        export.countries,
        seed=export.seed,
        form=form,
        processes=processes,
    )
    return Plan(records, export.output)


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
    text = record_text(form, seeds.columns if form == "csv" else (), may_omit=True)
    return Plan(_SeedParts(seeds, text), export.output)


@value_class
class _SeedParts:
    """The records of an inferred resource, which name one another: this process makes them, one after the other."""

    _seeds: SeedExport
    text: RecordText

    @property
    def count(self) -> int:
        return len(self._seeds.records)

    @contextmanager
    def parts(self) -> Iterator[Iterator[tuple[int, str]]]:
        rows = self._seeds.rows()
        yield ((len(part), self.text.part(part)) for part in iter(lambda: [*islice(rows, PART)], []))


def _format(export: Export) -> str:
    ending = Path(export.output).suffix.lower().lstrip(".").replace("yml", "yaml")
    form = export.form or (ending if ending in FORMATS else "yaml")
    if form not in FORMATS:
        raise UsageError(f"--format: found {form!r}{did_you_mean(form, FORMATS)}; expected one of {', '.join(FORMATS)}")
    return form
