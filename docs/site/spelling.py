"""Check the words of the documentation: English, the field's own, and none that only its makers understand."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from spellchecker import SpellChecker

WORDS = Path(__file__).with_name("words.toml")
PLACES = Path(__file__).resolve().parents[2] / "mock_server/generation/fake/data/places"
"""Tables of the world's cities: a line has the subdivision, the name, people and codes, with tabs between."""
_NO_PROSE = re.compile(r"\S*[/@_=.:]\w\S*")
"""Paths, addresses, file names and settings that stand in a sentence without code marks."""
_PART = re.compile(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])")
_WORD = re.compile(r"(?<![^\W\d_])[A-Za-z][A-Za-z'\u2019]*[a-z](?![^\W\d_])")
"""A word in letters of ASCII; one with others is a name of elsewhere."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words that the dictionary lacks and the field has; words not to use, each with a better one; names of cities."""

    field: frozenset[str]
    private: Mapping[str, str]
    cities: frozenset[str]


def read_vocabulary(file: Path = WORDS) -> Vocabulary:
    """Return the vocabulary of a file."""
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    words = {word.lower() for group in data["field"].values() for word in group}
    return Vocabulary(frozenset(words), data["private"], _cities())


def _cities() -> frozenset[str]:
    """Return the words in the names of cities that are written with a capital."""
    tables = (table.read_text(encoding="utf-8").splitlines() for table in PLACES.glob("*.tsv"))
    names = (line.split("\t")[1] for lines in tables for line in lines if "\t" in line)
    return frozenset(word for name in names for word in _WORD.findall(name) if word[0].isupper())


def prose(text: str) -> Iterator[tuple[int, str]]:
    """Yield line numbers and texts of the sentences of a Markdown page, without its code."""
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "inline" and token.map is not None:
            words = " ".join(child.content for child in token.children or () if child.type == "text")
            yield token.map[0] + 1, _NO_PROSE.sub(" ", words)


def spelling_errors(name: str, text: str, vocabulary: Vocabulary, dictionary: SpellChecker) -> Iterator[str]:
    """Yield a line for each word of a page that no dictionary has, and for each private one."""
    for line, sentence in prose(text):
        for private, better in vocabulary.private.items():
            if re.search(rf"\b{private}\b", sentence, re.IGNORECASE):
                yield f"{name}:{line}: found the private word '{private}'; expected {better}."
        for word in _WORD.findall(sentence):
            if not _is_known(word, vocabulary, dictionary):
                yield f"{name}:{line}: found '{word}', in no dictionary; expected English, or a term of {WORDS.name}."


def _is_known(word: str, vocabulary: Vocabulary, dictionary: SpellChecker) -> bool:
    """Return whether a word is known, or each part of a name such as ``RecordedRequest``."""
    plain = word.replace("\u2019", "'").removesuffix("'s").removesuffix("'")
    if plain in vocabulary.cities:
        return True
    plain = re.sub(r"(?<=[A-Z])s$", "", plain)  # APIs
    parts = [plain] if plain.lower() in vocabulary.field else _PART.findall(plain)
    return all(part in vocabulary.field or not dictionary.unknown([part]) for part in map(str.lower, parts))
