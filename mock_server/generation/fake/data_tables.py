"""Data that no library has, as YAML files next to this module; each file says what it holds and its source."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Return the file ``data/NAME.yaml``, read at first use; it is read-only."""
    import yaml  # 10 ms, which a first answer from fixtures does without

    text = files("mock_server.generation.fake").joinpath("data", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both safe)
    return loaded
