"""The records of a resource of ``x-mock-resources`` as text, made by several processes where there are many.

Each record is that of its number, whoever makes it: what is written is the same for any number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain

from mock_server.core.errors import ContractError, GenerationError, ProcessLostError
from mock_server.core.ordered_processes import START_METHOD, OrderedProcesses, StartMethod
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.record_factory import RecordFactory, maker_of
from mock_server.openapi.model import Contract
from mock_server.storage.fixtures.record_text import RecordText, record_text

PART = 100
"""Records that are written at once, and that a process makes at once: about 70 KB, and a hundredth of a second."""
ALONE = 1000
"""Records that are made before other processes are started: what is read for them (names, cities, postal rules) forked
processes have in common.
"""
FEWEST: Mapping[StartMethod, int] = {"fork": 2000, "spawn": 20_000}
"""Records from which several processes are faster than one, with two processors.

One that is spawned first takes 1.2 s to import, to load the contract and to read what it needs.
"""


@value_class
class ExportProcesses:
    """Say how many processes may make records, and how others than this one are started.

    ``contracts_again`` loads the contracts in a process that is no copy of this one; None where they cannot be loaded
    twice. It is pickled.
    """

    number: int = 1
    contracts_again: Callable[[], Sequence[Contract]] | None = None
    start_method: StartMethod = START_METHOD

    def shared(self, count: int) -> bool:
        """Tell whether several processes are to make so many records."""
        can_start = self.start_method == "fork" or self.contracts_again is not None
        return self.number > 1 and can_start and count >= FEWEST[self.start_method]


class DescribedExport:
    """The first ``count`` records of a resource, for ``countries`` in turn; each has a handle. Call it for a part.

    Raises :class:`UsageError` where the contract has no such resource or country.
    """

    def __init__(
        self,
        contract: Contract,
        resource: str,
        count: int | None,
        countries: tuple[str, ...],
        *,
        seed: int,
        form: str,
        processes: ExportProcesses,
    ) -> None:
        self._contract: Contract | None = contract
        self._digest = contract.digest
        self._resource = resource
        self._seed = seed
        self._form = form
        self._processes = processes
        self._countries = self._maker.countries(countries)
        self.count = count if count is not None else max(1, len(self._countries))
        self._columns: Sequence[str] = list(next(self._rows(range(1)))) if form == "csv" else ()

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs to know: it loads the contract itself."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_maker", "text")} | {
            "_contract": None
        }

    @cached_property
    def text(self) -> RecordText:
        """Return how the records are written."""
        return record_text(self._form, self._columns)

    @contextmanager
    def parts(self) -> Iterator[Iterator[tuple[int, str]]]:
        """Yield the parts of the text, each with the number of its records.

        Processes that are started for it end with it. Raises :class:`GenerationError` where one ends before, or no
        record satisfies the schema.
        """
        tasks = [range(start, min(start + PART, self.count)) for start in range(0, self.count, PART)]
        if not self._processes.shared(self.count):
            yield ((len(task), self(task)) for task in tasks)
            return
        alone = ALONE // PART
        texts = [self(task) for task in tasks[:alone]]
        try:
            with OrderedProcesses(self, self._processes.number, self._processes.start_method) as processes:
                yield zip(map(len, tasks), chain(texts, processes.results(tasks[alone:])), strict=True)
        except ProcessLostError as loss:
            raise GenerationError(
                f"--processes: {loss}; expected it to make records until the last. Where it has no memory left, take"
                " fewer of them, or 1."
            ) from None

    def __call__(self, numbers: range) -> str:
        """Return the text of the records of these numbers, from 0 on."""
        return self.text.part(self._rows(numbers))

    def _rows(self, numbers: range) -> Iterator[dict[str, JSON]]:
        maker, countries = self._maker, self._countries
        for index in numbers:
            country = countries[index % len(countries)] if countries else ""
            handle = f"{country.lower() or maker.resource.name}-{index + 1}"
            yield {maker.resource.handle: handle, **maker.checked(handle, self._seed, maker.pins_named(country))}

    @cached_property
    def _maker(self) -> RecordFactory:
        return maker_of(self._contract or self._loaded_contract(), self._resource)

    def _loaded_contract(self) -> Contract:
        assert self._processes.contracts_again is not None
        for contract in self._processes.contracts_again():
            if contract.digest == self._digest:
                return contract
        raise ContractError(
            "found another contract than when the records were begun; expected the same one until they are written."
            " Try again."
        )
