r"""Texts for a pattern of ECMA-262: the structure is parsed here, and ``regress`` decides whether a text matches.

Only the structure of a pattern is parsed (alternatives, groups, repetition). ``regress`` tells, letter by letter, what
a class or an escape stands for, so there is no second table of the letters of ``\w`` or ``\p{L}``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mock_server.core.value_class import value_class
from mock_server.generation.contradiction import TOO_LARGE, Unsatisfiable
from mock_server.generation.ecma_regex import matches
from mock_server.generation.seeding import RandomStream

_PLAIN = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_MARKS = " -_.:/,@#+!?=&%$*()[]{}<>|~^`'\"\\;\t\n\r"
_WORLD = "éßÑçœāřſªºλΩπЖдяאבعسअกあアー中日本語한국١२५½²€£¥©°…“”\u00a0\u0301\u200d\ufeff\u000b\f\b\0😀🐲Ⅷ\u2028ǅ"
MOST_DRAWN = 100_000
"""Letters, repetitions and alternatives that are drawn for one text: 0.1 s."""
_EVERYTHING = 0x11000
"""Code points that are tried when no common letter matches."""


@value_class
class Letters:
    """One letter of a class or an escape; ``text`` is the class or escape as written in the pattern."""

    text: str


@value_class
class Repeated:
    """A part that is repeated from ``least`` to ``most`` times; None: without limit."""

    part: Part
    least: int
    most: int | None


@value_class
class Alternatives:
    """One of several sequences. ``number`` is that of the group, 0 for one that does not capture."""

    branches: tuple[tuple[Part, ...], ...]
    number: int = 0
    name: str = ""


@value_class
class Backreference:
    """A backreference: the text that a group has captured."""

    group: str


Part = Letters | Repeated | Alternatives | Backreference

_NOTHING = Alternatives(((),))
_ESCAPE = re.compile(
    r"\\(?:c[A-Za-z]|x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]+\}|u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
    r"|u[0-9A-Fa-f]{4}|[pP]\{[^}]*\}|.)",
    re.DOTALL,
)
_COUNT = re.compile(r"\{(\d+)(,?)(\d*)\}")
_GROUP = re.compile(r"\((?:\?(?:(?P<around>=|!|<=|<!)|:|<(?P<name>[^>]+)>))?")


class _PatternParser:
    """Parses the structure of one pattern."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0
        self._groups = 0

    def choice(self, number: int = 0, name: str = "") -> Alternatives:
        branches: list[tuple[Part, ...]] = []
        sequence: list[Part] = []
        while self._at < len(self._text) and self._text[self._at] != ")":
            if self._text[self._at] == "|":
                self._at += 1
                branches.append(tuple(sequence))
                sequence = []
            else:
                sequence.append(self._repeated(self._part()))
        return Alternatives((*branches, tuple(sequence)), number, name)

    def _part(self) -> Part:
        letter = self._text[self._at]
        if letter == "(":
            return self._group()
        if letter == "[":
            return self._class()
        if letter == "\\":
            return self._escape()
        self._at += 1
        return _NOTHING if letter in "^$" else Letters(letter)

    def _group(self) -> Part:
        match = _GROUP.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        captures = match.group() == "(" or match["name"] is not None
        self._groups += captures
        inner = self.choice(self._groups if captures else 0, match["name"] or "")
        self._at += 1
        # Lookaround is left to chance; regress decides whether a text matches.
        return inner if match["around"] is None else _NOTHING

    def _class(self) -> Part:
        start = self._at
        self._at += 2 if self._text[start + 1 : start + 2] == "^" else 1
        while self._at < len(self._text) and self._text[self._at] != "]":
            self._at += 2 if self._text[self._at] == "\\" else 1
        self._at += 1
        return Letters(self._text[start : self._at])

    def _escape(self) -> Part:
        match = _ESCAPE.match(self._text, self._at)
        if match is None:
            self._at += 1
            return Letters("\\\\")
        self._at = match.end()
        text = match.group()
        if text in ("\\b", "\\B"):
            return _NOTHING
        if text == "\\k" and (named := re.compile(r"<([^>]+)>").match(self._text, self._at)):
            self._at = named.end()
            return Backreference(named[1])
        if text[1] in "123456789":
            digits = re.compile(r"\d*").match(self._text, self._at)
            self._at = digits.end() if digits else self._at
            return Backreference(text[1:] + (digits[0] if digits else ""))
        return Letters(text)

    def _repeated(self, part: Part) -> Part:
        signs = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        letter = self._text[self._at : self._at + 1]
        counted = _COUNT.match(self._text, self._at)
        if letter in signs and letter:
            least, most = signs[letter]
            self._at += 1
        elif counted:
            least = int(counted[1])
            most = int(counted[3]) if counted[3] else None if counted[2] else least
            self._at = counted.end()
        else:
            return part
        if self._text[self._at : self._at + 1] == "?":
            self._at += 1
        return Repeated(part, least, most)


@lru_cache(maxsize=4096)
def _read(pattern: str) -> Alternatives:
    return _PatternParser(pattern).choice()


@lru_cache(maxsize=4096)
def letters_of(text: str) -> tuple[str, str]:
    """Return the letters that a class or an escape stands for: plain ones only, and all that were tried."""
    if len(text) == 1 and text != ".":
        return text, text
    letters = [letter for letter in _PLAIN + _MARKS + _WORLD if matches(f"^(?:{text})$", letter)]
    if not letters:
        codes = (chr(code) for code in range(_EVERYTHING) if not 0xD800 <= code < 0xE000)
        letters = [letter for letter in codes if matches(f"^(?:{text})$", letter)][:64]
    if not letters:
        letters = [letter for code in range(_EVERYTHING, 0x30000) if matches(f"^(?:{text})$", letter := chr(code))][:1]
    plain = [letter for letter in letters if letter in _PLAIN]
    return "".join(plain or letters), "".join(letters)


def sample(pattern: str, random: RandomStream, stretch: int = 3, everything: bool = False) -> str:
    """Return a text that the pattern is likely to match; the caller checks.

    ``stretch`` is how many times more than the least a part may be repeated; ``everything`` draws from punctuation and
    letters of other scripts too.
    """
    captured: dict[str, str] = {}
    drawn = 0

    def said(part: Part) -> str:
        nonlocal drawn
        drawn += 1
        if drawn > MOST_DRAWN:
            raise Unsatisfiable(
                TOO_LARGE, f"pattern: {pattern[:80]}, for which more than {MOST_DRAWN:,} parts are drawn"
            )
        if isinstance(part, Letters):
            letters = letters_of(part.text)[everything]
            return random.choice(letters) if letters else ""
        if isinstance(part, Backreference):
            return captured.get(part.group, "")
        if isinstance(part, Repeated):
            top = part.least + stretch if part.most is None else min(part.most, part.least + stretch)
            return "".join(said(part.part) for _ in range(random.randint(part.least, max(part.least, top))))
        text = "".join(said(child) for child in random.choice(part.branches))
        captured.update({key: text for key in (str(part.number), part.name) if key not in ("0", "")})
        return text

    return said(_read(pattern))
