"""Names of schemas, paths and members, taken apart into words that can be compared."""

from __future__ import annotations

import re
from functools import lru_cache
from sys import intern

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_REMEMBERED = 20_000


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a text, which spaces part."""
    return frozenset(text.split())


_NOISE = vocabulary(
    "full minimal simple read public private basic base brief compact short mini simplified detail details detailed"
    " summary summarized extended complete expanded response result output out schema model object dto resource"
    " nullable get view representation partial my v1 v2 v3"
)
"""Words of a schema's name that say how much it shows, not of what."""
_ADDING = frozenset({"with", "including", "for"})
"""Words of a schema's name after which stands what is shown besides."""
_TAILS = (("result", "item"), ("search", "result"), ("search",))
"""Last words of the names of what a search finds."""


@lru_cache(_REMEMBERED)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case: ``CheckoutPublic``, ``checkout-public`` and ``checkout_public`` alike.

    Words are what stands between marks, and what a capital letter begins (``HTTPServer``: http, server).
    """
    return tuple(intern(word.lower()) for word in _split(name))  # the same words again and again


def _split(name: str) -> list[str]:
    parts: list[str] = []
    for match in _WORD.finditer(name):
        word = match.group()
        if word.isupper() and len(word) > 1 and match.end() < len(name) and name[match.end()].islower():
            parts += [word[:-1]]  # the last capital begins the next word
        else:
            parts.append(word)
    return parts


@lru_cache(_REMEMBERED)
def singular(word: str) -> str:
    """Return an English noun in the singular, by its ending alone: ``categories`` → ``category``."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is", "news", "series")):
        return {"ids": "id"}.get(word, word)
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")) and not word.endswith("caches"):
        return word[:-2]
    if word in ("people", "children"):
        return {"people": "person", "children": "child"}[word]
    return word[:-1] if word.endswith("s") else word


@lru_cache(_REMEMBERED)
def noun_words(name: str) -> tuple[str, ...]:
    """Return the words of a name in the singular."""
    return tuple(singular(word) for word in words_of(name))


@lru_cache(_REMEMBERED)
def bare_words(name: str) -> tuple[str, ...]:
    """Return the words of a schema's name without those that say how much it shows; all, where none would be left.

    ``IssueSearchResultItem``, ``IssueWithLabels`` and ``FullIssue`` are issues.
    """
    words = noun_words(name)
    end = next((index for index, word in enumerate(words) if index and word in _ADDING), len(words))
    for tail in _TAILS:
        if end > len(tail) and words[end - len(tail) : end] == tail:
            end -= len(tail)
    return tuple(word for word in words[:end] if word not in _NOISE) or words


def is_plural(name: str) -> bool:
    """Tell whether the last word of a name is a plural."""
    words = words_of(name)
    return bool(words) and singular(words[-1]) != words[-1]


@lru_cache(_REMEMBERED)
def snake(name: str) -> str:
    """Return a name as ``snake_case``."""
    return "_".join(words_of(name))
