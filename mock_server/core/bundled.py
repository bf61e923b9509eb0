"""The contract, overlays and fixtures that come with the package.

In a checkout they are the directories ``openapi/`` and ``fixtures/`` of the top level; a wheel carries
copies of them below the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_PACKED = _PACKAGE / "bundle"
_ROOT = _PACKED if _PACKED.is_dir() else _PACKAGE.parent


def default_contract_path() -> Path:
    """Return the path of the built-in contract: Polar's Get Customer, as published."""
    return _ROOT / "openapi" / "polar.yaml"


def overlays() -> tuple[Path, ...]:
    """Return the paths of the overlays for the built-in contract, in the order in which they are applied."""
    return tuple(sorted((_ROOT / "openapi" / "overlays").glob("*.yaml")))


def fixtures() -> Path:
    """Return the directory of the built-in, hand-made customers."""
    return _ROOT / "fixtures"
