"""JSON Patch (RFC 6902)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
"""An index of an array (RFC 6901, section 4)."""
MOST_COPIED = 100_000
"""Values that the operations of one patch may copy together: thirty that copy the whole into itself are a billion."""
_SHOWN = 200
"""Most characters of a value that an error shows."""


class PatchError(ValueError):
    """Raised for a patch that cannot be applied; nothing of it is. ``pointer`` is into the value that it changes."""

    def __init__(self, pointer: str, found: str, expected: str) -> None:
        super().__init__(f"{pointer or '/'}: found {found}; expected {expected}")
        self.pointer = pointer
        self.found = found
        self.expected = expected


def apply_json_patch(target: JSON, operations: JSON) -> JSON:
    """Return ``target`` with all operations of a patch applied, in their order (section 3). Neither is changed.

    Raises :class:`PatchError` for the first one that cannot be applied, a ``test`` that fails included.
    """
    if not isinstance(operations, list):
        raise PatchError("", "a patch that is no array", "an array of operations")
    copied = 0
    for index, operation in enumerate(operations):
        if not isinstance(operation, dict):
            raise PatchError("", f"operation {index}, which is no object", "an object with `op` and `path`")
        name = operation.get("op")
        apply = _OPERATIONS.get(name) if isinstance(name, str) else None
        if apply is None:
            raise PatchError("", f"the operation {_text(name)}", f"one of {', '.join(_OPERATIONS)}")
        if name == "copy":
            copied += _size(_at(target, _parts(operation, "from")), MOST_COPIED - copied)
            if copied > MOST_COPIED:
                raise PatchError(_pointer(_parts(operation, "path")), "copies of more", f"at most {MOST_COPIED} values")
        target = apply(target, operation)
    return target


def _size(value: JSON, most: int) -> int:
    """Return how many values there are in one, itself included; more than ``most`` are not counted to the end."""
    waiting, size = [value], 0
    while waiting and size <= most:
        here = waiting.pop()
        size += 1
        waiting += here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
    return size


def _add(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    return _added(target, _parts(operation, "path"), _value(operation))


def _remove(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    return _removed(target, _parts(operation, "path"))


def _replace(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    parts = _parts(operation, "path")
    _at(target, parts)
    return _changed(target, parts, lambda _: _value(operation))


def _move(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    source, path = _parts(operation, "from"), _parts(operation, "path")
    if len(path) > len(source) and path[: len(source)] == source:
        raise PatchError(_pointer(path), "a move of a value into itself", "a place outside it")
    value = _at(target, source)
    return target if source == path else _added(_removed(target, source), path, value)


def _copy(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    return _added(target, _parts(operation, "path"), _at(target, _parts(operation, "from")))


def _test(target: JSON, operation: Mapping[str, JSON]) -> JSON:
    parts, expected = _parts(operation, "path"), _value(operation)
    found = _at(target, parts)
    if not _is_equal(found, expected):
        raise PatchError(_pointer(parts), _text(found), f"{_text(expected)}, as the patch tests")
    return target


_OPERATIONS: Mapping[str, Callable[[JSON, Mapping[str, JSON]], JSON]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}


def _parts(operation: Mapping[str, JSON], member: str) -> list[str]:
    pointer = operation.get(member)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise PatchError("", f"`{member}` {_text(pointer)}", "a JSON Pointer, such as /name")
    return pointer_parts(pointer)


def _value(operation: Mapping[str, JSON]) -> JSON:
    if "value" not in operation:
        raise PatchError(str(operation.get("path", "")), "no `value`", "the value of the operation")
    return operation["value"]


def _at(target: JSON, parts: list[str]) -> JSON:
    for depth, part in enumerate(parts):
        if isinstance(target, dict) and part in target:
            target = target[part]
        elif isinstance(target, list):
            target = target[_index(target, parts[: depth + 1], most=len(target) - 1)]
        else:
            raise PatchError(_pointer(parts[: depth + 1]), "nothing", "a value at this place")
    return target


def _added(target: JSON, parts: list[str], value: JSON) -> JSON:
    if not parts:
        return value
    *above, name = parts

    def put(parent: JSON) -> JSON:
        if isinstance(parent, dict):
            return {**parent, name: value}
        if isinstance(parent, list):
            index = len(parent) if name == "-" else _index(parent, parts, most=len(parent))
            return [*parent[:index], value, *parent[index:]]
        raise PatchError(_pointer(above), "neither an object nor an array", "one to add to")

    _at(target, above)
    return _changed(target, above, put)


def _removed(target: JSON, parts: list[str]) -> JSON:
    if not parts:
        raise PatchError("", "a removal of the whole", "a member or an item")
    _at(target, parts)
    *above, name = parts

    def take(parent: JSON) -> JSON:
        if isinstance(parent, dict):
            return {key: member for key, member in parent.items() if key != name}
        assert isinstance(parent, list)
        return [item for index, item in enumerate(parent) if index != int(name)]

    return _changed(target, above, take)


def _changed(target: JSON, parts: list[str], change: Callable[[JSON], JSON]) -> JSON:
    """Return a value in which the one at a place that exists is changed; all around it is copied."""
    if not parts:
        return change(target)
    name, *rest = parts
    if isinstance(target, dict):
        return {key: _changed(member, rest, change) if key == name else member for key, member in target.items()}
    assert isinstance(target, list)
    return [_changed(item, rest, change) if index == int(name) else item for index, item in enumerate(target)]


def _index(target: list[JSON], parts: list[str], most: int) -> int:
    name = parts[-1]
    if not _INDEX.fullmatch(name) or int(name) > most:
        expected = f"an index from 0 to {most}" if most >= 0 else "another place: the array is empty"
        raise PatchError(_pointer(parts), f"the index {name!r} in an array of {len(target)}", expected)
    return int(name)


def _is_equal(left: JSON, right: JSON) -> bool:
    """Tell whether two values are equal by section 4.6: numbers by value, and no number is a boolean."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_equal, left, right))
    return left == right


def _pointer(parts: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def _text(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
