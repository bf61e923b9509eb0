"""The difference of two values of JSON as a JSON Patch (RFC 6902)."""

from __future__ import annotations

from collections.abc import Iterator

from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON


def json_patch(before: JSON, after: JSON) -> list[JSON]:
    """Return the operations that make ``before`` into ``after``: ``add``, ``remove`` and ``replace``, in their order.

    Members are compared one by one. Of a list, items that are the same at its beginning and at its end stay as they
    are; those between are compared at their places.
    """
    return [*_operations(before, after, "")]


def _operations(before: JSON, after: JSON, pointer: str) -> Iterator[JSON]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _of_members(before, after, pointer)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_items(before, after, pointer)
    elif not _is_same(before, after):
        yield {"op": "replace", "path": pointer, "value": after}


def _of_members(before: dict[str, JSON], after: dict[str, JSON], pointer: str) -> Iterator[JSON]:
    for name in before:
        if name not in after:
            yield {"op": "remove", "path": pointer + pointer_of(name)}
    for name, value in after.items():
        path = pointer + pointer_of(name)
        if name in before:
            yield from _operations(before[name], value, path)
        else:
            yield {"op": "add", "path": path, "value": value}


def _of_items(before: list[JSON], after: list[JSON], pointer: str) -> Iterator[JSON]:
    most = min(len(before), len(after))
    start = _same_at_start(before, after, most)
    ending = _same_at_start(before[start:][::-1], after[start:][::-1], most - start)
    old, new = before[start : len(before) - ending], after[start : len(after) - ending]
    common = min(len(old), len(new))
    for index in range(common):
        yield from _operations(old[index], new[index], f"{pointer}/{start + index}")
    for index in range(len(old) - 1, common - 1, -1):
        yield {"op": "remove", "path": f"{pointer}/{start + index}"}
    for index in range(common, len(new)):
        yield {"op": "add", "path": f"{pointer}/{start + index}", "value": new[index]}


def _same_at_start(before: list[JSON], after: list[JSON], most: int) -> int:
    return next((index for index in range(most) if not _is_same(before[index], after[index])), most)


def _is_same(before: JSON, after: JSON) -> bool:
    """Tell whether two values are the same JSON: to Python, 1 and true are equal too."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_is_same(value, after[name]) for name, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_is_same, before, after))
    return before == after and isinstance(before, bool) == isinstance(after, bool)
