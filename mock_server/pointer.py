"""Changes of a value at a JSON Pointer (RFC 6901): another value, nothing, or parts of another value."""

from __future__ import annotations

from mock_server.exchange import JSON


def placed(value: JSON, parts: list[str], member: JSON) -> JSON:
    """Return a value with another at a pointer. One that leads nowhere changes nothing; a member may be a new one."""
    if not parts:
        return member
    head, *rest = parts
    if isinstance(value, dict) and (head in value or not rest):
        return {**value, head: placed(value.get(head), rest, member)}
    if isinstance(value, list) and head.isascii() and head.isdigit() and int(head) < len(value):
        return [placed(item, rest, member) if index == int(head) else item for index, item in enumerate(value)]
    return value


def without(value: JSON, parts: list[str]) -> JSON:
    """Return a value without the member of an object at a pointer; as it is where there is none."""
    head, *rest = parts
    if isinstance(value, dict) and head in value:
        others = {name: member for name, member in value.items() if name != head}
        return {**value, head: without(value[head], rest)} if rest else others
    if isinstance(value, list) and rest and head.isascii() and head.isdigit() and int(head) < len(value):
        return [without(item, rest) if index == int(head) else item for index, item in enumerate(value)]
    return value


def overlaid(value: JSON, parts: JSON) -> JSON:
    """Return a value with the given parts; all other parts stay. Items of lists are matched by their index."""
    if isinstance(value, dict) and isinstance(parts, dict):
        return {**value, **{name: overlaid(value.get(name), part) for name, part in parts.items()}}
    if isinstance(value, list) and isinstance(parts, list) and value:
        return [overlaid(value[min(index, len(value) - 1)], part) for index, part in enumerate(parts)]
    return parts
