"""Journals and coverage of all processes as those of one world, for whoever reads them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from typing import TypedDict

from mock_server.http.json_codec import ExchangeJson, exchange_from_json, exchange_to_json
from mock_server.http.messages import Exchange
from mock_server.mocking.mounts import ApiMount
from mock_server.worlds.coverage import Coverage, CoverageTarget
from mock_server.worlds.journal import Entry, Journal, JournaledExchange, LoggedExchange
from mock_server.worlds.world import World, Worlds


class KeptAggregateForm(TypedDict):
    """What entries keep of an exchange. ``base_path`` is that of the operation's contract; None for no operation."""

    exchange: ExchangeJson
    sizes: Sequence[int]
    base_path: str | None


class JournalForm(TypedDict):
    """A journal: what its entries keep, each once, and the entries: number, started, elapsed, index of what is kept."""

    kept: list[KeptAggregateForm]
    rows: list[tuple[int, float, float, int]]


class GaugeForm(TypedDict):
    """What was seen of an operation."""

    name: str
    keys: list[Sequence[str]]
    count: int


def journal_form(journal: Journal, served: Sequence[ApiMount]) -> JournalForm:
    """A journal as JSON."""
    indices: dict[int, int] = {}
    kept: list[KeptAggregateForm] = []
    rows: list[tuple[int, float, float, int]] = []
    for entry in journal:
        index = indices.setdefault(id(entry.kept), len(kept))
        if index == len(kept):
            kept.append(_kept_form(entry.kept, served))
        rows.append((entry.number, entry.started, entry.elapsed, index))
    return {"kept": kept, "rows": rows}


def _kept_form(kept: LoggedExchange, served: Sequence[ApiMount]) -> KeptAggregateForm:
    exchange = Exchange(kept.request, kept.route, kept.answer, kept.findings)
    operation = kept.operation
    bases = [one.base_path for one in served if operation and one.contract.operations.get(operation.key) is operation]
    return {"exchange": exchange_to_json(exchange), "sizes": kept.sizes, "base_path": bases[0] if bases else None}


def _entries_of(form: JournalForm, served: Sequence[ApiMount]) -> Iterable[Entry]:
    kept = [_kept_of(one, served) for one in form["kept"]]
    return (Entry(number, started, elapsed, kept[index]) for number, started, elapsed, index in form["rows"])


def _kept_of(form: KeptAggregateForm, served: Sequence[ApiMount]) -> JournaledExchange:
    exchange = exchange_from_json(form["exchange"])
    contracts = [one.contract for one in served if one.base_path == form["base_path"]]
    kept = JournaledExchange(
        exchange, contracts[0].operations.get(exchange.route.operation or "") if contracts else None
    )
    kept.sizes = (form["sizes"][0], form["sizes"][1])  # of the bodies as they were sent, of which this is what is kept
    return kept


def coverage_form(coverage: Coverage) -> list[GaugeForm]:
    """Coverage as JSON."""
    return [
        {
            "name": coverage_target.name,
            "keys": [*coverage.of(coverage_target)],
            "count": coverage.count(coverage_target),
        }
        for coverage_target in coverage.coverage_targets()
    ]


class Gathered:
    """A world with the journal and the coverage of that world in all processes. What is removed here is told."""

    def __init__(self, world: World, served: Sequence[ApiMount], journal_size: int) -> None:
        self.world = World(world.name)
        self.worlds = Worlds(capacity=1)
        """What stands for all worlds: their coverage together."""
        self._served = served
        self._journal_size = journal_size
        self._entries = [entry._replace(kept=one) for entry, one in _with_copies(world.journal)]
        self._shown = 0

    def add_journal(self, form: JournalForm) -> None:
        """Add the journal of another process."""
        self._entries += _entries_of(form, self._served)

    def lay_out_journal(self) -> None:
        """Let the world have the newest of all entries, as many as a journal keeps."""
        self._entries.sort(key=lambda entry: (entry.started, entry.number))
        newest = self._entries[-self._journal_size :] if self._journal_size else []
        self._shown = len(newest)
        self.world.journal.take(newest)

    def removed(self) -> list[int]:
        """The numbers of entries that are to go: where one was removed, also those that are too old to be shown."""
        left = {entry.number for entry in self.world.journal}
        if len(left) == self._shown:
            return []
        return [entry.number for entry in self._entries if entry.number not in left]

    def add_coverage(self, form: Iterable[GaugeForm], *, of_all: bool = False) -> None:
        """Add what another process has seen in this world, or in all of its worlds."""
        coverage_targets = {coverage_target.name: coverage_target for coverage_target in self._coverage_targets()}
        coverage = self.worlds.plain.coverage if of_all else self.world.coverage
        for one in form:
            coverage_target = coverage_targets.get(one["name"])
            if coverage_target is not None:
                coverage.take(
                    coverage_target, [(kind, place, value) for kind, place, value in one["keys"]], one["count"]
                )

    def _coverage_targets(self) -> Iterable[CoverageTarget]:
        return (one.coverage_target(key) for one in self._served for key in one.contract.operations)


def _with_copies(journal: Journal) -> Iterable[tuple[Entry, LoggedExchange]]:
    """The entries, each with a copy of what it keeps: the journal counts who has it."""
    copies: dict[int, LoggedExchange] = {}
    for entry in journal:
        known = copies.get(id(entry.kept))
        if known is None:
            known = copies[id(entry.kept)] = copy(entry.kept)
            known.holders = 0
        yield entry, known
