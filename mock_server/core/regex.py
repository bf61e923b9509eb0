"""Patterns of a contract, matched in bounded time: none can hang the server, whatever a client sends.

ECMA-262 is what OpenAPI means (3.1, "Data Types"), and engines that follow it to the letter backtrack: ``^(a|a)*$``
takes one of them minutes for forty letters. So jsonschema-rs is asked, which has said no to the value before: its time
is linear in the text. With lookaround and backreferences it backtracks too: within a limit, and texts that are not
long. Where it cannot read a pattern, ``regress`` is asked, as long as that cannot take long.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import jsonschema_rs
from regress import Regex, RegressError

STEPS = 10_000_000
"""Steps of an engine that backtracks: a tenth of a second."""
BACKTRACKS = ((100, 200_000), (1_000, 20_000), (10_000, 2_000))
"""How often jsonschema-rs goes back in a text of up to so many characters, which it may look at all of each time: 0.1 s
at worst."""
LONGEST = BACKTRACKS[-1][0]
"""Characters of a text that a pattern with lookaround or backreferences is asked about."""
OPTIONS = jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACKS[-1][1])
"""How jsonschema-rs asks the patterns of schemas that are not asked here."""

_ESCAPES_AND_CLASSES = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_GROUP = re.compile(r"\(\?(?::|=|!|<=|<!|<[^>]*>)")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d+(?:,\d*)?\})")
_QUANTIFIER = re.compile(r"(?:([*+?])|\{(\d+)(,?)(\d*)\})\??")
_OFTEN = 100
"""Times that a part stands there, as a contract may well have it."""
_MOST = 10**18
"""Steps of which nobody counts more."""


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches somewhere in a text; True, too, where that cannot be decided in bounded time."""
    try:
        engine = _linear(pattern)
        if engine is not None:
            return engine.is_valid(text)
        engine = _limited(pattern, _limit_of(len(text)))
        if engine is not None:
            return len(text) > LONGEST or engine.is_valid(text) or _gave_up(engine, text)
        compiled = _backtracking(pattern)
        return compiled is None or not is_quick(pattern, len(text)) or compiled.find(text) is not None
    except UnicodeEncodeError:  # a lone surrogate is in no text
        return False


def is_quick(pattern: str, length: int) -> bool:
    """Return whether an engine that backtracks surely has no more than :data:`STEPS` for a text of a length."""
    return _steps(pattern, length) <= STEPS


def backtracks(pattern: str) -> bool:
    """Return whether jsonschema-rs reads a pattern, and has to backtrack for it."""
    try:
        return _linear(pattern) is None and _limited(pattern, BACKTRACKS[0][1]) is not None
    except UnicodeEncodeError:
        return False


@lru_cache(maxsize=4096)
def _linear(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    return _compiled(pattern, jsonschema_rs.RegexOptions())


@lru_cache(maxsize=4096)
def _limited(pattern: str, limit: int) -> jsonschema_rs.Draft202012Validator | None:
    return _compiled(pattern, jsonschema_rs.FancyRegexOptions(backtrack_limit=limit))


def _limit_of(length: int) -> int:
    return next((limit for longest, limit in BACKTRACKS if length <= longest), BACKTRACKS[-1][1])


def _compiled(pattern: str, options: Any) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options)
    except ValueError:
        return None


def _gave_up(engine: jsonschema_rs.Draft202012Validator, text: str) -> bool:
    """Return whether an engine says no because of its limit."""
    error = next(engine.iter_errors(text), None)
    return error is not None and isinstance(error.kind, jsonschema_rs.ValidationErrorKind.BacktrackLimitExceeded)


@lru_cache(maxsize=4096)
def _backtracking(pattern: str) -> Regex | None:
    for flags in ("u", ""):
        try:
            return Regex(pattern, flags)
        except (RegressError, UnicodeEncodeError):
            continue
    return None


def _steps(pattern: str, length: int) -> int:
    """Return about how many steps backtracking may take at worst, for a text of this length."""
    plain = _GROUP.sub("(", _ESCAPES_AND_CLASSES.sub("x", pattern))
    steps = 2 ** min(length, 60) if _REPEATED_GROUP.search(plain) else max(length, 1)
    for sign, least, comma, most in _QUANTIFIER.findall(plain):
        if sign:
            steps *= 2 if sign == "?" else length + 1
        else:
            ways = 1 if not comma else min(int(most) - int(least), length) + 1 if most else length + 1
            # What has no length is repeated as often as it says, however short the text.
            steps *= max(ways, 1) * (int(least) if int(least) > _OFTEN else 1)
        if steps > _MOST:
            return _MOST
    return steps
