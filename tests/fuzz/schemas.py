"""Patterns, and bodies against schemas: those who are quick and those who are thorough say the same."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
from hypothesis import strategies as st

from mock_server.core.errors import GenerationError, MockServerError
from mock_server.core.regex import matches
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.messages import Request, Route
from mock_server.openapi.model import Contract
from mock_server.openapi.validation.validator import ContractValidator
from tests.fuzz.junk import SCALARS, VALUES, mutated
from tests.fuzz.target import FaultError, Target, bounded
from tests.support.contracts import document, load, operation
from tests.support.schema_strategies import schemas as any_schemas

SECONDS = 2.0
"""Of processor time, for one pattern or one body: twice what is meant, since a core that two share is half as quick."""

_ATOMS = st.sampled_from(
    [
        *"ab1 -_",
        ".",
        "\\d",
        "\\w",
        "\\s",
        "\\S",
        "\\b",
        "[a-c]",
        "[^a]",
        "[\\w-]",
        "[]",
        "[^]",
        "\\p{L}",
        "\\p{Lu}",
        "\\u0041",
        "\\u{1F600}",
        "\\x41",
        "\\/",
        "\\.",
        "é",
        "😀",
        "^",
        "$",
        "(?=a)",
        "(?!b)",
        "(?<=a)",
        "\\1",
        "\\k<n>",
        "(?<n>a)",
        "\\cA",
        "\\0",
    ]
)
_REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{0,3}", "{2,}", "*?", "{1000}", "{,3}", "{99999999}"])
PATTERNS = st.recursive(
    st.builds("".join, st.lists(st.builds(str.__add__, _ATOMS, _REPEATS), min_size=1, max_size=4)),
    lambda inner: st.one_of(
        st.builds(lambda one, many: f"({one}){many}", inner, _REPEATS),
        st.builds(lambda one, many: f"(?:{one}){many}", inner, _REPEATS),
        st.builds(lambda one, other: f"{one}|{other}", inner, inner),
        st.builds(lambda one: f"^{one}$", inner),
        st.builds(str.__add__, inner, inner),
    ),
    max_leaves=5,
) | st.text(alphabet="ab()[]{}|*+?^$\\.,-1", max_size=12)
SUBJECTS = st.text(alphabet="ab1 -_é😀\n", max_size=12) | st.sampled_from(["a" * 60 + "!", "a" * 5000, "ab" * 500])


def check_pattern(example: dict[str, str]) -> None:
    """Generate a text for a pattern, and ask it of another text; jsonschema-rs has to agree wherever it reads it."""
    pattern, subject = example["pattern"], example["text"]
    linear = _linear(pattern)
    schema: JSON = {"type": "string", "pattern": pattern}
    with bounded(SECONDS, "a text for a pattern"):
        try:
            value = generate(schema, SeedKey(0, "pets", "tom"), SchemaDocument(schema))
        except GenerationError:
            value = None
    if linear is not None and value is not None and not linear.is_valid(value):
        raise FaultError(f"found the text {value!r} for {pattern!r}; expected one that jsonschema-rs accepts")
    with bounded(SECONDS, "a pattern asked of a text"):
        found = matches(pattern, subject)
    if linear is not None and found is not linear.is_valid(subject):
        raise FaultError(f"{pattern!r} on {subject!r}: found {found}; expected what jsonschema-rs says")


def _linear(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    """Return who has to agree; nobody on what it does not read in linear time, or reads otherwise than ECMA-262.

    An engine that backtracks says no, too, where it has given up.

    What ``\\1`` leads back to in a group that took no part is nothing in ECMA-262, and no match elsewhere.
    """
    if re.search(r"\\[1-9k]", pattern):
        return None
    try:
        schema = {"type": "string", "pattern": pattern}
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=jsonschema_rs.RegexOptions())
    except ValueError:
        return None


BODY_SCHEMAS = any_schemas | mutated(
    [
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "string", "format": "date-time"}},
            "patternProperties": {"^x": {"type": "integer"}},
            "unevaluatedProperties": False,
        },
        {
            "type": "array",
            "prefixItems": [{"type": "integer"}],
            "items": {"type": "string", "maxLength": 2},
            "contains": {"const": 1},
            "uniqueItems": True,
        },
        {
            "oneOf": [{"type": "integer", "multipleOf": 0.1}, {"type": "number", "exclusiveMaximum": 3}],
            "not": {"enum": [1, 2.0]},
        },
        {
            "if": {"type": "string"},
            "then": {"pattern": "^a"},
            "else": {"minimum": 1},
            "dependentRequired": {"a": ["b"]},
        },
    ],
    [
        "type",
        "properties",
        "required",
        "enum",
        "const",
        "format",
        "pattern",
        "minLength",
        "maxItems",
        "minimum",
        "anyOf",
        "allOf",
        "not",
        "items",
        "additionalProperties",
        "minProperties",
        "nullable",
        "propertyNames",
        "contentEncoding",
        "default",
    ],
    most=3,
)


def check_body(example: dict[str, Any]) -> None:
    """Have a body judged by who is quick and by openapi-core alone: both have to find the same."""
    schema, body = example["schema"], example["body"]
    if '"multipleOf"' in json.dumps(schema) and any(map(_is_inexact, _numbers([schema, body]))):
        return  # whether 1e308 is a multiple of 0.1 depends on who counts in binary
    content = {"required": True, "content": {"application/json": {"schema": schema}}}
    made = document({"/a": {"post": {"requestBody": content, **operation()}}}, openapi=example["openapi"])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as directory:
        try:
            contract = load(Path(directory), made)
        except MockServerError:
            return
    request = Request(
        "POST",
        "/a",
        headers=(("content-type", "application/json"),),
        body=json.dumps(body).encode(),
    )
    with bounded(SECONDS, "a body that is judged"):
        quick = _quick(contract).request(Route("POST /a"), request)
    thorough = ContractValidator(contract).request(Route("POST /a"), request)
    if bool(quick) is not bool(thorough):
        raise FaultError(f"{body!r} against {schema!r}: found {quick}; expected as openapi-core says: {thorough}")


def _numbers(value: Any) -> Iterator[int | float]:
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, (list, dict)):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _numbers(member)


def _is_inexact(number: int | float) -> bool:
    return abs(number) > 2**53 or 0 < abs(number) < 2**-53


def _quick(contract: Contract) -> ContractValidator:
    sent = SchemaDocument(dict(contract.document), contract.openapi, sends="request")
    return ContractValidator(contract, takes_of=lambda schema: sent.root(schema).accepts)


PATTERN = Target("patterns", st.fixed_dictionaries({"pattern": PATTERNS, "text": SUBJECTS}), check_pattern)
BODY = Target(
    "bodies",
    st.fixed_dictionaries(
        {
            "schema": BODY_SCHEMAS,
            "body": VALUES | SCALARS | st.dictionaries(st.sampled_from(["a", "b", "x1"]), SCALARS, max_size=3),
            "openapi": st.sampled_from(["3.0.3", "3.1.0"]),
        }
    ),
    check_body,
)
