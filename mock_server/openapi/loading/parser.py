"""Text to data: one YAML or JSON text, with the line of every node.

YAML is read by the core schema of YAML 1.2: ``NO`` is a text, a date is a text, keys are texts. Nothing in the text is
rendered or executed, and a text built to exhaust the reader is refused.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, cast

import yaml

from mock_server.core.errors import ContractError, MockServerError
from mock_server.core.json_text import DEEPEST, NotJSONError, check_value, first_twice
from mock_server.core.types import JSON
from mock_server.openapi.loading.line_index import looks_like_json
from mock_server.openapi.loading.reader import indefinite
from mock_server.openapi.loading.source_map import Source
from mock_server.openapi.loading.yaml_loader import CoreSchemaLoader

MAX_DEPTH = DEEPEST
"""The deepest nesting; libyaml's composer overruns the stack somewhere above 5,000."""
MAX_EXPANSION = 20
"""How many times larger than itself a text may become when its YAML aliases are written out."""


def parse_source(
    name: str,
    text: str,
    error: type[MockServerError] = ContractError,
    *,
    what: str = "contract",
    allows_halves: bool = False,
) -> Source:
    """Return the data in a text; raises ``error`` where it is neither YAML nor JSON or would exhaust its reader.

    Half characters (lone surrogates) are an error too, unless the text ``allows_halves``.
    """
    try:
        data = _parse_json(text, allows_halves=allows_halves) if looks_like_json(name, text) else _parse_yaml(text)
    except json.JSONDecodeError as problem:
        raise error(
            f"{name}:{problem.lineno}: found {problem.msg.lower()} in column {problem.colno};"
            f" expected {indefinite(what)} in JSON. Fix the line or give a YAML file."
        ) from None
    except yaml.YAMLError as problem:
        raise error(
            f"{name}{_yaml_problem(problem)}; expected {indefinite(what)} in YAML or JSON. Fix the line."
        ) from None
    except _DuplicateKeyError as problem:
        raise error(
            f"{name}:1: found the key {problem.args[0]!r} twice in one object; expected {indefinite(what)} in JSON."
            " Fix the object."
        ) from None
    except (RecursionError, ValueError) as problem:
        actual = (
            str(problem)
            if isinstance(problem, _UnsafeTextError)
            else "something nested too deeply or a number too long"
        )
        raise error(
            f"{name}:1: found {actual}; expected {indefinite(what)} that can be read in a moment. Write it out."
        ) from None
    return Source(name, text, data)


class _DuplicateKeyError(ValueError):
    """Raised for a JSON object that has a key twice."""


class _UnsafeTextError(ValueError):
    """Raised for a text that would exhaust its reader."""


def _parse_json(text: str, *, allows_halves: bool) -> JSON:
    data = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_number, parse_float=_finite)
    try:
        check_value(data, text, allows_halves=allows_halves)
    except NotJSONError as problem:
        raise _UnsafeTextError(str(problem)) from None
    return cast("JSON", data)


def _refuse_number(name: str) -> float:
    raise _UnsafeTextError(f"{name}, which is no number of JSON")


def _finite(text: str) -> float:
    return float(text) if isfinite(float(text)) else _refuse_number(text)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _DuplicateKeyError(first_twice(name for name, _ in pairs))
    return members


def _parse_yaml(text: str) -> JSON:
    _refuse_depth(text)
    data = yaml.load(text, Loader=CoreSchemaLoader)  # noqa: S506  (a subclass of the safe loader)
    # Without both an anchor and an alias nothing can expand.
    if "&" in text and "*" in text:
        _refuse_expansion(data)
        data = _written_out(data)
    return cast("JSON", data)


_NESTING = rf"[\[\]{{}}]|^[ \t?-]{{{MAX_DEPTH},}}"


def _refuse_depth(text: str) -> None:
    """Refuse nesting over the limit before libyaml recurses into it; raises :class:`_UnsafeTextError`."""
    depth = deepest = 0
    for match in re.finditer(_NESTING, text, re.MULTILINE):
        bracket = match.group()
        depth += 1 if bracket in "[{" else -1 if bracket in "]}" else MAX_DEPTH
        deepest = max(deepest, depth)
    if deepest < MAX_DEPTH:
        return
    # The quick count includes brackets within texts; the parser's events do not.
    level = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            level += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if level > MAX_DEPTH:
                break
    except yaml.MarkedYAMLError as error:
        if "nesting depth" not in str(error.problem):  # libyaml 0.2.6 has a limit of its own, of 1,000
            raise
        level = MAX_DEPTH + 1
    if level > MAX_DEPTH:
        raise _UnsafeTextError(f"more than {MAX_DEPTH} levels of nesting")


def _refuse_expansion(data: object) -> None:
    """Refuse aliases that turn a small text into a huge document (a "billion laughs") or into a cycle."""
    sizes: dict[int, int] = {}
    open_nodes: set[int] = set()

    def size(node: object) -> int:
        if not isinstance(node, (dict, list)):
            return 1
        if id(node) in open_nodes:
            raise _UnsafeTextError("a YAML alias that contains itself")
        if id(node) not in sizes:
            open_nodes.add(id(node))
            children = node.values() if isinstance(node, dict) else node
            sizes[id(node)] = 1 + sum(size(child) for child in children)
            open_nodes.discard(id(node))
        return sizes[id(node)]

    whole = size(data)
    # A small document may repeat its parts as often as it likes.
    if whole > 100_000 and whole > MAX_EXPANSION * len(sizes):
        raise _UnsafeTextError(f"YAML aliases that expand to {whole:,} nodes")


def _written_out(data: Any) -> Any:
    """Return the data with every alias written out: a change in one place must not change another."""
    if isinstance(data, dict):
        return {key: _written_out(value) for key, value in data.items()}
    return [_written_out(value) for value in data] if isinstance(data, list) else data


def _yaml_problem(problem: yaml.YAMLError) -> str:
    mark = getattr(problem, "problem_mark", None) or getattr(problem, "context_mark", None)
    line = f":{mark.line + 1}" if mark is not None else ""
    actual = getattr(problem, "problem", None) or str(problem).splitlines()[0]
    for start, instead in (("found ", ""), ("but found ", ""), ("did not find ", "no ")):
        if actual.startswith(start):
            actual = instead + actual.removeprefix(start)
    return f"{line}: found {actual}"
