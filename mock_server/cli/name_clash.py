"""Tell of another distribution with the same import package and command, whose files and ours overwrite one another."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

OTHER = "mock-server"
"""A project of the package index with the import package ``mock_server`` and the command ``mock-server``."""


def name_clash() -> str | None:
    """Return what to tell a user who has both; None where the other is not installed."""
    if not _has_record(sys.path):
        return None
    from importlib.metadata import PackageNotFoundError, version  # takes as long as reading a contract

    try:
        other = version(OTHER)
    except PackageNotFoundError:
        return None
    return (
        f"found the distribution {OTHER} {other} in this environment; expected contract-mock-server alone: both are the"
        f" package mock_server and the command mock-server, and overwrite one another. Put them into environments of"
        f" their own, or: pip uninstall {OTHER}, then pip install --force-reinstall --no-deps contract-mock-server"
    )


def _has_record(places: Sequence[str]) -> bool:
    """Tell whether a directory records what may be the other (PyPA, "Recording installed projects")."""
    for place in places:
        try:
            names = os.listdir(place or os.curdir)
        except OSError:  # an archive, or a directory that is not there
            continue
        if any(
            name.lower().replace("-", "_").startswith("mock_server_") and name.endswith((".dist-info", ".egg-info"))
            for name in names
        ):
            return True
    return False
