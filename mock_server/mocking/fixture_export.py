"""``mock-server generate``: records written one after the other into a file or a pipe, all of them or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mock_server.core.atomic_file import atomic_write
from mock_server.core.errors import UsageError
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.mocking.record_factory import RecordFactory, maker_of
from mock_server.openapi.model import Contract
from mock_server.storage.fixtures.file_formats import WRITERS


@dataclass(frozen=True, slots=True)
class Export:
    """What to generate: how many records of which resource, for which countries in turn, in which format, to where."""

    resource: str
    count: int | None = None
    countries: tuple[str, ...] = ()
    seed: int = 0
    form: str = ""
    output: str = "-"


@dataclass(frozen=True, slots=True)
class Plan:
    """An export that was checked against the contract: only writing the file can fail now."""

    count: int
    _maker: RecordFactory
    _countries: list[str]
    _seed: int
    _form: str
    _output: str

    def run(self, progress: Callable[[int], None]) -> None:
        """Write the records; call ``progress`` with 1 for each.

        Raises :class:`UsageError` for a file that cannot be written and :class:`GenerationError` for a schema that
        nothing satisfies; either way no file is left behind.
        """
        with atomic_write(self._output) as out:
            WRITERS[self._form](self._rows(progress), out)

    def _rows(self, progress: Callable[[int], None]) -> Iterator[dict[str, JSON]]:
        maker = self._maker
        for index in range(self.count):
            country = self._countries[index % len(self._countries)] if self._countries else ""
            handle = f"{country.lower() or maker.resource.name}-{index + 1}"
            record = maker.checked(handle, self._seed, maker.pins_named(country))
            progress(1)
            yield {maker.resource.handle: handle, **record}


def plan(export: Export, contract: Contract) -> Plan:
    """Return the plan of an export; raises :class:`UsageError` where something does not fit the contract."""
    maker = maker_of(contract, export.resource)
    countries = maker.countries(export.countries)
    count = export.count if export.count is not None else max(1, len(countries))
    return Plan(count, maker, countries, export.seed, _format(export), export.output)


def _format(export: Export) -> str:
    ending = Path(export.output).suffix.lower().lstrip(".").replace("yml", "yaml")
    form = export.form or (ending if ending in WRITERS else "yaml")
    if form not in WRITERS:
        raise UsageError(f"--format: found {form!r}{did_you_mean(form, WRITERS)}; expected one of {', '.join(WRITERS)}")
    return form
