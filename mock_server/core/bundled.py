"""The contracts, overlays and fixtures that come with the package.

In a checkout they are the directories ``openapi/`` and ``fixtures/`` of the top level; a wheel carries
copies of them below the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mock_server.core.value_class import value_class

_PACKAGE = Path(__file__).parent.parent
_PACKED = _PACKAGE / "bundle"
_ROOT = _PACKED if _PACKED.is_dir() else _PACKAGE.parent


@value_class
class BundledApi:
    """An API that is served by its name: its contract, its overlays in their order, and its fixtures."""

    contract: Path
    overlays: tuple[Path, ...]
    fixtures: Path


def default_contract_path() -> Path:
    """Return the path of the built-in contract: Polar's Get Customer, as published."""
    return _ROOT / "openapi" / "polar.yaml"


def overlays() -> tuple[Path, ...]:
    """Return the paths of the overlays for the built-in contract, in the order in which they are applied."""
    return _sorted(_ROOT / "openapi" / "overlays")


def fixtures() -> Path:
    """Return the directory of the built-in, hand-made customers."""
    return _ROOT / "fixtures"


def apis() -> Mapping[str, BundledApi]:
    """Return the APIs that are served by name; ``polar`` is all of Polar."""
    own = _ROOT / "openapi" / "polar-full"
    return {"polar": BundledApi(_ROOT / "openapi" / "polar-full.json", _sorted(own / "overlays"), own / "fixtures")}


def api_named(place: str) -> BundledApi | None:
    """Return the API that a place of a contract names; None for another name. A file of that name comes first."""
    return None if Path(place).exists() else apis().get(place)


def _sorted(directory: Path) -> tuple[Path, ...]:
    return tuple(sorted(directory.glob("*.yaml")))
