"""Which countries clients have met in the answers of a world, of those that the contract has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from weakref import WeakKeyDictionary

from mock_server.admin.console.page import PageRequest
from mock_server.admin.console.world_map import Country, world_map
from mock_server.mocking.mounts import ApiMount
from mock_server.worlds.coverage import Coverage, CoverageTarget

_FEW = 100
"""Operations that are looked through while others wait."""
_KNOWN: WeakKeyDictionary[ApiMount, Mapping[CoverageTarget, frozenset[str]]] = WeakKeyDictionary()
"""What was found of each contract, as long as it is served."""


class CountryCoverage:
    """The countries that operations may answer with, and those that they did."""

    def __init__(self, targets: Mapping[CoverageTarget, frozenset[str]], seen: Coverage) -> None:
        self.targets = targets
        self._seen = seen
        codes = frozenset[str]().union(*targets.values())
        known = codes & world_map().countries.keys()
        # Members called "country" may hold anything; only codes of two letters have a place on the map.
        self.codes = codes if 2 * len(known) >= len(codes) else frozenset[str]()
        self.met = self.codes & {value for target in targets for value in self._met_of(target)}

    def _met_of(self, target: CoverageTarget) -> Iterable[str]:
        return (value for kind, _, value in self._seen.of(target) if kind == "country")

    def met_by(self, code: str) -> list[CoverageTarget]:
        """Return the operations that have answered with a country."""
        return [target for target in self.targets if code in self._met_of(target)]

    def shown(self, codes: Iterable[str]) -> list[Country]:
        """Return countries in the order of their names; a code that is not on the map is its own name."""
        countries = world_map().countries
        named = [countries.get(code) or Country(code, code) for code in codes]
        return sorted(named, key=lambda country: country.name.casefold())


def country_coverage(request: PageRequest, seen: Coverage) -> CountryCoverage:
    """Return the countries that were met in a world; ``seen`` is all that was."""
    served = request.admin.served
    operations = sum(len(mount.contract.operations) for mount in served)
    is_long = operations > _FEW and not all(mount in _KNOWN for mount in served)
    return CountryCoverage(request.admin.errands.run(_targets, tuple(served), is_long=is_long), seen)


def _targets(served: Sequence[ApiMount]) -> Mapping[CoverageTarget, frozenset[str]]:
    """Return the operations whose answers may have countries, with those."""
    return {target: codes for mount in served for target, codes in _of_mount(mount).items()}


def _of_mount(mount: ApiMount) -> Mapping[CoverageTarget, frozenset[str]]:
    known = _KNOWN.get(mount)
    if known is None:
        shared: dict[frozenset[str], frozenset[str]] = {}  # most operations have the same ones
        targets = (mount.coverage_target(key) for key in mount.contract.operations)
        pairs = ((target, target.countries()) for target in targets)
        known = _KNOWN[mount] = {target: shared.setdefault(codes, codes) for target, codes in pairs if codes}
    return known
