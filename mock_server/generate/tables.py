"""The facts that no library has, as YAML files beside this one; each file says what it holds and its source."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(name: str) -> dict[str, Any]:
    """The file ``data/NAME.yaml``, read on first need; not to be changed."""
    text = files("mock_server.generate").joinpath("data", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both safe)
    return loaded
