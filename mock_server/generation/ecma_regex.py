"""Compile and match patterns as ECMA-262 means them."""

from __future__ import annotations

from functools import lru_cache

from regress import Regex, RegressError

from mock_server.core.errors import GenerationError
from mock_server.core.regex import is_quick
from mock_server.core.regex import matches as found_in


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> Regex:
    """Return the pattern compiled as ECMA-262 with the flag u, or without it where that is refused.

    Raises :class:`GenerationError` where neither compiles.
    """
    for flags in ("u", ""):
        try:
            return Regex(pattern, flags)
        except RegressError as error:
            reason = error
    raise GenerationError(
        f"found the pattern {pattern!r} ({reason}); expected a regular expression of ECMA-262. Fix the pattern."
    )


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text, in bounded time. A lone surrogate is in no text that regress takes."""
    try:
        if not is_quick(pattern, len(text)):
            return found_in(pattern, text)
        return compiled(pattern).find(text) is not None
    except UnicodeEncodeError:
        return False
