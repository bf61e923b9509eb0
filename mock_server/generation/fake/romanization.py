"""Names in Latin letters, as people of a country write them in mail addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from anyascii import anyascii

from mock_server.generation.fake.data_tables import row

Style = Callable[[str], str]
"""Spells a text in lower case with Latin letters; what it leaves in another script is left to anyascii."""

_FOLDED = str.maketrans({"ö": "o", "ü": "u", "ä": "a", "å": "a", "ø": "o", "ß": "ss"})
_WORD = "(?<![\\w'\u2019\u02bc])"
"""What is before the beginning of a word; an apostrophe within one is none."""
_LETTER = re.compile(r"[^\W\d_]")


@cache
def _styles() -> dict[str, str]:
    return {people: style for style, peoples in row("romanization_rules", "styles").items() for people in peoples}


def style_of(people: str) -> str | None:
    """Return the style in which a people spells itself, None where anyascii does."""
    return _styles().get(people)


@lru_cache(maxsize=8192)
def ascii_letters(text: str, style: str | None = None) -> str:
    """Return the lower-case ASCII letters and digits of a name, spelled by a style of ``romanization_rules.yaml``."""
    return re.sub(r"[^a-z0-9]+", "", latin(text, style))


def latin(text: str, style: str | None = None) -> str:
    """Return a text in lower-case ASCII, spelled by a style; the words of the text stay apart."""
    lower = text.lower()
    spelled = _STYLES[style](lower) if style else lower
    return anyascii(spelled.translate(_FOLDED)).lower()


def _by_rules(name: str) -> Style:
    """Return a style of replacements: those at the beginning of a word first, then all others, longest first."""

    def spell(text: str) -> str:
        initial, anywhere, letters = _rules(name)
        return letters.sub(lambda span: anywhere[span[0]], initial[0].sub(lambda span: initial[1][span[0]], text))

    return spell


@lru_cache(maxsize=32)
def _rules(name: str) -> tuple[tuple[re.Pattern[str], dict[str, str]], dict[str, str], re.Pattern[str]]:
    rules = row("romanization_rules", name)
    initial, anywhere = rules.get("initial", {}), rules["anywhere"]
    return (_pattern(initial, _WORD), initial), anywhere, _pattern(anywhere, "")


def _pattern(rules: Mapping[str, str], before: str) -> re.Pattern[str]:
    longest = sorted(rules, key=len, reverse=True)
    return re.compile(before + "(?:" + "|".join(map(re.escape, longest)) + ")" if longest else r"(?!)")


_GREEK_U = re.compile("([αεη])[υύ](?=(.?))")
_UNVOICED = frozenset("θκξπσςτφχψ")
_GREEK_ACCENTS = str.maketrans("άέήίόώϊΐ", "αεηιοωιι")


def _greek(text: str) -> str:
    """Spell Greek by ELOT 743: diphthongs in upsilon end in f before unvoiced sounds and at the end, else in v."""

    def spell(span: re.Match[str]) -> str:
        voiceless = not span[2] or span[2] in _UNVOICED or not _LETTER.match(span[2])
        return f"{span[1]}{'f' if voiceless else 'v'}"

    text = re.sub("[οό][υύ]", "ou", text)
    text = _GREEK_U.sub(spell, text).translate(_GREEK_ACCENTS)
    return _by_rules("greek")(text)


_HANGUL = 0xAC00
_INITIALS = ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"]
_VOWELS = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
_FINALS = [
    "",
    "k",
    "k",
    "k",
    "n",
    "n",
    "n",
    "t",
    "l",
    "k",
    "m",
    "l",
    "l",
    "l",
    "p",
    "l",
    "m",
    "p",
    "p",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "t",
]


def _korean(text: str) -> str:
    """Spell Hangul by the Revised Romanization, syllable by syllable as in names, with the usual family names."""
    family: dict[str, str] = row("romanization_rules", "korean")["anywhere"]
    return family.get(text) or "".join(map(_syllable, text))


def _syllable(letter: str) -> str:
    place = ord(letter) - _HANGUL
    if not 0 <= place < 11172:
        return letter
    return _INITIALS[place // 588] + _VOWELS[place % 588 // 28] + _FINALS[place % 28]


_PINYIN = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)(.*)")


def _taiwanese(text: str) -> str:
    """Spell Chinese by Wade-Giles without apostrophes and hyphens, as passports of Taiwan do."""
    readings: dict[str, str] = row("romanization_rules", "taiwanese")["anywhere"]
    return "".join(readings.get(letter) or _reading(letter) for letter in text)


def _reading(letter: str) -> str:
    return letter if letter.isspace() else _wade_giles(anyascii(letter).lower().strip())


def _wade_giles(pinyin: str) -> str:
    whole = _WHOLE.get(pinyin)
    if whole is not None:
        return whole
    span = _PINYIN.fullmatch(pinyin)
    if span is None:
        return pinyin
    initial, final = span[1], span[2]
    if initial in ("j", "q", "x") and final.startswith("u"):  # ü
        final = {"u": "u", "ue": "ueh", "uan": "uan", "un": "un"}.get(final, final)
    final = _WADE_FINALS.get(final, final)
    if initial == "y":
        return _Y.get(span[2], f"y{final}")
    if final == "uo" and initial in ("d", "t", "n", "l", "z", "c", "s", "zh", "ch", "sh", "r"):
        final = "o"
    if final == "e" and initial in ("g", "k", "h"):
        final = "o"
    return _WADE_INITIALS.get(initial, initial) + final


_WADE_INITIALS = {
    "b": "p",
    "d": "t",
    "g": "k",
    "zh": "ch",
    "j": "ch",
    "q": "ch",
    "x": "hs",
    "z": "ts",
    "c": "ts",
    "r": "j",
}
_WADE_FINALS = {"ian": "ien", "ie": "ieh", "ong": "ung", "iong": "iung", "ue": "ueh", "ui": "ui"}
_WHOLE = {
    "zhi": "chih",
    "chi": "chih",
    "shi": "shih",
    "ri": "jih",
    "zi": "tzu",
    "ci": "tzu",
    "si": "szu",
    "er": "erh",
    "gui": "kuei",
    "kui": "kuei",
    "you": "yu",
    "yi": "yi",
}
_Y = {"an": "yen", "e": "yeh", "ong": "yung", "ue": "yueh", "uan": "yuan", "u": "yu", "un": "yun"}
"""Wade-Giles where it differs from Hanyu Pinyin (Giles, A Chinese-English Dictionary, 1912)."""


_STYLES: Mapping[str, Style] = {
    "greek": _greek,
    "korean": _korean,
    "taiwanese": _taiwanese,
    **{
        name: _by_rules(name)
        for name in (
            "german",
            "danish",
            "ukrainian",
            "belarusian",
            "bulgarian",
            "macedonian",
            "russian",
            "kazakh",
            "mongolian",
            "armenian",
            "georgian",
            "macanese",
        )
    },
}
