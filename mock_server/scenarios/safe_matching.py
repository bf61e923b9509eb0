"""Searches with a bounded cost: regular expressions, JSONPath and JSON Schema from a test cannot hang the server.

Regular expressions run in RE2, whose time is linear in the text; it has no lookaround and no backreferences, and
refuses them (https://github.com/google/re2/wiki/Syntax). The patterns of a schema run in the linear engine of
jsonschema-rs. A JSONPath (RFC 9535) may look at ``STEPS`` values.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, SupportsIndex, TypeVar

from mock_server.core import deadline
from mock_server.core.json_text import read_json
from mock_server.core.types import JSON

STEPS = 200_000
"""Values that one comparison or one path may look at."""
_OFTEN = 64
"""Looks at values between two looks at the clock."""
LONGEST = 4096
"""Characters of a pattern or a path."""
MOST_PATTERNS = 100
"""Patterns of one schema, or regular expressions of one request pattern: 100 MB at worst, and 5 MB as people write
them."""
_T = TypeVar("_T")
_NAMES = ("$id", "$anchor", "$dynamicAnchor", "$dynamicRef")
_REGEX_MEMORY = 1 << 20
"""Most bytes that a compiled pattern may take."""


class StepBudgetExceededError(Exception):
    """Raised by a search that would look at more values than it may."""


class StepBudget:
    """The values that a search may still look at. On the event loop it keeps the deadline of the work it is part of."""

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps
        self._deadline = deadline.current()
        self._looks = 0

    def spend(self, steps: int = 1) -> None:
        """Take ``steps`` values off the budget; raises :class:`StepBudgetExceededError` where fewer are left."""
        self._left -= steps
        if self._left < 0:
            raise StepBudgetExceededError
        self._looks += steps
        if self._looks >= _OFTEN:
            self._looks = 0
            deadline.check(self._deadline)


def regex(pattern: str, *, ignore_case: bool = False) -> Callable[[str], bool]:
    """Return a function that tells whether a whole text matches a pattern.

    Raises :class:`ValueError` for a pattern that RE2 refuses.
    """
    compiled = _regex(pattern, ignore_case)
    return lambda text: compiled.fullmatch(_sendable(text)) is not None


@functools.lru_cache(maxsize=512)
def _regex(pattern: str, ignore_case: bool) -> Any:
    import re2  # 10 ms that a server without such patterns does not pay

    if len(pattern) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(_sendable(pattern), options)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        raise ValueError(why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)) from None


def _sendable(text: str) -> str:
    """Return a text with ``?`` in place of lone surrogates, which UTF-8 cannot encode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def json_schema(schema: JSON) -> Callable[[JSON], bool]:
    """Return whether a value keeps a JSON Schema (2020-12); ValueError for one that is none or cannot be bounded.

    What a reference leads to is asked once for each part of a value, as in a contract: schemas that name one another
    twice, forty of them in a row, or in circles, take time that grows with schema and value and with nothing else.
    """
    import jsonschema_rs

    from mock_server.generation.schema_document import SchemaDocument

    def refused(uri: str) -> JSON:
        raise LookupError(f"{uri} is not fetched")

    if isinstance(schema, bool):
        return _everything if schema else _nothing
    if not isinstance(schema, dict):
        raise ValueError("neither an object nor true or false")
    schema = {name: member for name, member in schema.items() if name != "$id"}  # its own name says nothing here
    _check_keywords(schema)
    options = jsonschema_rs.RegexOptions(size_limit=_REGEX_MEMORY, dfa_size_limit=_REGEX_MEMORY)
    jsonschema_rs.Draft202012Validator(schema, pattern_options=options, retriever=refused)
    return SchemaDocument(schema).root(schema).accepts


def _everything(value: JSON) -> bool:
    return True


def _nothing(value: JSON) -> bool:
    return False


def _check_keywords(schema: JSON) -> None:
    """Raise ValueError for what would have to be asked elsewhere, or for too many patterns."""
    patterns = 0
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict):
            for name in _NAMES:
                if isinstance(node.get(name), str):
                    raise ValueError(f"{name}; schemas are referred to by JSON Pointer here (#/$defs/NAME)")
            own = node.get("patternProperties")
            patterns += isinstance(node.get("pattern"), str) + (len(own) if isinstance(own, dict) else 0)
            waiting += node.values()
    if patterns > MOST_PATTERNS:
        raise ValueError(f"{patterns} patterns, more than {MOST_PATTERNS}")


def json_path(path: str) -> Callable[[JSON], list[JSON]]:
    """Return a function that lists the values a JSONPath selects; raises :class:`ValueError` for an invalid path.

    A ``$`` within a filter is refused: it makes the work grow with the square of the document. The function raises
    :class:`StepBudgetExceededError`.
    """
    import jsonpath
    from jsonpath.exceptions import JSONPathRecursionError

    if len(path) > LONGEST:
        raise ValueError(f"longer than {LONGEST} characters")
    environment = _environment()
    try:
        compiled = environment.compile(path)
        roots = sum(token.kind == "TOKEN_ROOT" for token in environment.lexer.tokenize(path))
    except jsonpath.JSONPathError as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if roots > 1:
        raise ValueError("a $ within a filter; only @ is taken there")

    def found(value: JSON) -> list[JSON]:
        budget = StepBudget()
        values: list[JSON] = []
        try:
            for match in compiled.finditer([_counted(value, budget)] if _is_plain(value) else _counted(value, budget)):
                budget.spend()
                values.append(match.obj)
        except (JSONPathRecursionError, RecursionError):
            raise StepBudgetExceededError from None
        except jsonpath.JSONPathError:
            return []
        return values

    return found


def _is_plain(value: JSON) -> bool:
    # python-jsonpath parses a text as a document of its own; only the path $ finds anything in a scalar.
    return not isinstance(value, (dict, list))


@functools.cache
def _environment() -> Any:
    import jsonpath
    from jsonpath.function_extensions import ExpressionType, FilterFunction

    class Regex(FilterFunction):
        """``match`` and ``search`` (RFC 9535, 2.4.6 and 2.4.7) in linear time."""

        arg_types = [ExpressionType.VALUE, ExpressionType.VALUE]  # noqa: RUF012
        return_type = ExpressionType.LOGICAL

        def __init__(self, around: str) -> None:
            self._around = around

        def __call__(self, value: object, pattern: object) -> bool:
            if not isinstance(value, str) or not isinstance(pattern, str):
                return False
            try:
                return regex(f"{self._around}(?:{pattern}){self._around}")(value)
            except ValueError:
                return False

    environment = jsonpath.JSONPathEnvironment(strict=True)
    environment.function_extensions["match"] = Regex("")
    environment.function_extensions["search"] = Regex("(?s:.*)")
    return environment


class _Members(dict[str, JSON]):
    """An object that counts how many of its members are looked at."""

    budget: StepBudget

    def items(self) -> Any:
        self.budget.spend()
        return _spent(super().items(), self.budget)

    def __getitem__(self, key: str) -> JSON:
        self.budget.spend()
        return super().__getitem__(key)


class _Items(list[JSON]):
    """A list that counts how many of its items are looked at."""

    budget: StepBudget

    def __iter__(self) -> Iterator[JSON]:
        self.budget.spend()
        return _spent(super().__iter__(), self.budget)

    def __getitem__(self, key: SupportsIndex | slice) -> Any:
        self.budget.spend(len(self) if isinstance(key, slice) else 1)
        return super().__getitem__(key)


def _spent(values: Iterable[_T], budget: StepBudget) -> Iterator[_T]:
    for value in values:
        budget.spend()
        yield value


def _counted(value: JSON, budget: StepBudget) -> Any:
    if isinstance(value, dict):
        members = _Members((key, _counted(member, budget)) for key, member in value.items())
        members.budget = budget
        return members
    if isinstance(value, list):
        items = _Items(_counted(item, budget) for item in value)
        items.budget = budget
        return items
    return value


def json_equal(
    actual: JSON, expected: JSON, budget: StepBudget, *, ignore_order: bool = False, ignore_extra: bool = False
) -> bool:
    """Whether two values are equal as JSON: a number is no boolean, 1 is 1.0.

    ``ignore_order`` takes the items of lists in any order, ``ignore_extra`` lets objects have more members
    and (with it) lists more items than ``expected``. Raises :class:`StepBudgetExceededError`.
    """
    budget.spend()
    if isinstance(actual, dict) and isinstance(expected, dict):
        if not expected.keys() <= actual.keys() or (len(actual) != len(expected) and not ignore_extra):
            return False
        return all(
            json_equal(actual[key], value, budget, ignore_order=ignore_order, ignore_extra=ignore_extra)
            for key, value in expected.items()
        )
    if isinstance(actual, list) and isinstance(expected, list):
        if len(actual) != len(expected) and not (ignore_extra and ignore_order and len(actual) > len(expected)):
            return False
        if ignore_order:
            return _paired(actual, expected, budget, ignore_extra)
        return all(
            json_equal(item, other, budget, ignore_extra=ignore_extra)
            for item, other in zip(actual, expected, strict=True)
        )
    if isinstance(actual, bool) or isinstance(expected, bool):
        return actual is expected
    return actual == expected


def _paired(actual: list[JSON], expected: list[JSON], budget: StepBudget, ignore_extra: bool) -> bool:
    """Tell whether each wanted item can have an equal item of its own: a bipartite matching by augmenting paths."""
    fits = [
        [
            n
            for n, item in enumerate(actual)
            if json_equal(item, want, budget, ignore_order=True, ignore_extra=ignore_extra)
        ]
        for want in expected
    ]
    owner: dict[int, int] = {}
    holds: dict[int, int] = {}
    return all(_placed(index, fits, owner, holds, budget) for index in range(len(expected)))


def _placed(
    first: int, fits: list[list[int]], owner: dict[int, int], holds: dict[int, int], budget: StepBudget
) -> bool:
    """Find an augmenting path for one more wanted item, and apply it; return whether there is one."""
    came: dict[int, int] = {}
    waiting = [first]
    while waiting:
        index = waiting.pop()
        for place in fits[index]:
            budget.spend()
            if place in came:
                continue
            came[place] = index
            if place in owner:
                waiting.append(owner[place])
                continue
            return _moved(place, first, came, owner, holds)
    return False


def _moved(place: int, first: int, came: dict[int, int], owner: dict[int, int], holds: dict[int, int]) -> bool:
    """Apply an augmenting path: move each item on it to its next place, back from the free place to ``first``."""
    mover = came[place]
    while mover != first:
        owner[place], holds[mover], place = mover, place, holds[mover]
        mover = came[place]
    owner[place], holds[first] = first, place
    return True


def parsed(body: bytes) -> JSON:
    """Return a body as JSON; ValueError where it is none, or more than is read."""
    value: JSON = read_json(body)
    return value
