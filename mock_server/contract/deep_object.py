"""Objects whose members stand in brackets: ``filter[price][from]=3``.

OpenAPI 3.1, "Style Values", ``deepObject``. The specification has one level of scalars; what clients send
beyond it (more levels, ``tags[]=a``, ``tags[0]=a``, a name that is repeated) is read the way they mean it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mock_server.contract.coercion import Raw
from mock_server.contract.pairs import Pairs

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
DEEPEST = 32
"""Levels; what is nested deeper is a member called by all the rest of its name."""


def deep_object(name: str, sent: Pairs, decode: Callable[[str], str]) -> Raw | None:
    """The value of a name: an object or a list; a text where no brackets follow; None where it is not there."""
    found: dict[str, Raw] = {}
    for key, value in sent:
        steps = steps_of(key, name)
        if steps is not None:
            _put(found, [name, *steps], decode(value))
    return found.get(name)


def steps_of(key: str, name: str) -> list[str] | None:
    """The steps from a name to the member that a key means; None where the key means another name."""
    if not key.startswith(name):
        return None
    rest = key[len(name) :]
    steps = _BRACKETS.findall(rest)
    if "".join(f"[{step}]" for step in steps) != rest:
        return None
    return [*steps[: DEEPEST - 1], "".join(steps[DEEPEST - 1 :])] if len(steps) > DEEPEST else steps


def _put(found: dict[str, Raw], steps: list[str], value: str) -> None:
    """Put a value where the steps lead; what is there already becomes a list with it."""
    is_listed = steps[-1] == ""
    *way, last = steps[:-1] if is_listed else steps
    for step in way:
        below = found.get(step)
        if not isinstance(below, dict):
            below = found[step] = {}
        found = below
    there = found.get(last)
    if isinstance(there, list):
        there.append(value)
    elif there is not None:
        found[last] = [there, value]
    else:
        found[last] = [value] if is_listed else value
