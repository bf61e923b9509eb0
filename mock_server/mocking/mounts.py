"""From settings to the contracts that are served, each with its own store, validator, routes and engine.

Contracts are read, and refused, at once, before a port opens. The parts that answer are built at first use: importing
the libraries behind them takes longer than loading a remembered contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Generic, TypeVar

from mock_server.core import bundled
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError, MockServerError, UsageError
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.text import did_you_mean
from mock_server.openapi.enum_graph import EnumGraph
from mock_server.openapi.loading.compiled import ContractInput
from mock_server.openapi.loading.loader import first_base_path, load_contract
from mock_server.openapi.loading.reader import is_url
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.routing import Router
from mock_server.plugins import activate
from mock_server.settings import Settings
from mock_server.storage import Record, Store, StoreFactory, open_stores
from mock_server.storage.fixtures.loader import fixture_files, load_fixtures, stream_fixtures
from mock_server.worlds.coverage import CoverageTarget

if TYPE_CHECKING:
    from mock_server.generation.schema_document import SchemaDocument
    from mock_server.mocking.engine import Engine
    from mock_server.mocking.response_selector import ResponseSelector
    from mock_server.mocking.scenario_responses import ScenarioValidator
    from mock_server.openapi.validation.validator import ContractValidator
    from mock_server.scenarios.files import ScenarioFiles
    from mock_server.scenarios.model import Scenario
    from mock_server.storage.fixtures.record_parser import RecordParser
    from mock_server.worlds.events.outbox import Outbox
    from mock_server.worlds.state.state_engine import StateEngine

Made = TypeVar("Made")


class _Lazy(Generic[Made]):
    """A value that is made once, at its first use, in whichever thread."""

    def __init__(self, make: Callable[[], Made]) -> None:
        self._make = make
        self._lock = RLock()
        self._made: Made | None = None

    @property
    def is_made(self) -> bool:
        """Whether it has been used already."""
        return self._made is not None

    def __call__(self) -> Made:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made


class ApiMount:
    """All that one load made of one contract. ``base_path`` is where it is served; empty for a single contract."""

    def __init__(self, contract: Contract, store: Store, settings: Settings, base_path: str = "") -> None:
        self.contract = contract
        self.base_path = base_path
        self.store = store
        self.standing: tuple[Scenario, ...] = ()
        """The scenarios that every world starts with; the same for all contracts."""
        self._outbox: Outbox | None = None
        self.router = Router(contract, no_cache=settings.no_cache)
        self._settings = settings
        self._schemas = _Lazy(self._made_schemas)
        self._sent = _Lazy(self._made_sent)
        self._validator = _Lazy(self._made_validator)
        self._selector = _Lazy(self._made_selector)
        self._engine = _Lazy(self._made_engine)
        self._enums = EnumGraph(contract.resolve)
        self._coverage_targets: dict[str, CoverageTarget] = {}
        self._intakes: dict[str, RecordParser] = {}

    @property
    def outbox(self) -> Outbox | None:
        """Where events wait to be delivered; set before anything answers, None where nobody delivers any."""
        return self._outbox

    @outbox.setter
    def outbox(self, outbox: Outbox | None) -> None:
        self._outbox = outbox
        if self._selector.is_made:  # to judge a scenario that every world starts with
            self.selector.outbox = outbox

    @property
    def validator(self) -> ContractValidator:
        """The validator of requests and answers."""
        return self._validator()

    @property
    def selector(self) -> ResponseSelector:
        """The selector of answers."""
        return self._selector()

    @property
    def state(self) -> StateEngine | None:
        """What answers from records; None where operations keep no state."""
        return self.selector.state

    @property
    def engine(self) -> Engine:
        """The engine that handles requests."""
        return self._engine()

    def prepare(self) -> None:
        """Work out what most answers need, beside the first requests. What fails fails again for who needs it."""
        with suppress(MockServerError):
            self.selector.prepare()

    @property
    def always_stateful(self) -> bool:
        """Whether every answer depends on those before it, in all worlds."""
        return bool(self.standing) or self.contract.extensions.remembers

    def _made_schemas(self) -> SchemaDocument:
        from mock_server.generation.schema_document import SchemaDocument

        return SchemaDocument(self.contract.document, self.contract.openapi)

    def _made_sent(self) -> SchemaDocument:
        """Return the schemas of request bodies; those of answers, where no member is ``readOnly`` or ``writeOnly``."""
        from mock_server.generation.schema_document import SchemaDocument
        from mock_server.openapi.read_write_only import mentions

        schemas, document = self._schemas(), self.contract.document
        if not schemas.hides and not mentions(document, "readOnly"):
            return schemas
        return SchemaDocument(document, self.contract.openapi, sends="request")

    def coverage_target(self, operation: str) -> CoverageTarget:
        """Return what there is to cover of an operation, which is named by its key."""
        if operation not in self._coverage_targets:
            described = self.contract.operations[operation]
            self._coverage_targets[operation] = CoverageTarget(self.contract, described, self.base_path, self._enums)
        return self._coverage_targets[operation]

    def intake(self, resource: str) -> RecordParser:
        """Return the parser of records of a resource; raises :class:`KeyError` where the contract does not have it."""
        with LATE_IMPORTS:
            from mock_server.storage.fixtures.record_parser import RecordParser

        if resource not in self._intakes:
            described = self.contract.extensions.resources[resource]
            accepts = self._schemas().root({"$ref": described.schema}).accepts
            self._intakes[resource] = RecordParser(described, self.contract, accepts)
        return self._intakes[resource]

    def _made_validator(self) -> ContractValidator:
        from mock_server.openapi.validation.validator import ContractValidator

        return ContractValidator(
            self.contract,
            lambda schema: self._schemas().root(schema).accepts,
            lambda schema: self._sent().root(schema).accepts,
            lambda schema, value: self._sent().root(schema).reason(value),
        )

    def _made_selector(self) -> ResponseSelector:
        from mock_server.mocking.response_selector import ResponseSelector

        selector = ResponseSelector(
            self.contract,
            self.store,
            self._settings,
            self._schemas(),
            lambda operation, request: self.validator.body_value(operation, request),
        )
        selector.outbox = self.outbox
        return selector

    def _made_engine(self) -> Engine:
        from mock_server.mocking.engine import Engine

        settings = self._settings
        return Engine(
            self.contract,
            self.validator,
            self.selector,
            self.router.route,
            self.standing,
            settings.seed,
            settings.validate_requests,
        )

    def scenario_validator(self) -> ScenarioValidator:
        """Return a validator of scenarios for this contract."""
        from mock_server.mocking.scenario_responses import ScenarioValidator

        return ScenarioValidator(self.contract, self.validator, self.selector, self.store)


def build_mounts(settings: Settings, stores: StoreFactory | None = None) -> tuple[ApiMount, ...]:
    """Return what is served, one for each contract, in the order in which paths are tried: the longest base path first.

    The records are in ``stores``, or else in memory, whatever the settings say. Raises :class:`MockServerError` where a
    contract, an overlay or a fixture cannot be served, or where two contracts have the same paths.
    """
    served = _assembled(settings, stores or open_stores("memory", settings.max_worlds))
    if settings.scenario:
        standing = scenario_files(settings).standing(settings.scenario)
        for scenario in standing:
            findings = validate_scenario(scenario, served)
            if findings:
                raise UsageError(f"--scenario {scenario.name}: the contract does not go with it.", findings)
        for mount in served:
            mount.standing = standing
    return served


def scenario_files(settings: Settings) -> ScenarioFiles:
    """Return the scenarios that can be started by name: the built-in ones, and those next to the fixtures."""
    from mock_server.scenarios.files import ScenarioFiles

    own = [Path(settings.fixtures) / "scenarios"] if settings.fixtures else []
    return ScenarioFiles([bundled.fixtures() / "scenarios", *own])


def validate_scenario(scenario: Scenario, served: Sequence[ApiMount]) -> list[Diagnostic]:
    """Return what is wrong with a scenario, for all contracts that it matches; empty where nothing is."""
    scenario_validators = [mount.scenario_validator() for mount in served]
    matches = [scenario_validator for scenario_validator in scenario_validators if scenario_validator.meets(scenario)]
    if not matches:
        named = scenario.match.operation or ""
        operations = [operation for mount in served for operation in mount.contract.operations.values()]
        if scenario.match.needs_record and any(map(scenario.match.may_meet, operations)):
            expected = "an operation whose path names a record, or that has the caller's own"
            return [Diagnostic("no-operation", "body", "a match of no such operation", expected, "/match/record")]
        known = [name for operation in operations for name in (operation.operation_id, operation.key) if name]
        actual = f"a match that no operation fits{did_you_mean(named, known) if named else ''}"
        pointer = "/match/operation" if named else "/match"
        return [Diagnostic("no-operation", "body", actual, "one that some operation of the contract fits", pointer)]
    from mock_server.mocking.scenario_faults import fault_findings

    wrong = fault_findings(scenario, [scenario_validator.contract for scenario_validator in matches])
    return [*wrong, *(finding for scenario_validator in matches for finding in scenario_validator.findings(scenario))]


def _assembled(settings: Settings, stores: StoreFactory) -> tuple[ApiMount, ...]:
    contracts = contracts_of(settings)
    if len(contracts) == 1:
        (contract,) = contracts
        return (ApiMount(contract, _stocked(stores, settings, contract), settings),)
    placed = [(first_base_path(contract), contract) for contract in contracts]
    _refuse_collisions(placed)
    resources = frozenset(name for contract in contracts for name in _fixture_names(contract, settings))
    mounts = [
        ApiMount(replace(contract, base_paths=(base,)), _stocked(stores, settings, contract, resources), settings, base)
        for base, contract in placed
    ]
    return tuple(sorted(mounts, key=lambda mount: -len(mount.base_path)))


def contracts_of(settings: Settings) -> list[Contract]:
    """Return the contracts that the settings name, with overlays applied. The built-in one has overlays of its own."""
    return [_loaded(place, overlays, settings) for place, overlays in _named(settings)]


def contracts_again(settings: Settings) -> list[Contract]:
    """Return the contracts in another process, where the plugins are not loaded yet either."""
    activate(is_enabled=not settings.no_plugins)
    return contracts_of(settings)


def are_files(settings: Settings) -> bool:
    """Tell whether contracts and overlays are files: a pipe can be read once, and a URL may have another one soon."""
    places = [place for contract, overlays in _named(settings) for place in (contract, *overlays)]
    return all(not is_url(place) and Path(place).is_file() for place in places)


def compile_ahead(settings: Settings) -> None:
    """Compile in other processes what a load will need, so that requests are answered in the meantime.

    Raises :class:`ContractError` where a contract or an overlay cannot be read, or a contract cannot be served.
    """
    if settings.no_cache:
        return  # there is nothing by which one process could tell another
    for place, overlays in _named(settings):
        ContractInput(place, tuple(overlays), settings.allow_remote_refs or is_url(place)).compile_ahead()


def _named(settings: Settings) -> list[tuple[str, list[str]]]:
    """Return the places of the contracts that the settings name, and of the overlays of each."""
    if not settings.contract:
        return [(str(bundled.default_contract_path()), [*map(str, bundled.overlays()), *settings.overlay])]
    overlays_of = _overlays(settings)
    return [_with_bundle(place, overlays_of[place]) for place in dict.fromkeys(settings.contract)]


def _with_bundle(place: str, own: list[str]) -> tuple[str, list[str]]:
    """Return the place of a contract and its overlays; those of one that comes with the package before others."""
    api = bundled.api_named(place)
    return (place, own) if api is None else (str(api.contract), [*map(str, api.overlays), *own])


def _fixture_directory(settings: Settings, contract: Contract) -> Path | None:
    """Return where the fixtures of a contract are; None for none. What comes with the package has its own."""
    if settings.fixtures:
        return Path(settings.fixtures)
    if not settings.contract:
        return bundled.fixtures()
    apis = filter(None, map(bundled.api_named, settings.contract))
    return next((api.fixtures for api in apis if str(api.contract) == contract.name), None)


def _loaded(place: str, overlays: list[str], settings: Settings) -> Contract:
    return load_contract(
        place, overlays, strict=settings.strict, no_cache=settings.no_cache, may_fetch=settings.allow_remote_refs
    )


def _overlays(settings: Settings) -> dict[str, list[str]]:
    """Return the overlays of each contract; with several contracts, ``extends`` of an overlay names its contract.

    Raises :class:`ContractError` for an overlay that extends none of the contracts.
    """
    if len(settings.contract) == 1:
        return {settings.contract[0]: [*settings.overlay]}
    from mock_server.openapi.loading.bundler import same_place
    from mock_server.openapi.loading.parser import parse_source
    from mock_server.openapi.loading.reader import read_text

    overlays: dict[str, list[str]] = {place: [] for place in settings.contract}
    for name in settings.overlay:
        source = parse_source(name, read_text(name, what="overlay"), what="overlay", allows_halves=True)
        extends = source.data.get("extends") if isinstance(source.data, dict) else None
        matches = [place for place in overlays if isinstance(extends, str) and same_place(name, extends, place)]
        if not matches:
            raise ContractError(
                f"{source.place('/extends')}: found {'no extends' if extends is None else repr(extends)};"
                f" expected the contract that the overlay is for, one of {', '.join(overlays)}. Name it under extends."
            )
        overlays[matches[0]].append(name)
    return overlays


def _stocked(
    stores: StoreFactory, settings: Settings, contract: Contract, resources: Collection[str] = frozenset()
) -> Store:
    """Return the store of a contract with the fixtures in it, as far as ``--seed-store`` says.

    A contract is known by title and path: an edited one finds its records again. ``resources`` are those of all
    contracts: a fixture file for a resource of another contract is skipped.
    """
    store = stores.store(f"{contract.title} {first_base_path(contract)}".strip())
    elsewhere = frozenset(resources) - _fixture_names(contract, settings)
    directory = _fixture_directory(settings, contract)

    if directory is not None:
        fixture_files(directory, elsewhere)  # a missing directory is reported even where nothing is loaded

    def fixtures() -> Iterable[Record]:
        if directory is None:
            return ()
        read = stream_fixtures if store.is_shared else load_fixtures
        return read(directory, contract, elsewhere, no_cache=settings.no_cache)

    if settings.seed_store != "never":
        store.load(fixtures, only_into_empty=settings.seed_store == "if-empty")
    return store


def _fixture_names(contract: Contract, settings: Settings) -> frozenset[str]:
    """Return the resources that fixture files of a contract may be named after; none where no files are read."""
    if not settings.fixtures:
        return frozenset()
    return frozenset([*contract.extensions.resources, *model_of(contract).resources])


def _refuse_collisions(placed: list[tuple[str, Contract]]) -> None:
    """Refuse two contracts with one base path, and operations of two contracts that no path tells apart.

    Raises :class:`UsageError`.
    """
    bases: dict[str, Contract] = {}
    owners: dict[tuple[str, str], Contract] = {}
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
            other = owners.setdefault(key, contract)
            if other is not contract:
                raise UsageError(
                    f"{contract.locate(operation.pointer)}: found {operation.method} {base}{operation.path}, which"
                    f" {other.name} has too; expected operations of its own for each contract. Change the path of the"
                    " first server of one."
                )
