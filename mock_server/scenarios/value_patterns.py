"""Patterns of one value: of a header, a parameter, a cookie, a body. Their form is WireMock's.

https://wiremock.org/docs/request-matching/: ``matches`` has to match the whole value, ``contains`` a part of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TypeAlias

from mock_server.core.json_reader import JsonReader
from mock_server.core.json_text import DEEPEST, read_json
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.plugins import PatternKind, Registry, ValuePattern, registry
from mock_server.scenarios.safe_matching import (
    StepBudget,
    StepBudgetExceededError,
    json_equal,
    json_path,
    json_schema,
    regex,
)

_DEEPEST = 16
"""Most levels of nested ``and``, ``or`` and ``not``."""
_MOST = 64
"""Most alternatives of one ``and`` or ``or``."""
_TEXTUAL = ("equalTo", "contains", "doesNotContain", "matches", "doesNotMatch")


Options: TypeAlias = Mapping[str, JsonReader]
Nested: TypeAlias = Callable[[JsonReader], ValuePattern]
"""Reads a pattern within another one."""


@cache
def _patterns() -> Mapping[str, PatternKind]:
    """Return all registered kinds of patterns, by name."""
    return dict(registry().patterns)


@cache
def _members() -> tuple[str, ...]:
    """Return the names of all members that a pattern may have: the kinds, then their options."""
    options = {name: None for pattern in _patterns().values() for name in pattern.options}
    return (*_patterns(), *options)


def register(registry: Registry) -> None:
    """Register the kinds of patterns that come with the server."""
    add = registry.patterns.add
    for kind in _TEXTUAL:
        add(kind, PatternKind(partial(_textual, kind), ("caseInsensitive",)))
    add("absent", PatternKind(lambda part, options, nested: _present(is_required=not part.flag())))
    add("equalToJson", PatternKind(_equal_to_json, ("ignoreArrayOrder", "ignoreExtraElements")))
    add("matchesJsonPath", PatternKind(lambda part, options, nested: _matches_json_path(part, nested)))
    add("matchesJsonSchema", PatternKind(lambda part, options, nested: _matches_json_schema(part)))
    for kind in ("and", "or"):
        add(kind, PatternKind(partial(_several_of, kind)))
    add("not", PatternKind(lambda part, options, nested: _not(nested(part), part)))


def value_pattern(part: JsonReader, depth: int = 0) -> ValuePattern:
    """Return the pattern of an instruction; a plain text or number is ``equalTo``.

    Raises :class:`InstructionError` for what cannot be understood or could hang the server.
    """
    if isinstance(part.value, (str, int, float)) and not isinstance(part.value, bool):
        return _equal_to(str(part.value), ignore_case=False)
    if depth > _DEEPEST:
        raise part.refusal("limit", f"patterns nested more than {_DEEPEST} deep", "fewer")
    members = part.members(_members())
    kinds = [name for name in _patterns() if name in members]
    if len(kinds) != 1:
        actual = " and ".join(kinds) or "no kind of pattern"
        raise part.refusal("value", actual, "one of " + ", ".join(_patterns()))
    (kind,) = kinds
    pattern = _patterns()[kind]
    for name in members.keys() - {kind, *pattern.options}:
        raise members[name].refusal(
            "value", f"{name} in addition to {kind}", "it with another kind of pattern, or not at all"
        )
    operand = members.pop(kind)
    return pattern.build(operand, members, lambda nested: value_pattern(nested, depth + 1))


def _is_on(options: Options, name: str) -> bool:
    return name in options and options[name].flag()


def _equal_to(text: str, *, ignore_case: bool) -> ValuePattern:
    folded = text.casefold()
    expected = f"{describe_value(text)}{' in any case' if ignore_case else ''}"

    def check(value: str | None) -> str:
        fits = value is not None and (value.casefold() == folded if ignore_case else value == text)
        return "" if fits else expected

    return check


def _textual(kind: str, part: JsonReader, options: Options, nested: Nested) -> ValuePattern:
    ignore_case = _is_on(options, "caseInsensitive")
    text = part.text()
    if kind == "equalTo":
        return _equal_to(text, ignore_case=ignore_case)
    holds: Callable[[str], bool]
    if kind in ("contains", "doesNotContain"):
        holds = _contains(text, ignore_case)
        what = f"text with {describe_value(text)} in it"
    else:
        holds = matcher(part, ignore_case=ignore_case)
        what = f"text that the pattern {describe_value(text)} fits"
    if kind.startswith("doesNot"):
        return lambda value: "" if value is None or not holds(value) else f"no {what}"
    return lambda value: "" if value is not None and holds(value) else f"a {what}"


def _contains(text: str, ignore_case: bool) -> Callable[[str], bool]:
    if ignore_case:
        folded = text.casefold()
        return lambda value: folded in value.casefold()
    return lambda value: text in value


def matcher(part: JsonReader, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a function that tells whether a whole text matches the regular expression of a part."""
    text = part.text()
    try:
        return regex(text, ignore_case=ignore_case)
    except ValueError as error:
        remedy = "Lookaround and backreferences are not taken: they could hang the server."
        raise part.refusal(
            "pattern", f"{describe_value(text)} ({error})", "a regular expression as RE2 reads it", remedy
        ) from None


def _present(*, is_required: bool) -> ValuePattern:
    expected = "any value" if is_required else "nothing"
    return lambda value: "" if (value is not None) == is_required else expected


def _not(inner: ValuePattern, part: JsonReader) -> ValuePattern:
    expected = f"anything but {describe_value(part.value)}"
    return lambda value: "" if inner(value) else expected


def _several_of(kind: str, part: JsonReader, options: Options, nested: Nested) -> ValuePattern:
    patterns = [nested(item) for item in part.items(_MOST)]

    def check(value: str | None) -> str:
        expectations = [pattern(value) for pattern in patterns]
        if kind == "or":
            return "" if "" in expectations else " or ".join(expectations)
        return " and ".join(filter(None, expectations))

    return check


def _json(value: str | None) -> JSON:
    """Return a value as JSON; raises :class:`ValueError` where it is not JSON."""
    if value is None:
        raise ValueError
    read: JSON = read_json(value, deepest=DEEPEST)
    return read


def _about_json(expected: str, fits: Callable[[JSON], bool]) -> ValuePattern:
    def check(value: str | None) -> str:
        try:
            return "" if fits(_json(value)) else expected
        except ValueError:
            return f"JSON: {expected}"
        except (StepBudgetExceededError, RecursionError):
            return f"{expected} (the value is too large to be looked through)"

    return check


def _equal_to_json(part: JsonReader, options: Options, nested: Nested) -> ValuePattern:
    ignore_order, ignore_extra = (_is_on(options, name) for name in ("ignoreArrayOrder", "ignoreExtraElements"))
    expected = _written(part)
    return _about_json(
        describe_value(expected),
        lambda value: json_equal(value, expected, StepBudget(), ignore_order=ignore_order, ignore_extra=ignore_extra),
    )


def _written(part: JsonReader) -> JSON:
    """Return the JSON of a part, or JSON given as a text, which is how WireMock's clients send it."""
    if not isinstance(part.value, str):
        return part.value
    try:
        return _json(part.value)
    except ValueError:
        raise part.wrong("JSON, or JSON as a text") from None


def _matches_json_schema(part: JsonReader) -> ValuePattern:
    accepts = schema_of(JsonReader(_written(part), part.pointer))
    return _about_json("a value that is valid against the schema", accepts)


def schema_of(part: JsonReader) -> Callable[[JSON], bool]:
    """Return a function that tells whether a value is valid by the JSON Schema of a part."""
    try:
        return json_schema(part.value)
    except ValueError as error:
        why = str(error).partition("\n")[0]
        expected = "a JSON Schema (2020-12) complete in itself, with patterns that need no backtracking"
        raise part.refusal("schema", why, expected) from None


def _matches_json_path(part: JsonReader, nested: Nested) -> ValuePattern:
    if isinstance(part.value, str):
        path = path_of(part)
        return _about_json(f"something at {part.value}", lambda value: bool(path(value)))
    members = part.members(("expression", *_members()))
    if "expression" not in members:
        raise part.wrong('a JSONPath, or an object with "expression" and a pattern')
    find = path_of(members["expression"])
    rest = {key: member.value for key, member in members.items() if key != "expression"}
    pattern = nested(JsonReader(rest, part.pointer))
    expected = f"{members['expression'].value} to be as the pattern wants it"
    return _about_json(expected, lambda value: any(not pattern(_as_text(match)) for match in find(value) or [None]))


def _as_text(value: JSON) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def path_of(part: JsonReader) -> Callable[[JSON], list[JSON]]:
    """Return the search function of a JSONPath."""
    text = part.text()
    try:
        return json_path(text)
    except ValueError as error:
        raise part.refusal("json-path", f"{describe_value(text)} ({error})", "a JSONPath (RFC 9535)") from None
