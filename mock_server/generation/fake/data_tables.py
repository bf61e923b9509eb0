"""Data that no library has, as YAML files next to this module; each file says what it holds and its source."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Return the file ``data/NAME.yaml``, read at first use; it is read-only."""
    return _loaded(_text(name))


@cache
def row(name: str, word: str) -> Any:
    """Return what the file ``data/NAME.yaml`` has under the key with a word, or None; it is read-only.

    A key is a word or several with spaces between them. The row is parsed alone: a whole file takes up to 30 ms.
    """
    key = rf"(?:[^:\s#][^:\n]* )?{re.escape(word)}(?: [^:\n]*)?"
    span = re.search(rf"^(?P<quote>'?){key}(?P=quote):.*\n(?:[ #].*\n|\n)*", _text(name), re.MULTILINE)
    return next(iter(_loaded(span[0]).values())) if span else None


def _text(name: str) -> str:
    return files("mock_server.generation.fake").joinpath("data", f"{name}.yaml").read_text("utf-8")


def _loaded(text: str) -> dict[str, Any]:
    import yaml  # 10 ms, which a first answer from fixtures does without

    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  (both safe)
    return loaded
