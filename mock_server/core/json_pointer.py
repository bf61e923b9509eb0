"""Changes of a value at a JSON Pointer (RFC 6901): another value, nothing, or parts of another value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from mock_server.core.types import JSON


def with_value_at(value: JSON, parts: list[str], member: JSON) -> JSON:
    """Return a value with another at a pointer. One that leads nowhere changes nothing; a member may be a new one."""
    if not parts:
        return member
    head, *rest = parts
    if isinstance(value, dict) and (head in value or not rest):
        return {**value, head: with_value_at(value.get(head), rest, member)}
    if isinstance(value, list) and head.isascii() and head.isdigit() and int(head) < len(value):
        return [with_value_at(item, rest, member) if index == int(head) else item for index, item in enumerate(value)]
    return value


def without_value_at(value: JSON, parts: list[str]) -> JSON:
    """Return a value without the member of an object at a pointer; as it is where there is none."""
    head, *rest = parts
    if isinstance(value, dict) and head in value:
        others = {name: member for name, member in value.items() if name != head}
        return {**value, head: without_value_at(value[head], rest)} if rest else others
    if isinstance(value, list) and rest and head.isascii() and head.isdigit() and int(head) < len(value):
        return [without_value_at(item, rest) if index == int(head) else item for index, item in enumerate(value)]
    return value


def with_merged_at(value: JSON, parts: JSON) -> JSON:
    """Return a value with the given parts; all other parts stay. Items of lists are matched by their index."""
    if isinstance(value, dict) and isinstance(parts, dict):
        return {**value, **{name: with_merged_at(value.get(name), part) for name, part in parts.items()}}
    if isinstance(value, list) and isinstance(parts, list) and value:
        return [with_merged_at(value[min(index, len(value) - 1)], part) for index, part in enumerate(parts)]
    return parts


def pointer_parts(pointer: str) -> list[str]:
    """Return the unescaped parts of a JSON Pointer (RFC 6901); a leading ``#`` is allowed."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.lstrip("#").split("/")[1:]]


def pointer_of(*parts: str | int) -> str:
    """Return the JSON Pointer made of these parts."""
    pointer = ""
    for part in parts:
        text = str(part)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        pointer += "/" + text
    return pointer


def reference_to(pointer: str) -> str:
    """Return the reference to a JSON Pointer within the same document (RFC 6901, 6).

    >>> reference_to("/paths/~1pets~1{id}")
    '#/paths/~1pets~1%7Bid%7D'
    """
    return "#" + quote(pointer, safe="/~!$&'()*+,;=:@")


def above_and_at(pointer: str) -> Iterator[str]:
    """Yield a JSON Pointer and those of all its ancestors, the innermost first, the root (empty) last."""
    yield pointer
    while pointer:
        pointer = pointer.rpartition("/")[0]
        yield pointer


def value_at(data: JSON, pointer: str) -> JSON:
    """Return the value at a JSON Pointer; raises KeyError where there is none."""
    if pointer.lstrip("#") and not pointer.lstrip("#").startswith("/"):
        raise KeyError(pointer)
    for part in pointer_parts(pointer):
        if isinstance(data, dict):
            data = data[part]
        elif isinstance(data, list) and re.fullmatch("0|[1-9][0-9]*", part) and int(part) < len(data):
            data = data[int(part)]
        else:
            raise KeyError(part)
    return data


def mapping_at(data: JSON | Mapping[str, JSON], key: str) -> Mapping[str, JSON]:
    """Return the mapping under a key of a mapping; empty where there is none."""
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, dict) else {}
