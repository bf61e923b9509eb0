"""What the query of a list says: the values under each name, however they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from mock_server.http.bracket_notation import BracketError, name_and_steps
from mock_server.http.form_pairs import raw_pairs

_MOST = 1_000
"""Most values of one query that are read; a query of that length has long been refused by servers."""
_SEPARATORS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(slots=True)
class QueryValues:
    """The values of a query, still encoded: by whole name, and by the name before brackets with the steps in them."""

    by_name: dict[str, list[str]] = field(default_factory=dict)
    by_base: dict[str, list[tuple[tuple[str, ...], str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, query: str) -> QueryValues:
        """Read the part of a URL after the question mark."""
        values = cls()
        for count, (name, raw) in enumerate(raw_pairs(query)):
            if count >= _MOST:
                break
            values.by_name.setdefault(name, []).append(raw)
            if "[" in name:
                values._note(name, raw)
        return values

    def _note(self, name: str, raw: str) -> None:
        base, steps = _split(name)
        if steps:
            self.by_base.setdefault(base, []).append((steps, raw))

    def mentions(self, name: str) -> bool:
        """Tell whether anything was sent under a name, with or without brackets after it."""
        return name in self.by_name or (bool(self.by_base) and name.partition("[")[0] in self.by_base)

    def raw(self, name: str) -> list[str]:
        """Return the values under a name as they were sent: ``name=``, ``name[]=`` and ``name[0]=`` alike."""
        plain = name.removesuffix("[]")
        values = self.by_name.get(plain, [])
        if not self.by_base:
            return values
        base, steps = _split(plain)
        count = len(steps)
        return values + [
            raw for way, raw in self.by_base.get(base, ()) if way[:count] == steps and _is_index(way[count:])
        ]

    def texts(self, name: str, separator: str = "") -> list[str]:
        """Return the decoded values under a name, without empty ones; a separator parts each into several."""
        return [
            text
            for raw in self.raw(name)
            for part in (raw.split(separator) if separator else (raw,))
            for text in (unquote_plus(part).strip(),)
            if text
        ]

    def last(self, name: str) -> str | None:
        """Return the decoded value that was sent last under a name; None where none was, or an empty one."""
        for raw in reversed(self.raw(name)):
            text = unquote_plus(raw).strip()
            if text:
                return text
        return None

    def below(self, name: str) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the steps in brackets after a name and the decoded value, without indexes and empty values."""
        for steps, raw in self.by_base.get(name, ()):
            text = unquote_plus(raw).strip()
            if text and not _is_index(steps):
                yield steps, text


def separator_of(style: str, explode: bool | None, *, is_array: bool) -> str:
    """Return what parts the values of an array in one text; empty where each value has a name of its own.

    ``explode`` is true for ``form`` and false for other styles where the contract does not say (OpenAPI 3.1, 4.8.12).
    """
    if not is_array or style not in _SEPARATORS:
        return ""
    is_apart = style == "form" if explode is None else explode
    return "" if is_apart else _SEPARATORS[style]


def _split(name: str) -> tuple[str, tuple[str, ...]]:
    """Return a name before its brackets and the steps in them; brackets that do not close are part of the name."""
    try:
        base, steps = name_and_steps(name)
    except BracketError:
        return name, ()
    return base, tuple(steps)


def _is_index(steps: tuple[str, ...]) -> bool:
    return len(steps) == 1 and (not steps[0] or steps[0].isdigit())
