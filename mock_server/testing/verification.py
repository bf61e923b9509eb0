"""Verifications in tests: how many are expected, and what is said where others came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal


def count_limits(times: int | None, at_least: int | None, at_most: int | None) -> dict[str, int]:
    """Return the numbers that are expected as the admin API takes them: one where none is given."""
    bounds = {"times": times, "min": at_least, "max": at_most}
    return {name: bound for name, bound in bounds.items() if bound is not None} or {"times": 1}


def complaint(
    about: str, reply: Mapping[str, Any], kind: Literal["request", "event"], title: Callable[[Mapping[str, Any]], str]
) -> str:
    """Return the message of a failed verification: what was expected, what came instead, and the differences.

    ``title`` returns what is said of a request or an event as the admin API shows it.
    """
    lines = [f"{about}: {reply['detail']}"]
    lines += [f"  {title(shown)}" for shown in reply.get(f"{kind}s", ())]
    for miss in reply.get("nearMisses", ()):
        lines.append(f"  {title(miss[kind])}")
        lines += [f"    {difference}" for difference in miss["differences"]]
    return "\n".join(lines)
