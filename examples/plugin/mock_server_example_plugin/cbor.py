"""Concise Binary Object Representation (RFC 8949) of JSON values, by the rules of its section 6."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from mock_server.core.types import JSON

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
"""The major types (3.1)."""
_INDEFINITE = 31
_BREAK = object()
_DEEPEST = 200
"""Most levels that are read: JSON of more is refused too."""
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}


def encode(value: JSON) -> bytes:
    """Return a JSON value as CBOR, in the shortest form of every length and number (4.2.1)."""
    return b"".join(_encoded(value))


def _encoded(value: JSON) -> Iterator[bytes]:
    if value is None or isinstance(value, bool):
        yield bytes([_SIMPLE << 5 | {False: 20, True: 21, None: 22}[value]])
    elif isinstance(value, int):
        yield from _integer(value)
    elif isinstance(value, float):
        yield _float(value)
    elif isinstance(value, str):
        data = value.encode("utf-8", "replace")
        yield _head(_TEXT, len(data)) + data
    elif isinstance(value, list):
        yield _head(_ARRAY, len(value))
        for item in value:
            yield from _encoded(item)
    else:
        yield _head(_MAP, len(value))
        for name, member in value.items():
            yield from _encoded(name)
            yield from _encoded(member)


def _head(major: int, argument: int) -> bytes:
    """Return the initial byte of a data item and its argument (3)."""
    if argument < 24:
        return bytes([major << 5 | argument])
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << 8 * size)
    return bytes([major << 5 | 23 + size.bit_length()]) + argument.to_bytes(size)


def _integer(value: int) -> Iterator[bytes]:
    major, argument = (_UNSIGNED, value) if value >= 0 else (_NEGATIVE, -1 - value)
    if argument < 1 << 64:
        yield _head(major, argument)
    else:  # a bignum (3.4.3)
        data = argument.to_bytes((argument.bit_length() + 7) // 8)
        yield _head(_TAG, 2 if value >= 0 else 3) + _head(_BYTES, len(data)) + data


def _float(value: float) -> bytes:
    for information, (form, _) in _FLOATS.items():
        try:
            data = struct.pack(form, value)
        except OverflowError:
            continue
        if struct.unpack(form, data)[0] == value:
            return bytes([_SIMPLE << 5 | information]) + data
    raise ValueError(f"found the number {value}; expected one that JSON can have")


def decode(data: bytes) -> JSON:
    """Return the JSON value of one data item; raises :class:`ValueError` for anything else.

    Byte strings become texts of one character for each byte, tags but those of bignums are passed over, ``undefined``
    is null.
    """
    reader = _Reader(data)
    value = reader.item(0)
    if reader.position != len(data):
        raise ValueError(f"{len(data) - reader.position} bytes after the data item")
    return value


class _Reader:
    """Bytes, and how far they are read."""

    def __init__(self, data: bytes) -> None:
        self.position = 0
        self._data = data

    def item(self, depth: int) -> JSON:
        """Return the next data item."""
        value = self._item_or_break(depth)
        if value is _BREAK:
            raise ValueError(f"a break where an item begins, at byte {self.position - 1}")
        return value  # type: ignore[return-value]

    def _item_or_break(self, depth: int) -> object:
        if depth > _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} levels")
        initial = self._bytes(1)[0]
        major, information = initial >> 5, initial & 31
        if major == _SIMPLE:
            return self._simple(information)
        count = self._argument(information, is_string_or_list=_BYTES <= major <= _MAP)
        if major in (_BYTES, _TEXT):
            return self._string(major, count)
        if major == _ARRAY:
            return [*self._items(count, depth)]
        if major == _MAP:
            return self._map(count, depth)
        assert count is not None
        return self._tagged(count, depth) if major == _TAG else count if major == _UNSIGNED else -1 - count

    def _bytes(self, count: int) -> bytes:
        data = self._data[self.position : self.position + count]
        if len(data) < count:
            raise ValueError(f"an end at byte {len(self._data)}, within a data item")
        self.position += count
        return data

    def _argument(self, information: int, *, is_string_or_list: bool) -> int | None:
        """Return the argument of a head, None for an indefinite length (3.2)."""
        if information < 24:
            return information
        if information < 28:
            return int.from_bytes(self._bytes(1 << information - 24))
        if information == _INDEFINITE and is_string_or_list:
            return None
        raise ValueError(f"additional information {information}, which is reserved, at byte {self.position - 1}")

    def _string(self, major: int, count: int | None) -> str:
        data = self._bytes(count) if count is not None else b"".join(self._chunks(major))
        return data.decode("utf-8" if major == _TEXT else "latin-1")

    def _chunks(self, major: int) -> Iterator[bytes]:
        while (initial := self._bytes(1)[0]) != _SIMPLE << 5 | _INDEFINITE:
            count = self._argument(initial & 31, is_string_or_list=False) if initial >> 5 == major else None
            if count is None:
                raise ValueError(f"a chunk of another type, at byte {self.position - 1}")
            yield self._bytes(count)

    def _items(self, count: int | None, depth: int) -> Iterator[JSON]:
        while count is None or count > 0:
            value = self._item_or_break(depth + 1)
            if value is _BREAK:
                if count is not None:
                    raise ValueError(f"a break in a list of a length, at byte {self.position - 1}")
                return
            yield value  # type: ignore[misc]
            count = None if count is None else count - 1

    def _map(self, count: int | None, depth: int) -> dict[str, JSON]:
        items = self._items(None if count is None else 2 * count, depth)
        members: dict[str, JSON] = {}
        for name in items:
            if not isinstance(name, str):
                raise ValueError(f"the key {name!r}; JSON has texts for keys")
            try:
                members[name] = next(items)
            except StopIteration:
                raise ValueError(f"the key {name!r} without a value") from None
        return members

    def _tagged(self, tag: int, depth: int) -> JSON:
        value = self.item(depth + 1)
        if tag not in (2, 3):
            return value
        if not isinstance(value, str):
            raise ValueError("a bignum that is no byte string")
        number = int.from_bytes(value.encode("latin-1", "replace"))
        return number if tag == 2 else -1 - number

    def _simple(self, information: int) -> object:
        if information in _FLOATS:
            form, size = _FLOATS[information]
            number: float = struct.unpack(form, self._bytes(size))[0]
            if not math.isfinite(number):
                raise ValueError(f"the number {number}, which JSON does not have")
            return number
        if information == _INDEFINITE:
            return _BREAK
        if information in (20, 21, 22, 23):
            return {20: False, 21: True}.get(information)
        raise ValueError(f"the simple value {information}, at byte {self.position - 1}")
