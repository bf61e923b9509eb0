"""The bytes of memory that values hold, so that what is counted is what a process has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from sys import getsizeof

from mock_server.core.types import JSON

_ALIGNMENT = 16
"""Bytes to a multiple of which CPython's allocator rounds (Objects/obmalloc.c)."""
_ALIGNED = _ALIGNMENT // 2
"""Bytes that an object takes more than it has, on average."""
_SMALL = 512
"""Bytes up to which it does so itself; the C library, which has the rest, keeps as much again beside each piece."""


def bytes_of(value: object) -> int:
    """Return the bytes of one object, without those that it refers to."""
    size = getsizeof(value)
    return (size if size <= _SMALL else size + _ALIGNMENT) + 15 & -16


def bytes_of_length(length: int) -> int:
    """Return the bytes of an object of so many bytes, as :func:`bytes_of` does."""
    size = _EMPTY + length
    return (size if size <= _SMALL else size + _ALIGNMENT) + 15 & -16


_EMPTY = getsizeof(b"")
_PAIR = bytes_of(("", ""))


def footprint_of_line(name: bytes, value: bytes) -> int:
    """Return the bytes of a field line, as :func:`footprint` does, in a third of the time."""
    return _PAIR + bytes_of(name) + bytes_of(value)


def footprint(value: object) -> int:
    """Return the bytes of a value with all that is in it: texts, bytes, tuples, lists, mappings, dataclasses.

    A part that is in it twice counts twice. Numbers, booleans and None are not counted: most are there anyway.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return 0
    size = bytes_of(value)
    if isinstance(value, (str, bytes)):
        return size
    if isinstance(value, Mapping):
        return size + sum([footprint(key) + footprint(member) for key, member in value.items()])
    if isinstance(value, (tuple, list, frozenset)):
        return size + sum([footprint(member) for member in value])
    if is_dataclass(value):
        return size + sum([footprint(getattr(value, member.name)) for member in fields(value)])
    return size


def json_footprint(value: JSON) -> int:
    """Return the bytes of a value of JSON, as :func:`footprint` does, in a sixth of the time."""
    size = 0
    nodes = [value]
    for node in nodes:  # which grows meanwhile
        kind = type(node)
        if kind is str:
            size += getsizeof(node) + _ALIGNED
        elif isinstance(node, dict):
            size += getsizeof(node) + sum(map(getsizeof, node)) + _ALIGNED * (len(node) + 1)
            nodes += node.values()
        elif isinstance(node, list):
            size += getsizeof(node) + _ALIGNED
            nodes += node
    return size
