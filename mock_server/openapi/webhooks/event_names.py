"""Names of webhooks taken apart: what they are about, and what has happened to it."""

from __future__ import annotations

import re

from mock_server.core.value_class import value_class
from mock_server.openapi.resources.names import noun_words, vocabulary, words_of
from mock_server.openapi.webhooks.model import Ending

_MARKS = re.compile(r"[.:/]+")
"""What parts the noun of a name from what has happened (``customer.subscription.created``)."""
_ENDINGS: dict[Ending, frozenset[str]] = {
    "created": vocabulary("created create added new"),
    "updated": vocabulary("updated update changed modified edited"),
    "deleted": vocabulary("deleted delete removed destroyed"),
}


_TYPES = frozenset({("type",), ("event",), ("event", "type"), ("event", "name"), ("topic",), ("name",), ("kind",)})
"""Names, in words, of members that say which event it is."""


def is_type_name(member: str) -> bool:
    """Tell whether a member of that name says which event it is."""
    return words_of(member) in _TYPES


@value_class
class EventName:
    """The words of a webhook's name. ``noun`` is in the singular; ``has_marks`` tells whether dots part the two."""

    noun: tuple[str, ...]
    ending: Ending
    has_marks: bool

    @classmethod
    def of(cls, name: str) -> EventName:
        """Return the parts of a name: ``order.created``, ``order-created``, ``orderCreated``, ``newOrder``."""
        segments = [segment for segment in _MARKS.split(name) if segment]
        if len(segments) > 1:
            return cls(noun_words(segments[-2]), _ending(words_of(segments[-1])), has_marks=True)
        words = words_of(name)
        words = words[1:] if words[:1] == ("on",) else words
        nouns = noun_words(name)[-len(words) :] if words else ()
        if words[:1] == ("new",) and len(words) > 1:
            return cls(nouns[1:], "created", has_marks=False)
        return cls(nouns[:-1], _ending(words[-1:]), has_marks=False)


def _ending(words: tuple[str, ...]) -> Ending:
    if len(words) != 1:
        return ""
    return next((ending for ending, alike in _ENDINGS.items() if words[0] in alike), "")
