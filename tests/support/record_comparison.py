"""Whether records show what was sent, and whether two views of a record agree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mock_server.core.json_pointer import pointer_of


@dataclass(frozen=True)
class Difference:
    """What stands at a JSON Pointer of one value and of another."""

    pointer: str
    sent: Any
    shown: Any

    def __str__(self) -> str:
        return f"{self.pointer}: {self.sent!r}, then {self.shown!r}"


def differences(sent: Any, shown: Any, at: str = "", expected: Collection[str] = ()) -> Iterator[Difference]:
    """Yield what of one value another shows otherwise.

    Only what both have is compared, where it is of one kind: an answer may show a record where its key was sent.
    ``expected`` are members that have to be there, and not null.
    """
    if isinstance(sent, Mapping) and isinstance(shown, Mapping):
        for name, value in sent.items():
            below = at + pointer_of(name)
            if name in expected and value not in (None, "") and shown.get(name) is None:
                yield Difference(below, value, shown.get(name))
            elif name in shown:
                yield from differences(value, shown[name], below)
    elif isinstance(sent, list) and isinstance(shown, list):
        items = [item for item in sent if item is not None]
        if len(items) != len(shown):
            yield Difference(at, items, shown)
        for index, (left, right) in enumerate(zip(items, shown, strict=False)):
            yield from differences(left, right, f"{at}/{index}")
    elif is_scalar(sent) and is_scalar(shown) and is_of_one_kind(sent, shown) and not is_same(sent, shown):
        yield Difference(at, sent, shown)


def is_scalar(value: Any) -> bool:
    """Return whether a value is a text, a number, a boolean or null."""
    return not isinstance(value, (dict, list))


def is_of_one_kind(sent: Any, shown: Any) -> bool:
    """Return whether scalars can be compared: ``now`` and an empty text stand for what the server makes of them."""
    if sent in (None, ""):
        return False
    return isinstance(sent, str) is isinstance(shown, str) or is_same(sent, shown)


def is_same(left: Any, right: Any) -> bool:
    """Return whether two scalars mean the same: equal, or one time written in two ways, or a number as text."""
    if left == right and isinstance(left, bool) is isinstance(right, bool):
        return True
    if isinstance(left, str) and isinstance(right, str):
        first, second = _time(left), _time(right)
        return first is not None and first == second
    return not isinstance(left, bool) and right is not None and str(left) == str(right)


def _time(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() if len(text) >= len("2026-01-01T00:00") else None
    except ValueError:
        return None
