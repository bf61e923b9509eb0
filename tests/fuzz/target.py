"""What a target of the fuzzing is, and what it is to fail."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
SHOP = HERE / "shop.json"
"""The contract that servers under fuzzing have."""


class FaultError(AssertionError):
    """An example shows a fault; says what was found and what was expected."""


@dataclass(frozen=True)
class Target:
    """A place that reads input. ``examples`` are JSON, for files; ``check`` raises for a fault."""

    name: str
    examples: st.SearchStrategy[Any]
    check: Callable[[Any], None]


@dataclass(frozen=True)
class Case:
    """An example in a file: of which target, and why it is there."""

    target: str
    why: str
    example: Any

    @classmethod
    def read(cls, file: Path) -> Case:
        """Read a file of the corpus, or one that a run has written."""
        return cls(**json.loads(file.read_text(encoding="utf-8")))

    def write(self, file: Path) -> None:
        """Write a file to run again."""
        file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"target": self.target, "why": self.why, "example": self.example}, indent=1)
        file.write_text(text + "\n", encoding="utf-8")


@contextmanager
def bounded(seconds: float, what: str) -> Iterator[None]:
    """Raise :class:`FaultError` where the body of the ``with`` takes more processor time of this thread.

    Processor time, since a machine that does other things besides would make any wall clock fail.
    """
    started = time.thread_time()
    yield
    took = time.thread_time() - started
    if took > seconds:
        raise FaultError(f"{what}: found {took:.2f} s of processor time; expected at most {seconds} s")
