"""Names and raw values, as they stand in a query, a form, a Cookie header or a multipart body."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Generic
from urllib.parse import unquote_plus

from mock_server.core.diagnostics import UnreadableError
from mock_server.http.bracket_notation import BracketError, Leaf, Tree, name_and_steps, tree_of

MOST = 250_000
"""Most pairs of one request that are read: it takes a fifth of a second. A form of 16 MB may have eight million."""
MOST_NAMES = 10_000
"""Most different names in one request, and most parts of a multipart body."""


class Pairs(Generic[Leaf]):
    """Decoded names and the values that were sent under them, in order.

    Names with brackets are also found by the part before the brackets. Raises :class:`UnreadableError` for more than
    :data:`MOST_NAMES` names.
    """

    def __init__(self, pairs: Iterable[tuple[str, Leaf]]) -> None:
        self._pairs: list[tuple[str, Leaf]] = []
        self._values: dict[str, list[Leaf]] = {}
        self._below: dict[str, list[tuple[str, list[str] | BracketError, Leaf]]] = {}
        for key, value in pairs:
            self._pairs.append((key, value))
            values = self._values.get(key)
            if values is None:
                refuse_too_many(len(self._values) + 1, MOST_NAMES, "names")
                values = self._values[key] = []
            values.append(value)
            if "[" in key:
                self._note(key, value)

    def _note(self, key: str, value: Leaf) -> None:
        steps: list[str] | BracketError
        try:
            name, steps = name_and_steps(key)
        except BracketError as error:
            name, steps = key.partition("[")[0], error
        if steps:
            self._below.setdefault(name, []).append((key, steps, value))

    def __iter__(self) -> Iterator[tuple[str, Leaf]]:
        return iter(self._pairs)

    def under(self, name: str) -> list[Leaf]:
        """Return the values that were sent under exactly this name."""
        return self._values.get(name, [])

    def below(self, name: str, but: Collection[str] = ()) -> list[tuple[list[str], Leaf]]:
        """Return the values that were sent under a name with brackets after it, each with the steps in the brackets.

        ``but`` are names with brackets that have a meaning of their own. Raises :class:`UnreadableError` for brackets
        that cannot be read.
        """
        entries: list[tuple[list[str], Leaf]] = []
        for key, steps, value in self._below.get(name, ()):
            if key in but:
                continue
            if isinstance(steps, BracketError):
                raise UnreadableError(str(steps), steps.expected)
            entries.append((steps, value))
        return entries


def objects_of(sent: Pairs[Leaf], names: Collection[str]) -> dict[str, Tree[Leaf]]:
    """Return pairs as the members of one object; ``names`` are members whose names may contain brackets."""
    groups: dict[str, list[tuple[list[str], Leaf]]] = {}
    for key, value in sent:
        name, steps = _split(key, names)
        groups.setdefault(name, []).append((steps, value))
    return {name: tree_of(entries) for name, entries in groups.items()}


def _split(key: str, names: Collection[str]) -> tuple[str, list[str]]:
    if key in names:
        return key, []
    try:
        return name_and_steps(key)
    except BracketError:
        return key, []  # an unknown member, with its whole name


def form_pairs(text: str) -> Pairs[str]:
    """Return the pairs of a query or of ``application/x-www-form-urlencoded``; a name alone has an empty value.

    Values are still encoded: what is encoded in one is data, never a delimiter. Raises :class:`UnreadableError` for
    more than :data:`MOST` pairs.
    """
    refuse_too_many(text.count("&") + 1, MOST, "names and values")
    return Pairs(raw_pairs(text))


def raw_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Return an iterator over the pairs of a query or a form, without a limit; the names are decoded."""
    parts = (part.partition("=") for part in text.split("&") if part)
    return ((unquote_plus(name), value) for name, _, value in parts)


def cookie_pairs(headers: list[str]) -> Pairs[str]:
    """Return the pairs of Cookie headers (RFC 6265, 4.2.1); what is not a pair is skipped, quotes are removed."""
    parts = (part.strip().partition("=") for header in headers for part in header.split(";"))
    return Pairs(
        (name.strip(), value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value)
        for name, equals, value in ((name, equals, value.strip()) for name, equals, value in parts)
        if equals and name
    )


def refuse_too_many(count: int, most: int, what: str) -> None:
    """Raise :class:`UnreadableError` where a request has more of something than ``most``."""
    if count > most:
        raise UnreadableError(f"{count:,} {what}", f"at most {most:,}")
