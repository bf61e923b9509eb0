"""Write texts for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from mock_server.core.diagnostics import Diagnostic

LONGEST = 200
"""Most characters of a value or a rule that a message shows."""
_LONGEST_NAME = 256
"""Characters of what may be a name written wrongly: to compare takes time that grows with its length."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` where a known name is similar, else an empty text."""
    import difflib  # for messages alone

    near = difflib.get_close_matches(name, list(known), n=1) if len(name) <= _LONGEST_NAME else []
    return f"; did you mean {near[0]}?" if near else ""


def describe_value(value: object, longest: int = LONGEST) -> str:
    """Return a value as JSON on one line for a message, cut after ``longest`` characters.

    It is written only as far as it is read: it may have a million members. What is not JSON is written as Python does.
    """
    if isinstance(value, str):
        value = value[: longest + 1]
    text = ""
    for part in _WRITER.iterencode(value):
        text += part
        if len(text) > longest:
            break
    return cut(text, longest)


_WRITER = json.JSONEncoder(ensure_ascii=False, default=str)


def cut(text: str, longest: int = LONGEST) -> str:
    """Return a text, cut after ``longest`` characters."""
    return text if len(text) <= longest else text[:longest] + "…"


def count_phrase(findings: Sequence[Diagnostic]) -> str:
    """Return ``a defect`` or ``3 defects``."""
    return "a defect" if len(findings) == 1 else f"{len(findings)} defects"
