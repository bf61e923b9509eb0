"""Plans of values: one for each schema and each way of asking for its values, compiled when a schema comes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from mock_server.core.types import JSON
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.fake.persona import COUNTRY_FIELDS, KIND_FIELDS, persona_from
from mock_server.generation.location import ValueLocation
from mock_server.generation.member_enums import enum_named
from mock_server.generation.plans.compiler import PlanCompiler
from mock_server.generation.plans.run import PlanRun, PlanSettings, Unplanned
from mock_server.generation.schema_document import SchemaNode
from mock_server.generation.search import SearchBudgetExceeded
from mock_server.generation.seeding import SeedKey, multiplier

MOST_PLANS = 200
"""Schemas of a document of which plans, or the counts of their values, are remembered."""
MOST_MAKERS = 30_000
"""Makers of all plans of a document, about 600 bytes each; the oldest plans are removed."""
_SEARCHES = 2
"""Values of a schema that are searched for before it gets a plan: most schemas of a contract are asked for once."""
_PATIENCE = 4
"""Runs that lead nowhere, and values that are refused, after which a plan that is of little use is given up."""

_Trait = Callable[[SeedKey, Mapping[str, JSON]], str | None]


class ValuePlan:
    """Makes the values of a schema as a search does that succeeds at its first try."""

    def __init__(self, node: SchemaNode, settings: PlanSettings) -> None:
        self.settings = settings
        self.runs = self.misses = 0
        self._node = node
        self._compiler = PlanCompiler(node.document, settings)
        self._make = self._compiler.value((node,), ValueLocation())
        self._country = _trait(node, COUNTRY_FIELDS)
        self._kind = _trait(node, KIND_FIELDS)

    @property
    def makers(self) -> int:
        """Return how many makers were compiled so far."""
        return self._compiler.steps

    @property
    def is_useless(self) -> bool:
        """Tell whether too many runs lead nowhere."""
        return self.misses >= _PATIENCE and self.misses * 4 > self.runs

    def value(self, draw: SeedKey, pins: Mapping[str, JSON]) -> JSON:
        """Return a value that the schema accepts. Raises :class:`Unplanned` where a search has to make it."""
        self.runs += 1
        try:
            persona = persona_from(draw, self._country(draw, pins), self._kind(draw, pins))
            value = self._make(PlanRun(draw, persona, pins, self._node.document, self.settings))
        except (Unsatisfiable, SearchBudgetExceeded, Unplanned):
            self.misses += 1
            raise Unplanned from None
        if not self._node.accepts(value):
            self.misses += 1
            raise Unplanned
        return value


def _trait(node: SchemaNode, names: tuple[str, ...]) -> _Trait:
    """Return what reads a trait of the persona from pins, or draws it from the first enum of one of these names."""
    match = enum_named(node, names)
    if match is None:
        return lambda draw, pins: None
    pointer, enum = match
    factor = multiplier(pointer)

    def trait(draw: SeedKey, pins: Mapping[str, JSON]) -> str | None:
        value = pins[pointer] if pointer in pins else draw.by(factor).choice(enum)
        return value if isinstance(value, str) else None

    return trait


_Key = tuple[SchemaNode, PlanSettings]


@dataclass(slots=True)
class _Demand:
    """How often values of a schema were asked for, and the plan once there is one."""

    count: int = 0
    plan: ValuePlan | None = None


class PlanStore:
    """The plans of a document, at most so many and of so many makers; the oldest are removed first."""

    def __init__(self) -> None:
        self._demands: dict[_Key, _Demand] = {}
        self._lock = Lock()

    def plan(self, node: SchemaNode, settings: PlanSettings) -> ValuePlan | None:
        """Return the plan for a schema; None where values are to be searched for."""
        key = (node, settings)
        demand = self._demands.get(key)
        if demand is None:
            demand = self._remember(key)
        plan = demand.plan
        if plan is not None:
            return None if plan.is_useless else plan
        demand.count += 1
        if demand.count > _SEARCHES:
            plan = demand.plan = ValuePlan(node, settings)
        return plan

    def _remember(self, key: _Key) -> _Demand:
        with self._lock:
            makers = sum(demand.plan.makers for demand in self._demands.values() if demand.plan is not None)
            while self._demands and (len(self._demands) >= MOST_PLANS or makers > MOST_MAKERS):
                removed = self._demands.pop(next(iter(self._demands)))
                makers -= removed.plan.makers if removed.plan is not None else 0
            return self._demands.setdefault(key, _Demand())


_STORES: CacheKey[None, PlanStore] = CacheKey()


def plans_of(node: SchemaNode) -> PlanStore:
    """Return the plans of the document of a schema."""
    stores = node.document.caches[_STORES]
    store = stores.get(None)
    return stores.setdefault(None, PlanStore()) if store is None else store
