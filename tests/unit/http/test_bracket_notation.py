from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.core.diagnostics import UnreadableError
from mock_server.http.bracket_notation import BracketError, indexed, name_and_steps, tree_of
from mock_server.http.form_pairs import MOST, MOST_NAMES, form_pairs
from tests.support.hypothesis_settings import repeatable


@pytest.mark.parametrize(
    ("key", "name", "steps"),
    [
        ("a", "a", []),
        ("a[b]", "a", ["b"]),
        ("a[0][b]", "a", ["0", "b"]),
        ("a[]", "a", [""]),
        ("[a]", "[a]", []),
        ("", "", []),
        ("a]", "a]", []),
        ("a[[b]]", "a", ["[b]"]),
        ("a[b]c[d]", "a", ["b]c[d"]),
    ],
)
def test_name_ends_at_first_bracket(key: str, name: str, steps: list[str]) -> None:
    assert name_and_steps(key) == (name, steps)


@pytest.mark.parametrize("key", ["a[", "a[b", "a[b]c", "a[b][", "a" + "[b]" * 33, "a" + "[" * 1_000_000])
def test_malformed_brackets_are_refused(key: str) -> None:
    started = process_time()
    with pytest.raises(BracketError):
        name_and_steps(key)
    assert process_time() - started < 1


@pytest.mark.parametrize(
    ("entries", "tree"),
    [
        ([([], "x")], "x"),
        ([([], "x"), ([], "y")], ["x", "y"]),
        ([([""], "x")], ["x"]),
        ([(["b"], "x"), (["c"], "y")], {"b": "x", "c": "y"}),
        ([(["b"], "x"), (["b"], "y")], {"b": ["x", "y"]}),
        ([(["", "b"], "x"), (["", "c"], "y"), (["", "b"], "z")], [{"b": "x", "c": "y"}, {"b": "z"}]),
        ([([], "x"), (["b"], "y")], ["x", {"b": "y"}]),
        ([([""], "x"), (["b"], "y")], {"": "x", "b": "y"}),
        ([([""], "x"), ([""], "y"), (["b"], "z")], {"": ["x", "y"], "b": "z"}),
    ],
)
def test_steps_spell_a_tree(entries: list[tuple[list[str], str]], tree: object) -> None:
    assert tree_of(entries) == tree


def test_large_indexes_are_names() -> None:
    assert indexed({"10": "b", "9": "a"}) == ["a", "b"]
    assert indexed({"999999999": "a"}) == {"999999999": "a"}
    assert indexed({"0": "a", "x": "b"}) == {"0": "a", "x": "b"}


@repeatable
@given(st.lists(st.tuples(st.lists(st.sampled_from(["", "0", "b"]), max_size=4), st.integers()), min_size=1))
def test_no_tree_loses_what_was_sent(entries: list[tuple[list[str], int]]) -> None:
    def leaves(tree: object) -> list[object]:
        below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
        return [tree] if below is None else [leaf for child in below for leaf in leaves(child)]

    assert sorted(map(repr, leaves(tree_of(entries)))) == sorted(repr(leaf) for _, leaf in entries)


@pytest.mark.parametrize("text", ["&".join(f"k{n}" for n in range(MOST_NAMES + 1)), "a&" * MOST])
def test_too_many_pairs_are_refused(text: str) -> None:
    with pytest.raises(UnreadableError, match="expected at most"):
        form_pairs(text)
