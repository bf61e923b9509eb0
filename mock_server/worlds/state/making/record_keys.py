"""Keys of new records, in the shape that the schema or the examples of the contract have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from mock_server.core.errors import GenerationError
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.fake.field_providers import uuid4
from mock_server.generation.fake.words import word
from mock_server.generation.schema_examples import schema_examples
from mock_server.generation.seeding import RandomStream, SeedKey
from mock_server.generation.string_formats import LETTERS
from mock_server.worlds.state.making.member_draws import Filling, MemberDraws
from mock_server.worlds.state.making.member_words import is_spelt, titles
from mock_server.worlds.state.making.record_shapes import Member

_TRIES = 6
"""Most texts of each form that are tried for a key."""
_TURNS = 20
"""Most values that are generated for one key."""
_SNOWFLAKE = 18
"""Digits of an identifier that carries its time, as Discord's and X's do."""
_BODY = 24
"""Characters of an identifier where nothing tells how many."""
_TOKEN = 32
"""Characters of a secret."""
_SHORTEST = 6
"""Fewest characters of an example's body that are taken for its length: fewer are a placeholder."""
_PREFIXED = re.compile(r"((?:[A-Za-z][A-Za-z0-9]{0,15}[_-]){1,3})([A-Za-z0-9]{3,64})")
_PLACEHOLDER = re.compile(r"abc|xyz|x{3}|123", re.IGNORECASE)
"""Beginnings of letters that stand for any in an example, such as ``proj_abc``."""
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_RUN = re.compile(r"[A-Za-z0-9]{10,128}")
_HEX = frozenset("0123456789abcdef")
_SMALL = LETTERS + "0123456789"
_ALL = _SMALL + LETTERS.upper()
_FREE_FORMATS = (None, "string", "id", "uuid", "uuid4", "guid")
"""Formats of keys that a UUID is valid for."""
_MARKS = re.compile(r"[^a-z0-9]+")


@value_class
class TextForm:
    """The form of an example: its prefix, and the letters and the length of what follows."""

    prefix: str
    letters: str
    length: int

    def text(self, random: RandomStream) -> str:
        """Return a text of this form."""
        return self.prefix + "".join(random.choice(self.letters) for _ in range(self.length))


_NUMBER = TextForm("1", "0123456789", 8)
"""A number of nine digits, which any integer of 32 bits may be."""


class RecordKeys:
    """Draws keys for the records of one resource.

    ``member`` is the key as the record's schema has it; None for a key that is no member. ``examples`` are keys that
    the contract shows elsewhere, as of the path parameter. ``is_numeric`` says that paths take integers alone, so that
    a text has to be one: Intercom's articles have texts as ids, and integers in their paths.
    """

    def __init__(
        self,
        seed: int,
        resource: str,
        member: Member | None,
        examples: Iterable[JSON] = (),
        *,
        is_numeric: bool = False,
    ) -> None:
        self._seed = seed
        self._resource = resource
        self._member = member
        self._form = _NUMBER if is_numeric else _form(member, examples)
        self._has_form = member is not None and _has_form(member)
        self.is_counted = member is not None and _is_integer(member)
        """Whether keys are integers: the number of the draw is the key, so callers give the highest and one."""

    def drawn(self, sent: Mapping[str, JSON], number: int) -> str:
        """Return the key of a new record as text.

        ``sent`` is the body of the request, ``number`` how often the same was sent before, or the key itself where
        keys are counted. The same for the same arguments. Raises :class:`GenerationError` where no key is valid.
        """
        member = self._member
        if self.is_counted:
            return str(number)
        name = f"{digest_of(sent)}\x1f{number}"
        draw = SeedKey(self._seed, f"{self._resource}#key", name)
        for text in self._texts(sent, number, draw):
            if member is None or member.accepts(text):
                return text
        return self._generated(draw)

    def within(self, record: SeedKey, sent: Mapping[str, JSON]) -> JSON:
        """Return a further key of a record, whose randomness is given: a slug of what was sent, say."""
        member = self._member
        draw = SeedKey(self._seed, f"{self._resource}#{member.name if member is not None else ''}", record.identity)
        if self.is_counted:
            return draw.at("#number").randint(1, 2**31 - 1)
        return next((text for text in self._texts(sent, 0, draw) if member is None or member.accepts(text)), None)

    def token(self, record: SeedKey, name: str) -> str:
        """Return a secret of a record, for the member of that name: 32 letters and digits."""
        draw = SeedKey(self._seed, f"{self._resource}#token", record.identity)
        return TextForm("", _ALL, _TOKEN).text(draw.at(name))

    def _texts(self, sent: Mapping[str, JSON], number: int, draw: SeedKey) -> Iterator[str]:
        """Yield texts to try, those of the contract's own form first."""
        member = self._member
        name = member.name if member is not None else ""
        if member is not None and is_spelt(name) and self._form is None:
            yield from _spelt(sent, number, draw)
        for turn in range(_TRIES if self._form is not None else 0):
            assert self._form is not None
            yield self._form.text(draw.at(f"#key{turn}"))
        if self._has_form:
            yield self._generated(draw)
            return
        yield uuid4(draw.at("#uuid"))
        yield TextForm("", _SMALL, _BODY).text(draw.at("#plain"))

    def _generated(self, draw: SeedKey) -> str:
        """Return what the generator makes of the schema: a text of its format or pattern."""
        member = self._member
        if member is None or not member.goal:
            return uuid4(draw.at("#uuid"))
        node = member.goal[0]
        draws = MemberDraws(node.document, node, draw, Filling())
        place = draws.place(member.name)
        for turn in range(_TURNS):  # a key that may be null is null now and then
            value = draws.value(member.goal, place.turned(turn))
            if isinstance(value, (str, int, float)) and not isinstance(value, bool):
                return str(value)
        raise GenerationError(f"/{member.name}: found no key that is a text or a number; expected a schema with one.")


def digest_of(sent: Mapping[str, JSON]) -> str:
    """Return a name for what was sent; the order of members does not count."""
    text = json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return blake2b(text.encode(), digest_size=12).hexdigest()


def _spelt(sent: Mapping[str, JSON], number: int, draw: SeedKey) -> Iterator[str]:
    """Yield names of words: of what was sent first, then any. A number tells equal ones apart."""
    ending = f"-{number + 1}" if number else ""
    for title in titles():
        text = sent.get(title)
        slug = _MARKS.sub("-", text.lower()).strip("-") if isinstance(text, str) else ""
        if slug:
            yield slug[:60] + ending
            break
    random = draw.at("#words")
    yield f"{word(random)}-{word(random)}-{random.randint(1000, 9999)}"


def _is_integer(member: Member) -> bool:
    return bool(member.goal) and member.accepts(1) and not member.accepts("1") and not member.accepts("a")


def _has_form(member: Member) -> bool:
    """Tell whether the schema itself says which texts are valid."""
    keywords = {keyword for node in member.nodes() for keyword in node.keywords}
    return bool(keywords & {"pattern", "enum", "const"}) or any(
        node.keywords.get("format") not in _FREE_FORMATS for node in member.nodes()
    )


def _form(member: Member | None, examples: Iterable[JSON]) -> TextForm | None:
    """Return the form of a key where its schema or an example tells it; None where the generator knows better."""
    if member is not None and member.goal:
        if member.accepts("1" * _SNOWFLAKE) and not member.accepts("a-b") and not member.accepts("0a"):
            return TextForm("1", "0123456789", _SNOWFLAKE - 1)
        if any(str(node.keywords.get("format", "")).startswith("uuid") for node in member.nodes()):
            return None
    own = [example for node in member.nodes() for example in schema_examples(node)] if member is not None else []
    texts = [text for text in (*own, *examples) if isinstance(text, str)]
    accepted = [text for text in texts if member is None or member.accepts(text)]
    return _form_of(accepted)


def _form_of(texts: list[str]) -> TextForm | None:
    """Return the form of the first example that has one: a prefix and what follows, digits, or letters in a row."""
    for text in texts:
        if _UUID.fullmatch(text):
            return None
        match = _PREFIXED.fullmatch(text)
        if match is not None and (any(map(str.isdigit, match[2])) or _PLACEHOLDER.match(match[2])):
            prefix = match[1]
            bodies = [body for other in texts if (body := other.removeprefix(prefix)) != other and body.isalnum()]
            body = max(bodies, key=len)
            return TextForm(prefix, _letters_of(body), len(body) if len(body) >= _SHORTEST else _BODY)
        if _RUN.fullmatch(text) and any(character.isdigit() for character in text):
            return TextForm("", _letters_of(text), len(text))
    return None


def _letters_of(body: str) -> str:
    """Return the alphabet that a text is drawn from."""
    if body.isdigit() and len(body) >= _SHORTEST:
        return "0123456789"
    if len(body) >= 16 and set(body) <= _HEX:
        return "0123456789abcdef"
    return _SMALL if body == body.lower() else _ALL
