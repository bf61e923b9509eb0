"""Patterns on which a backtracking engine takes exponential time: ``^(a|a)*$``, ``^(a+)+$``, ``^(.*,)*$``.

Such a pattern has a position that one and the same text leads back to in two ways (exponential ambiguity: Weideman et
al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016). The automaton has one
position for each letter of the pattern (Glushkov's construction); ``regress`` tells, letter by letter, what a class or
an escape stands for. A pattern that is not understood, or has too many positions, is not reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from regress import Regex, RegressError

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_of
from mock_server.core.value_class import value_class
from mock_server.openapi.loading.source_map import LayeredSourceMap
from mock_server.openapi.traversal import Document, nodes

MOST_PLACES = 120
"""Most positions of an automaton that is analysed: all pairs of them are visited, which takes 0.1 s."""
MOST_READ = 10_000
"""Most parts of a pattern that are read; a part that is repeated N times counts N times."""

_SAMPLE = frozenset({*map(chr, range(9, 127)), *"éßΩяא中😀"})
_TOKEN = re.compile(
    r"(?P<escape>\\(?:[pP]\{[^}]*\}|u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|k<[^>]*>|.))"
    r"|(?P<class>\[\^?(?:\\.|[^\]\\])*\])|(?P<around>\((?:\?=|\?!|\?<=|\?<!))|(?P<open>\((?:\?:|\?<[^>]+>)?)"
    r"|(?P<close>\))|(?P<bar>\|)|(?P<repeat>(?:[*+?]|\{\d+(?:,\d*)?\})\??)|(?P<anchor>[\^$])|(?P<letter>.)",
    re.DOTALL,
)
_REPEATED = re.compile(r"\)(?:[*+]|\{\d+,)")


class _UnknownError(Exception):
    """Raised for a pattern that is not understood, or is too large."""


@value_class
class _PatternPart:
    """A part of a pattern: the positions that it may begin and end with, and whether it may be empty."""

    first: tuple[int, ...] = ()
    last: tuple[int, ...] = ()
    may_be_empty: bool = True


class _Automaton:
    """The positions of a pattern with the letters of each, and the number of ways from each position to each other."""

    def __init__(self, pattern: str) -> None:
        self.letters: list[frozenset[str]] = []
        self.steps: Counter[tuple[int, int]] = Counter()
        self._tokens = [(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(pattern)]
        self._alphabet = _SAMPLE | {letter for letter in pattern if not letter.isascii() and not _is_surrogate(letter)}
        self._at = 0
        self._read = 0
        self._choice()
        if self._at < len(self._tokens):
            raise _UnknownError

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _choice(self) -> _PatternPart:
        branches = [self._sequence()]
        while self._peek() == "bar":
            self._at += 1
            branches.append(self._sequence())
        return _PatternPart(
            tuple(place for branch in branches for place in branch.first),
            tuple(place for branch in branches for place in branch.last),
            any(branch.may_be_empty for branch in branches),
        )

    def _sequence(self) -> _PatternPart:
        whole = _PatternPart()
        while self._peek() not in ("", "bar", "close"):
            whole = self._joined(whole, self._repeated())
        return whole

    def _joined(self, before: _PatternPart, after: _PatternPart) -> _PatternPart:
        self.steps.update((end, begin) for end in before.last for begin in after.first)
        return _PatternPart(
            before.first + (after.first if before.may_be_empty else ()),
            after.last + (before.last if after.may_be_empty else ()),
            before.may_be_empty and after.may_be_empty,
        )

    def _repeated(self) -> _PatternPart:
        """Return a part with its repetitions: a counted one is unrolled, one without an end becomes a loop."""
        start = self._at
        part = self._atom()
        if self._peek() != "repeat":
            return part
        after = self._at + 1
        least, most = _bounds(self._tokens[self._at][1])
        if most is not None and most <= 1:
            self._at = after
            return _PatternPart(part.first, part.last, part.may_be_empty or least == 0) if most else _PatternPart()
        if most is None and least <= 1:
            self._at = after
            self.steps.update((end, begin) for end in part.last for begin in part.first)
            return _PatternPart(part.first, part.last, part.may_be_empty or least == 0)
        whole = part if least else _PatternPart(part.first, part.last)
        # A counted part is read again for each repetition, so that each has positions of its own.
        for number in range(1, most or least):
            self._at = start
            again = self._atom()
            whole = self._joined(whole, again if number < least else _PatternPart(again.first, again.last))
        if most is None:
            self.steps.update((end, begin) for end in again.last for begin in again.first)
        self._at = after
        return whole

    def _atom(self) -> _PatternPart:
        kind, text = self._tokens[self._at]
        self._at += 1
        self._read += 1
        if self._read > MOST_READ:
            raise _UnknownError
        if kind in ("open", "around"):
            inner = self._choice()
            if self._peek() != "close":
                raise _UnknownError
            self._at += 1
            return _PatternPart() if kind == "around" else inner
        if kind in ("repeat", "close"):
            raise _UnknownError
        # Anchors and backreferences have no positions: they count as empty parts.
        if kind == "anchor" or text in ("\\b", "\\B") or re.fullmatch(r"\\[1-9k].*", text):
            return _PatternPart()
        if len(self.letters) >= MOST_PLACES:
            raise _UnknownError
        written = text if kind in ("escape", "class") or text == "." else re.escape(text)
        self.letters.append(_letters(written, self._alphabet))
        place = len(self.letters) - 1
        return _PatternPart((place,), (place,), may_be_empty=False)

    def leads_back_in_two_ways(self) -> bool:
        """Tell whether one text leads from a position back to it in two ways."""
        after: dict[int, list[int]] = {}
        for (begin, end), _ in self.steps.items():
            after.setdefault(begin, []).append(end)
        reach = {place: _reached(place, after) for place in range(len(self.letters))}
        if any(ways > 1 and begin in reach[end] for (begin, end), ways in self.steps.items()):
            return True
        rings = {frozenset(end for end in ends if place in reach[end]) for place, ends in reach.items()}
        return any(self._part_and_meet(min(ring), after, ring) for ring in rings if ring)

    def _part_and_meet(self, place: int, after: dict[int, list[int]], ring: frozenset[int]) -> bool:
        """Tell whether two paths with the same text can leave a position, differ, and come back to it together."""
        # First forward, to all pairs of positions that one text can lead to; then back, from the start.
        before: dict[tuple[int, int], list[tuple[int, int]]] = {}
        start = (place, place)
        waiting, seen = [start], {start}
        while waiting:
            pair = waiting.pop()
            for position in after.get(pair[0], ()):
                for other in after.get(pair[1], ()):
                    if position in ring and other in ring and self.letters[position] & self.letters[other]:
                        before.setdefault((position, other), []).append(pair)
                        if (position, other) not in seen:
                            seen.add((position, other))
                            waiting.append((position, other))
        waiting, back = [start], {start}
        while waiting:
            for pair in before.get(waiting.pop(), ()):
                if pair not in back:
                    back.add(pair)
                    waiting.append(pair)
        return any(position != other for position, other in back)


def _reached(place: int, after: dict[int, list[int]]) -> set[int]:
    """Return the positions that one or more steps lead to."""
    reached: set[int] = set()
    waiting = [place]
    while waiting:
        for end in after.get(waiting.pop(), ()):
            if end not in reached:
                reached.add(end)
                waiting.append(end)
    return reached


def _is_surrogate(letter: str) -> bool:
    return "\ud800" <= letter <= "\udfff"


def _bounds(text: str) -> tuple[int, int | None]:
    """Return how often a part may be repeated: the least and the most, None for no limit."""
    if text[0] in "*+?":
        return (1 if text[0] == "+" else 0), (1 if text[0] == "?" else None)
    least, comma, most = text.strip("{}?").partition(",")
    return int(least), int(most) if most else None if comma else int(least)


@lru_cache(maxsize=1024)
def _letters(text: str, alphabet: frozenset[str]) -> frozenset[str]:
    """Return the letters of the alphabet that a letter, a class or an escape stands for."""
    for flags in ("u", ""):
        try:
            letter = Regex(text, flags)
        except RegressError:
            continue
        return frozenset(character for character in alphabet if letter.find(character) is not None)
    raise _UnknownError


@lru_cache(maxsize=4096)
def is_endless(pattern: str) -> bool:
    """Tell whether a backtracking engine takes exponential time for some text that the pattern refuses."""
    if _REPEATED.search(pattern) is None or "$" not in pattern:  # without an end anchor a match is found at once
        return False
    try:
        return _Automaton(pattern).leads_back_in_two_ways()
    except (_UnknownError, RecursionError):
        return False


def endless_patterns(document: Document, source: LayeredSourceMap) -> Iterator[Diagnostic]:
    """Yield a finding for each pattern of a document that backtracks without end, at the first place that has it."""
    seen: set[str] = set()
    for pointer, node, kind in nodes(document):
        pattern = node.get("pattern") if kind == "schema" else None
        if isinstance(pattern, str) and pattern not in seen:
            seen.add(pattern)
            if is_endless(pattern):
                where = pointer + pointer_of("pattern")
                yield Diagnostic(
                    "pattern",
                    source.location(where),
                    f"{pattern!r}, which one text fits in many ways",
                    "a pattern that every engine matches in bounded time",
                    where,
                    "Repaired: it is matched in bounded time here; elsewhere a short text can hold up a server.",
                    "repaired",
                )
