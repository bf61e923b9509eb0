"""From settings to what serves: the contracts, each with its own store, judge, ladder, routes and engine.

Reading and refusing happen at once, before a port opens. What answers is built when it is first asked (the
libraries behind it take longer to import than a remembered contract takes to load).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from mock_server import bundled
from mock_server.contract.compiled import Given
from mock_server.contract.enum_graph import EnumGraph
from mock_server.contract.load import first_base_path, load_contract
from mock_server.contract.model import Contract
from mock_server.contract.text import is_url
from mock_server.coverage import Gauge
from mock_server.errors import ContractError, UsageError
from mock_server.exchange import Finding
from mock_server.fixtures import fixture_files, load_fixtures, stream_fixtures
from mock_server.routing import Router
from mock_server.settings import Settings, suggestion
from mock_server.store import Record, Store, Stores, open_stores

if TYPE_CHECKING:
    from mock_server.answer import Ladder
    from mock_server.contract.check import Judge
    from mock_server.engine import Engine
    from mock_server.generate.document import Document
    from mock_server.intake import Intake
    from mock_server.performance import Rehearsal
    from mock_server.scenario_files import ScenarioFiles
    from mock_server.scenarios import Scenario

Made = TypeVar("Made")


class _WhenAsked(Generic[Made]):
    """Something that is made once, by whoever asks first."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = RLock()
        self._made: Made | None = None

    def __call__(self) -> Made:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class Served:
    """All that one load made of one contract. ``base_path`` is where it is served; empty for a contract alone."""

    def __init__(self, contract: Contract, store: Store, settings: Settings, base_path: str = "") -> None:
        self.contract = contract
        self.base_path = base_path
        self.store = store
        self.standing: tuple[Scenario, ...] = ()
        """The scenarios that every world begins with; the same for all contracts."""
        self.router = Router(contract, no_cache=settings.no_cache)
        self._settings = settings
        self._schemas = _WhenAsked(self._made_schemas)
        self._sent = _WhenAsked(self._made_sent)
        self._judge = _WhenAsked(self._made_judge)
        self._ladder = _WhenAsked(self._made_ladder)
        self._engine = _WhenAsked(self._made_engine)
        self._enums = EnumGraph(contract.resolve)
        self._gauges: dict[str, Gauge] = {}
        self._intakes: dict[str, Intake] = {}

    @property
    def judge(self) -> Judge:
        """Judges requests and answers."""
        return self._judge()

    @property
    def ladder(self) -> Ladder:
        """Chooses answers."""
        return self._ladder()

    @property
    def engine(self) -> Engine:
        """Handles requests."""
        return self._engine()

    @property
    def always_staged(self) -> bool:
        """Whether every answer depends on those before it, in all worlds."""
        return bool(self.standing) or self.contract.manners.remembers

    def _made_schemas(self) -> Document:
        from mock_server.generate.document import Document

        return Document(dict(self.contract.document), self.contract.openapi)

    def _made_sent(self) -> Document:
        """Make the schemas as they are for requests: those of answers, where no member goes one way only."""
        from mock_server.contract.direction import mentions
        from mock_server.generate.document import Document

        schemas, document = self._schemas(), self.contract.document
        if not schemas.hides and not mentions(document, "readOnly"):
            return schemas
        return Document(dict(document), self.contract.openapi, sends="request")

    def gauge(self, operation: str) -> Gauge:
        """What an operation, named by its key, has to show."""
        if operation not in self._gauges:
            described = self.contract.operations[operation]
            self._gauges[operation] = Gauge(self.contract, described, self.base_path, self._enums)
        return self._gauges[operation]

    def intake(self, resource: str) -> Intake:
        """Takes in records of a resource, which the contract has to have."""
        from mock_server.intake import Intake

        if resource not in self._intakes:
            described = self.contract.manners.resources[resource]
            accepts = self._schemas().root({"$ref": described.schema}).accepts
            self._intakes[resource] = Intake(described, self.contract, accepts)
        return self._intakes[resource]

    def _made_judge(self) -> Judge:
        from mock_server.contract.check import Judge

        return Judge(
            self.contract,
            lambda schema: self._schemas().root(schema).accepts,
            lambda schema: self._sent().root(schema).accepts,
            lambda schema, value: self._sent().root(schema).reason(value),
        )

    def _made_ladder(self) -> Ladder:
        from mock_server.answer import Ladder

        return Ladder(self.contract, self.store, self._settings, self._schemas())

    def _made_engine(self) -> Engine:
        from mock_server.engine import Engine

        settings = self._settings
        return Engine(
            self.contract, self.judge, self.ladder, self.router.route, self.standing, settings.seed,
            settings.validate_requests,
        )  # fmt: skip

    def rehearsal(self) -> Rehearsal:
        """Tries scenarios before they run."""
        from mock_server.performance import Rehearsal

        return Rehearsal(self.contract, self.judge, self.ladder, self.store)


def assembled(settings: Settings, stores: Stores | None = None) -> tuple[Served, ...]:
    """What serves, one for each contract, in the order in which paths are tried: the longest base path first.

    Its records are in ``stores``, or else in memory, whatever the settings say. Raises :class:`MockServerError` where
    a contract, an overlay or a fixture cannot be served, or where two contracts want the same paths.
    """
    served = _assembled(settings, stores or open_stores("memory", settings.max_worlds))
    if settings.scenario:
        standing = scenario_files(settings).standing(settings.scenario)
        for scenario in standing:
            findings = rehearsed(scenario, served)
            if findings:
                raise UsageError(f"--scenario {scenario.name}: the contract does not go with it.", findings)
        for one in served:
            one.standing = standing
    return served


def scenario_files(settings: Settings) -> ScenarioFiles:
    """The scenarios that can be started by name: those that ship, and those beside the fixtures."""
    from mock_server.scenario_files import ScenarioFiles

    own = [Path(settings.fixtures) / "scenarios"] if settings.fixtures else []
    return ScenarioFiles([bundled.fixtures() / "scenarios", *own])


def rehearsed(scenario: Scenario, served: Sequence[Served]) -> list[Finding]:
    """What speaks against a scenario, whichever of the contracts it is for; empty where nothing does."""
    rehearsals = [one.rehearsal() for one in served]
    meant = [one for one in rehearsals if one.meets(scenario)]
    if not meant:
        named = scenario.match.operation or ""
        operations = [one for each in served for one in each.contract.operations.values()]
        known = [name for one in operations for name in (one.operation_id, one.key) if name]
        found = f"a match that no operation fits{suggestion(named, known) if named else ''}"
        pointer = "/match/operation" if named else "/match"
        return [Finding("no-operation", "body", found, "one that some operation of the contract fits", pointer)]
    return [finding for one in meant for finding in one.findings(scenario)]


def _assembled(settings: Settings, stores: Stores) -> tuple[Served, ...]:
    contracts = contracts_of(settings)
    if len(contracts) == 1:
        (contract,) = contracts
        return (Served(contract, _stocked(stores, settings, contract), settings),)
    placed = [(first_base_path(contract), contract) for contract in contracts]
    _refuse_collisions(placed)
    resources = frozenset(name for contract in contracts for name in contract.manners.resources)
    made = [
        Served(replace(contract, base_paths=(base,)), _stocked(stores, settings, contract, resources), settings, base)
        for base, contract in placed
    ]
    return tuple(sorted(made, key=lambda one: -len(one.base_path)))


def contracts_of(settings: Settings) -> list[Contract]:
    """The contracts that the settings name, with overlays. The one that ships has overlays of its own."""
    return [_loaded(place, overlays, settings) for place, overlays in _named(settings)]


def compile_ahead(settings: Settings) -> None:
    """Compile in other processes what a load will need, so that requests are answered in the meantime.

    Raises :class:`ContractError` where a contract or an overlay cannot be read, or a contract cannot be served.
    """
    if settings.no_cache:
        return  # there is nothing by which one process could tell another
    for place, overlays in _named(settings):
        Given(place, tuple(overlays), settings.allow_remote_refs or is_url(place)).compile_ahead()


def _named(settings: Settings) -> list[tuple[str, list[str]]]:
    """The places of the contracts that the settings name, and of the overlays of each."""
    if not settings.contract:
        return [(str(bundled.contract()), [*map(str, bundled.overlays()), *settings.overlay])]
    overlays_of = _overlays(settings)
    return [(place, overlays_of[place]) for place in dict.fromkeys(settings.contract)]


def _loaded(place: str, overlays: list[str], settings: Settings) -> Contract:
    return load_contract(
        place, overlays, strict=settings.strict, no_cache=settings.no_cache, may_fetch=settings.allow_remote_refs
    )


def _overlays(settings: Settings) -> dict[str, list[str]]:
    """The overlays of each contract: with several contracts an overlay says by ``extends`` whose it is."""
    if len(settings.contract) == 1:
        return {settings.contract[0]: [*settings.overlay]}
    from mock_server.contract.bundle import same_place
    from mock_server.contract.parser import parse_source
    from mock_server.contract.text import read_text

    found: dict[str, list[str]] = {place: [] for place in settings.contract}
    for name in settings.overlay:
        source = parse_source(name, read_text(name, what="overlay"), what="overlay", allows_halves=True)
        extends = source.data.get("extends") if isinstance(source.data, dict) else None
        meant = [place for place in found if isinstance(extends, str) and same_place(name, extends, place)]
        if not meant:
            raise ContractError(
                f"{source.place('/extends')}: found {'no extends' if extends is None else repr(extends)};"
                f" expected the contract that the overlay is for, one of {', '.join(found)}. Name it under extends."
            )
        found[meant[0]].append(name)
    return found


def _stocked(stores: Stores, settings: Settings, contract: Contract, resources: Collection[str] = frozenset()) -> Store:
    """The store of a contract with the fixtures in it, as far as ``--seed-store`` says.

    A contract is known by title and path: an edited one finds its records again. ``resources`` are those of all
    contracts: a file for another one's is passed over.
    """
    store = stores.store(f"{contract.title} {first_base_path(contract)}".strip())
    elsewhere = frozenset(resources) - contract.manners.resources.keys()
    # The contract that ships has fixtures of its own.
    directory = Path(settings.fixtures) if settings.fixtures else None if settings.contract else bundled.fixtures()

    if directory is not None:
        fixture_files(directory, elsewhere)  # one that is missing is told of also where nothing is loaded

    def fixtures() -> Iterable[Record]:
        if directory is None:
            return ()
        read = stream_fixtures if store.is_shared else load_fixtures
        return read(directory, contract, elsewhere, no_cache=settings.no_cache)

    if settings.seed_store != "never":
        store.load(fixtures, only_into_empty=settings.seed_store == "if-empty")
    return store


def _refuse_collisions(placed: list[tuple[str, Contract]]) -> None:
    """Refuse two contracts with one base path, and operations of two contracts that no path tells apart."""
    bases: dict[str, Contract] = {}
    taken: dict[tuple[str, str], Contract] = {}
    for base, contract in placed:
        if base in bases:
            raise UsageError(
                f"{contract.name}: found the base path {base or '/'!r}, which {bases[base].name} has too; expected"
                " one of its own for each contract. Change the path of the first server of one, in the file or by"
                " an overlay."
            )
        bases[base] = contract
        for operation in contract.operations.values():
            key = (operation.method, re.sub(r"\{[^}]*\}", "{}", base + operation.path))
            other = taken.setdefault(key, contract)
            if other is not contract:
                raise UsageError(
                    f"{contract.locate(operation.pointer)}: found {operation.method} {base}{operation.path}, which"
                    f" {other.name} has too; expected operations of its own for each contract. Change the path of the"
                    " first server of one."
                )
