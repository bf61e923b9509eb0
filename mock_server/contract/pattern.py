"""Patterns of a contract, matched in bounded time: none can hang the server, whatever a client sends.

OpenAPI means ECMA-262 (3.1, "Data Types"), and engines that follow it to the letter backtrack: ``^(a|a)*$`` takes one
of them minutes for forty letters. So jsonschema-rs matches, which has refused the value before: its time is linear in
the text, or, with lookaround and backreferences, has a limit. Where it cannot read a pattern, ``regress`` matches, as
long as that cannot take long.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, cast

import jsonschema_rs
from jsonschema.exceptions import ValidationError as SchemaError
from jsonschema.validators import extend
from regress import Regex, RegressError

STEPS = 10_000_000
"""Most steps of an engine that backtracks: a tenth of a second."""

Keyword = Callable[[Any, Any, Any, Any], "Iterable[SchemaError] | None"]
"""A keyword of jsonschema: the validator, the keyword's value, the instance, the schema."""
_ESCAPES_AND_CLASSES = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_ENDLESS = re.compile(r"[*+]|\{\d+,\}|\{\d+,\d{3,}\}")
_REPEATED_GROUP = re.compile(r"\)(?:[*+]|\{\d+,\d*\})")


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern matches somewhere in a text; True, too, where that cannot be decided in bounded time."""
    try:
        engine = _linear(pattern)
        if engine is not None:
            return engine.is_valid(text)
        compiled = _backtracking(pattern)
        return compiled is None or _steps(pattern, len(text)) > STEPS or compiled.find(text) is not None
    except UnicodeEncodeError:  # a lone surrogate is in no text
        return False


@cache
def bounded(validator: Any) -> Any:
    """Return a class of jsonschema's validators with its patterns matched in bounded time."""
    keywords: dict[str, Keyword] = {"pattern": _pattern, "patternProperties": _pattern_properties}
    for name in ("additionalProperties", "unevaluatedProperties"):
        if name in validator.VALIDATORS:
            keywords[name] = _beside_patterns(validator.VALIDATORS[name])
    return cast("Any", extend)(validator, keywords)


@lru_cache(maxsize=4096)
def _linear(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except ValueError:
        return None


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
    plain = _ESCAPES_AND_CLASSES.sub("x", pattern)
    if _REPEATED_GROUP.search(plain):
        return int(2 ** min(length, 64))
    return int(max(length, 1) ** min(1 + len(_ENDLESS.findall(plain)), 16))


def _pattern(validator: Any, pattern: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    if isinstance(instance, str) and isinstance(pattern, str) and not matches(pattern, instance):
        yield SchemaError(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[SchemaError]:
    if not validator.is_type(instance, "object") or not isinstance(patterns, dict):
        return
    for pattern, below in patterns.items():
        for name, value in instance.items():
            if matches(pattern, name):
                yield from validator.descend(value, below, path=name, schema_path=pattern)


def _beside_patterns(keyword: Keyword) -> Keyword:
    """Return a keyword for undescribed members whose ``patternProperties`` are matched here, not by Python."""

    def judged(validator: Any, value: Any, instance: Any, schema: Any) -> Iterable[SchemaError] | None:
        patterns = schema.get("patternProperties")
        if not validator.is_type(instance, "object") or not isinstance(patterns, dict):
            return keyword(validator, value, instance, schema)
        # Members that a pattern describes are not additional, so the keyword gets only the others.
        others = {
            name: member for name, member in instance.items() if not any(matches(pattern, name) for pattern in patterns)
        }
        plain = {name: rest for name, rest in schema.items() if name != "patternProperties"}
        return keyword(validator, value, others, plain)

    return judged
