"""Texts: by Faker's method, by format, by pattern, or a word; of the length that is wanted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from mock_server.core import deadline
from mock_server.core.deadline import takes_long
from mock_server.core.late_imports import LATE_IMPORTS
from mock_server.core.types import JSON
from mock_server.generation.choices import Choice
from mock_server.generation.constraints.strings import StringConstraints
from mock_server.generation.contradiction import Unsatisfiable, refuse_large
from mock_server.generation.ecma_regex import matches
from mock_server.generation.fake.faker_bridge import call_faker
from mock_server.generation.fake.field_providers import uuid4
from mock_server.generation.fake.words import word
from mock_server.generation.location import ValueLocation, Walker
from mock_server.generation.seeding import RandomStream
from mock_server.generation.string_formats import LETTERS
from mock_server.generation.values.regex import MOST_DRAWN, sample
from mock_server.plugins import StringFormat, registry

if TYPE_CHECKING:
    from jsonschema import FormatChecker

LONGEST = 1_000
"""Characters of a text that nothing bounds above and a variant wants at its longest."""
MOSTLETTERS = 1_000_000
"""Characters of a text that is made: a megabyte, which takes as long as a hundred usual answers."""
TRIES = 160
"""Most texts that are tried for a pattern."""
_EDGE = Choice.EDGE


@cache
def _formats() -> Mapping[str, StringFormat]:
    """Return all registered formats, by name."""
    return dict(registry().formats)


def make_text(walk: Walker, shape: StringConstraints, place: ValueLocation) -> JSON:
    """Return a text that satisfies the shape; raises :class:`Unsatisfiable` where none was found."""
    edge = walk.wanted.get((place.pointer, _EDGE)) if walk.wanted else None
    # These makers give valid texts only, so nothing has to be checked.
    if shape.is_format_alone and (alone := _formats().get(shape.formats[0])) and alone.is_exact and alone.generate:
        return str(alone.generate(walk.draw.at(place.key)))
    refuse_large("minLength", shape.least, MOSTLETTERS, place.pointer)
    last = ""
    for last in _texts(walk, shape, place, edge):
        if _wrong(shape, last) is None:
            return last
    raise Unsatisfiable(*dict.fromkeys(_said(shape, last)))


def _said(shape: StringConstraints, text: str) -> Iterator[str]:
    for keyword, there in (
        ("format", shape.formats),
        ("pattern", shape.patterns),
        ("minLength", shape.least),
        ("maxLength", shape.most is not None),
        ("not", shape.not_patterns or shape.not_formats or shape.not_values),
    ):
        if there:
            yield keyword
    yield _wrong(shape, text) or "type"


def _wrong(shape: StringConstraints, text: str) -> str | None:
    """Return the keyword that refuses a text, or None."""
    if len(text) < shape.least:
        return "minLength"
    if shape.most is not None and len(text) > shape.most:
        return "maxLength"
    if any(not matches(pattern, text) for pattern in shape.patterns):
        return "pattern"
    if any(not _conforms(text, name) for name in shape.formats):
        return "format"
    if shape.not_values and text in shape.not_values:
        return "not"
    if any(matches(pattern, text) for pattern in shape.not_patterns):
        return "not"
    return "not" if any(_conforms(text, name) for name in shape.not_formats) else None


def _conforms(text: str, name: str) -> bool:
    """Return whether a text has a format."""
    return _format_checker().conforms(text, name)


@cache
def _format_checker() -> FormatChecker:
    """Return the checker of formats; its library is imported when the first text is made that should have one."""
    takes_long()
    with LATE_IMPORTS:
        from mock_server.generation.careful_validator import format_checker

    return format_checker()


def _texts(walk: Walker, shape: StringConstraints, place: ValueLocation, edge: int | None) -> Iterator[str]:
    """Yield texts to try, the believable ones first."""
    random = walk.draw.at(place.key)
    if edge in (0, 1):
        yield from _edged(shape, random, edge)
    if shape.faker:
        yield str(call_faker(shape.faker, walk.draw.number(place.key)))
    if shape.media is not None:
        yield _encoded(walk, shape, place)
    formats = [known for name in shape.formats if (known := _formats().get(name))]
    for known in formats:
        for _ in range(8 if known.generate else 0):
            yield str(known.generate(random)) if known.generate else ""
    if shape.patterns:
        yield from _matching(shape, random)
    for known in formats:
        if known.stretched and shape.least:
            yield known.stretched(shape.least)
        if known.shortest is not None:
            yield known.shortest
    # An id without other constraints is a UUID, as most ids are.
    if not shape.formats and not shape.patterns and place.name == "id":
        yield uuid4(random)
    yield from _words(shape, random)


def _words(shape: StringConstraints, random: RandomStream) -> Iterator[str]:
    least = shape.least
    for _ in range(4):
        text = word(random)
        while len(text) < least:
            text += " " + word(random) if least - len(text) > 20 else random.choice(LETTERS)
            if least - len(text) > 200:
                text += " " + text
        yield text[: shape.most if shape.most is not None else max(len(text), least)]
    size = max(least, 1) if shape.most is None else min(max(least, 1), shape.most)
    for letter in ("A", "0", "-", " ", "é", ""):
        yield letter * size
    yield "".join(random.choice(LETTERS) for _ in range(max(size, 8)))


def _matching(shape: StringConstraints, random: RandomStream) -> Iterator[str]:
    """Yield texts for patterns: of one, or of several one after the other."""
    least, most, drawn = shape.least, shape.most, 0
    for index in range(TRIES):
        deadline.check(deadline.current())
        stretch = (3, 1, 0, 6, least, most or 12, least // 2 + 1, 40)[index % 8]
        parts = [
            sample(pattern, random, min(stretch, LONGEST), everything=index > TRIES // 2) for pattern in shape.patterns
        ]
        drawn += sum(map(len, parts))
        if drawn > MOST_DRAWN:
            return
        yield parts[index % len(parts)]
        if len(parts) > 1:
            yield "".join(parts if index % 2 else reversed(parts))
        text = parts[0]
        if len(text) < least:
            yield text + "a" * (least - len(text))
            yield "a" * (least - len(text)) + text


def _edged(shape: StringConstraints, random: RandomStream, edge: int | None) -> Iterator[str]:
    """Yield candidates for the shortest (0) or the longest (1) text."""
    size = shape.least if edge == 0 else min(LONGEST, shape.most if shape.most is not None else LONGEST)
    for pattern in shape.patterns:
        texts = [sample(pattern, random, 0 if edge == 0 else size) for _ in range(8)]
        yield from sorted(texts, key=len, reverse=edge == 1)
    for known in [known for name in shape.formats if (known := _formats().get(name))]:
        if edge == 0 and known.shortest is not None:
            yield known.shortest
        if known.stretched:
            yield known.stretched(size)
    yield "a" * size


def _encoded(walk: Walker, shape: StringConstraints, place: ValueLocation) -> str:
    """Return a text with encoded contents: JSON, or bytes in base 64."""
    assert shape.media is not None
    keywords = shape.media.keywords
    text = "mock"
    if "json" in str(keywords.get("contentMediaType", "")):
        inner = (
            walk.value((shape.media.child("contentSchema"),), place.below("#")) if "contentSchema" in keywords else {}
        )
        text = json.dumps(inner)
    encoding = str(keywords.get("contentEncoding", "")).lower()
    if encoding in ("base64", "base64url"):
        return base64.b64encode(text.encode()).decode()
    return base64.b16encode(text.encode()).decode() if encoding == "base16" else text
