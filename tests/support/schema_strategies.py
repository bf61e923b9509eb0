"""Schemas made up by Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mock_server.generation.string_formats import TEXTS
from tests.support.generated_values import CHECKER

texts = st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 30)})
short_texts = st.integers(0, 30).flatmap(
    lambda least: st.builds(
        lambda more: {"type": "string", "minLength": least, "maxLength": least + more}, st.integers(0, 30)
    )
)
formats = st.sampled_from(
    sorted({name for name, entry in TEXTS.items() if entry.is_exact} & set(CHECKER.checkers))
).map(lambda name: {"type": "string", "format": name})
integers = st.fixed_dictionaries(
    {"type": st.just("integer")},
    optional={"minimum": st.integers(-50, 0), "maximum": st.integers(20, 50), "multipleOf": st.integers(1, 7)},
)
exclusive = st.fixed_dictionaries(
    {"type": st.just("integer"), "exclusiveMinimum": st.integers(-50, 0), "exclusiveMaximum": st.integers(2, 50)}
)
numbers = st.fixed_dictionaries(
    {"type": st.just("number")}, optional={"minimum": st.integers(-50, 0), "maximum": st.integers(1, 50)}
)
enums = st.lists(st.none() | st.booleans() | st.integers() | st.text(), min_size=1, unique_by=repr).map(
    lambda all_: {"enum": all_}
)
leaves = st.one_of(
    texts,
    short_texts,
    formats,
    integers,
    exclusive,
    numbers,
    enums,
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({}),
    st.just(True),
    st.builds(lambda value: {"const": value}, st.integers() | st.text()),
    st.just({"type": ["string", "integer", "null"]}),
)
names = st.text(alphabet="abc/~é", min_size=1, max_size=3)


def arrays(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda item_schema, least, more, first: {
            "type": "array",
            "items": item_schema,
            "minItems": least,
            "maxItems": least + more,
            **({"prefixItems": first} if first else {}),
        },
        items,
        st.integers(0, 3),
        st.integers(0, 3),
        st.lists(items, max_size=2),
    )


def objects(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda known, required, rest: {
            "type": "object",
            "properties": known,
            "required": required[: len(known)],
            "additionalProperties": rest,
        },
        st.dictionaries(names, values, max_size=4),
        st.lists(names, max_size=3, unique=True),
        values,
    )


schemas = st.recursive(
    leaves,
    lambda child: st.one_of(
        arrays(child),
        objects(child),
        st.lists(child, min_size=1, max_size=3).map(lambda any_: {"anyOf": any_}),
        st.lists(objects(child), min_size=1, max_size=1).map(lambda all_: {"allOf": all_}),
    ),
    max_leaves=8,
)
