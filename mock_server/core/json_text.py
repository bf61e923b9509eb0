"""JSON texts to values (RFC 8259), as whoever sends them is to be read: one reader for bodies, parameters and control.

Python's own reader takes what RFC 8259 does not have (NaN) or what no other reader may take alike (a name that
stands twice in an object, section 4; numbers beyond all bounds), and lone surrogates, for which UTF-8 has no bytes. A
reader "may set limits on the maximum depth of nesting" and on sizes (section 9): what is deeper or has more values
than here would exhaust the memory or the stack of whoever works with it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

DEEPEST = 200
"""Levels of objects and lists: with the calls that one level takes, a fifth of what Python's stack has room for."""
MOST_VALUES = 250_000
"""Values of one text. To read so many takes 0.2 s, and up to 120 bytes for each (objects of one member): 30 MB. Half a
megabyte of anything has fewer."""
TOO_DEEP = "nested too deeply"

_CONTAINERS = frozenset({dict, list})
_LONG = 64 * 1024
"""Characters of a text whose integers Python reads one by one, as it reads other numbers and objects: between two of
them other threads have their turn. What has none (texts alone) is read in one go, in 0.2 s at most."""
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of half a character: what may be one, as its other half may stand beside it."""


class NotJSONError(ValueError):
    """What Python's reader takes for JSON, and RFC 8259 does not or leaves to the reader."""


class TooDeepError(NotJSONError):
    """JSON of more levels than are read."""

    def __init__(self) -> None:
        super().__init__(TOO_DEEP)


def read_json(body: bytes | str, *, deepest: int | None = None, is_own: bool = False, **parameters: str) -> Any:
    """Return the value of a JSON text, of a body in UTF-8 or of a header; ValueError, told why, for anything else.

    ``deepest`` is how many levels it may have, where something is done with it that Python's stack is used up by.
    ``is_own`` says that this program wrote it, so that no name stands twice: it is read in two thirds of the time.
    ``parameters`` are those of a media type: JSON has none that mean anything (section 11).
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        value = (_OWN_DECODER if is_own and len(text) < _LONG else _decoder_of(text)).decode(text)
        check_value(value, text, deepest)
    except UnicodeDecodeError as problem:
        raise ValueError(f"byte {problem.start} is no UTF-8") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"line {problem.lineno}, column {problem.colno}: {problem.msg}") from None
    except NotJSONError:
        raise
    except ValueError:  # Python, of an integer with more than 4,300 digits
        raise ValueError("a number of too many digits") from None
    except RecursionError:
        raise TooDeepError from None
    return value


def check_value(value: Any, text: str, deepest: int | None = DEEPEST, *, allows_halves: bool = False) -> None:
    """Raise :class:`NotJSONError` where the value that was read of a text is too deep or has half characters.

    ``allows_halves`` lets the latter pass: a description may have them, since it is never sent.
    """
    if deepest is not None and text.count("[") + text.count("{") > deepest:
        _refuse_depth(value, deepest)
    if not allows_halves and (("\\u" in text and _SURROGATE.search(text)) or not (text.isascii() or _is_unicode(text))):
        _refuse_surrogates(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decoder_of(text: str) -> json.JSONDecoder:
    """Return what reads a text; :class:`NotJSONError` for one of too many values, before it is read."""
    if len(text) < _LONG:  # which has fewer
        return _DECODER
    values = text.count(",") + text.count("[") + text.count("{")
    if values > MOST_VALUES:
        _refuse_size(text)
    return _LONG_DECODER


def _refuse_size(text: str) -> None:
    """Refuse a text of too many values. Brackets and commas within strings count for nothing."""
    values = strings = end = 0
    for string in _STRING.finditer(text):
        strings += 1  # a value, or the name of one
        begin = string.start()
        values += text.count(",", end, begin) + text.count("[", end, begin) + text.count("{", end, begin)
        if values > MOST_VALUES or strings > 2 * MOST_VALUES:
            break
        end = string.end()
    else:
        values += text.count(",", end) + text.count("[", end) + text.count("{", end)
    if values > MOST_VALUES or strings > 2 * MOST_VALUES:
        raise NotJSONError(f"more than {MOST_VALUES:,} values")


def _refuse_depth(value: Any, deepest: int) -> None:
    """Refuse a value of too many levels, looked at level by level."""
    level = [value]
    for _ in range(deepest):
        level = [
            child
            for node in level
            if type(node) in _CONTAINERS
            for child in (node.values() if type(node) is dict else node)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return
    raise TooDeepError


def _refuse_surrogates(value: Any) -> None:
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            waiting += node.keys()
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
        elif isinstance(node, str) and not node.isascii():
            try:
                node.encode()
            except UnicodeEncodeError as problem:
                half = ord(node[problem.start])
                raise NotJSONError(f"\\u{half:04x}, which is half a character (a lone surrogate)") from None


def _refuse_constant(name: str) -> float:
    raise NotJSONError(f"{name} is no JSON")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJSONError("a number beyond all bounds")
    return number


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        twice = json.dumps(first_twice(name for name, _ in members))
        raise NotJSONError(f"the name {twice} stands twice in an object")
    return value


def first_twice(names: Iterable[str]) -> str:
    """Return the first name that stood there before; empty where there is none."""
    seen: set[str] = set()
    return next((name for name in names if name in seen or seen.add(name)), "")  # type: ignore[func-returns-value]


def _integer(text: str) -> int:
    return int(text)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_float, object_pairs_hook=_object)
"""Made once: to make one takes longer than to read a small body."""
_OWN_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_LONG_DECODER = json.JSONDecoder(
    parse_constant=_refuse_constant, parse_float=_float, parse_int=_integer, object_pairs_hook=_object
)


_LAYERS = 2
"""Levels of a value that are written member by member: paths and methods of an OpenAPI document, entries of a list."""


def json_bytes(value: Any) -> bytes:
    """Return a value as JSON in UTF-8, as ``json.dumps`` writes it; half characters become question marks.

    What is large is written part by part, so that another thread waits for a part and not for the whole: 13 MB take
    0.1 s.
    """
    return "".join(_parts(value, _LAYERS)).encode("utf-8", "replace")


def _parts(value: Any, layers: int) -> Iterator[str]:
    if not layers or not isinstance(value, (dict, list)):
        yield json.dumps(value, ensure_ascii=False)
        return
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            yield f"{before}{json.dumps(name, ensure_ascii=False)}: "
            yield from _parts(member, layers - 1)
            before = ", "
        yield "}" if value else "{}"
        return
    before = "["
    for item in value:
        yield before
        yield from _parts(item, layers - 1)
        before = ", "
    yield "]" if value else "[]"
