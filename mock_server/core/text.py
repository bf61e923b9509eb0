"""Write texts for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mock_server.core.diagnostics import Diagnostic

_LONGEST_NAME = 256
"""Characters of what may be a name written wrongly: to compare takes time that grows with its length."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` where a known name is similar, else an empty text."""
    import difflib  # for messages alone

    near = difflib.get_close_matches(name, list(known), n=1) if len(name) <= _LONGEST_NAME else []
    return f"; did you mean {near[0]}?" if near else ""


def count_phrase(findings: Sequence[Diagnostic]) -> str:
    """Return ``a defect`` or ``3 defects``."""
    return "a defect" if len(findings) == 1 else f"{len(findings)} defects"
