"""Tell of another distribution with the same import package and command, whose files and ours overwrite one another."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

OTHER = "mock-server"
"""A project of the package index with the import package ``mock_server`` and the command ``mock-server``."""


def name_clash() -> str | None:
    """Return what to tell a user who has both; None where the other is not installed."""
    try:
        other = version(OTHER)
    except PackageNotFoundError:
        return None
    return (
        f"found the distribution {OTHER} {other} in this environment; expected contract-mock-server alone: both are the"
        f" package mock_server and the command mock-server, and overwrite one another. Put them into environments of"
        f" their own, or: pip uninstall {OTHER}, then pip install --force-reinstall --no-deps contract-mock-server"
    )
