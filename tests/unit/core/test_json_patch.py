from __future__ import annotations

import pytest

from mock_server.core.json_patch import MOST_COPIED, PatchError, apply_json_patch
from mock_server.core.types import JSON

CASES: list[tuple[JSON, list[JSON], JSON]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"baz": "qux", "foo": ["a", 2]},
        [{"op": "test", "path": "/foo/1", "value": 2.0}],
        {"baz": "qux", "foo": ["a", 2]},
    ),
    ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"a": {}}}], {"foo": "bar", "child": {"a": {}}}),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": 1, "xyz": 123}], {"foo": "bar", "baz": 1}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
    ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ({"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
    ({"": 1}, [{"op": "remove", "path": "/"}], {}),
]
"""RFC 6902, appendix A, and places at the edges."""


@pytest.mark.parametrize(("target", "patch", "expected"), CASES)
def test_operations_do_what_the_rfc_says(target: JSON, patch: JSON, expected: JSON) -> None:
    before = repr(target)
    assert apply_json_patch(target, patch) == expected
    assert repr(target) == before


REFUSED: list[tuple[JSON, str, str]] = [
    ({"op": "test", "path": "/a", "value": 2}, "/a", "1"),
    ({"op": "test", "path": "/a", "value": True}, "/a", "1"),
    ({"op": "add", "path": "/no/x", "value": 1}, "/no", "nothing"),
    ({"op": "add", "path": "/list/5", "value": 1}, "/list/5", "the index '5' in an array of 2"),
    ({"op": "add", "path": "/list/01", "value": 1}, "/list/01", "the index '01' in an array of 2"),
    ({"op": "add", "path": f"/list/{'9' * 5000}", "value": 1}, f"/list/{'9' * 5000}", "the index"),
    ({"op": "remove", "path": "/list/-"}, "/list/-", "the index '-' in an array of 2"),
    ({"op": "replace", "path": "/b", "value": 1}, "/b", "nothing"),
    ({"op": "remove", "path": ""}, "", "a removal of the whole"),
    ({"op": "move", "from": "/map", "path": "/map/x"}, "/map/x", "a move of a value into itself"),
    ({"op": "add", "path": "/c"}, "/c", "no `value`"),
    ({"op": "add", "path": "c", "value": 1}, "", '`path` "c"'),
    ({"op": "copy", "path": "/c"}, "", "`from` null"),
    ({"op": "merge", "path": "/c"}, "", 'the operation "merge"'),
    ({"op": "add", "path": "/a/b", "value": 1}, "/a", "neither an object nor an array"),
    ("remove", "", "operation 0, which is no object"),
]


@pytest.mark.parametrize(("operation", "pointer", "found"), REFUSED)
def test_a_patch_that_cannot_be_applied_says_where_and_why(operation: JSON, pointer: str, found: str) -> None:
    with pytest.raises(PatchError) as caught:
        apply_json_patch({"a": 1, "list": [1, 2], "map": {}}, [operation])
    assert caught.value.pointer == pointer
    assert caught.value.found.startswith(found)


def test_a_patch_is_an_array() -> None:
    with pytest.raises(PatchError, match="no array"):
        apply_json_patch({}, {"op": "remove", "path": "/a"})


def test_copies_of_copies_are_bounded() -> None:
    doubling: list[JSON] = [{"op": "copy", "from": "", "path": f"/{index}"} for index in range(64)]
    with pytest.raises(PatchError, match=str(MOST_COPIED)):
        apply_json_patch({"a": 1}, doubling)
