"""What records of a list have to satisfy: equality with a member, a range, a text, a relation. All are pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from typing import Protocol

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.names import noun_words
from mock_server.storage import Record
from mock_server.worlds.state.identity import text_of
from mock_server.worlds.state.listing.comparison import DAY, RangeBound, canonical, forms_of, is_date, moment_of

IDENTITIES = (
    "id",
    "key",
    "uuid",
    "login",
    "slug",
    "name",
    "code",
    "number",
    "username",
    "handle",
    "email",
    "external_id",
)
"""The members by which an object inside a record is compared with a text."""
_NOTHING = frozenset({"none", "null"})
_ANYTHING = frozenset({"*", "any"})


class RelatedRecords(Protocol):
    """Finds records of other resources."""

    def find(self, resource: str, member: str, text: str) -> Record | None:
        """Return the record of a resource whose member, one of its keys, has a text; None where there is none."""

    def named(self, resource: str, text: str) -> Record | None:
        """Return the record that a relation names by its key; None where there is none."""

    def all_of(self, resource: str) -> Iterable[Record]:
        """Return all records of a resource; none where there is no such resource."""


class Condition(Protocol):
    """Something that records have to satisfy."""

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that satisfy it, in their order."""


@value_class
class Equality:
    """A member has one of several texts; of an array, any or (``all_of``) every one of them is in it.

    ``types`` are those of a member that is certainly a scalar; empty where it may be anything. An object counts by its
    identity.
    """

    path: tuple[str, ...]
    texts: tuple[str, ...]
    types: frozenset[str] = frozenset()
    fold: bool = False
    all_of: bool = False
    identities: tuple[str, ...] = IDENTITIES
    """The members by which an object is compared."""
    is_object: bool = False
    _canonical: frozenset[str] = field(init=False, default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_canonical", canonical(self.texts, fold=self.fold))

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records whose member has one of the texts."""
        # In Python true is 1: where a member may be either, each is compared as it is written.
        if self.types and not self.fold and len(self.path) == 1 and not self._is_ambiguous:
            forms, name = forms_of(self.texts, self.types), self.path[0]
            try:
                return [record for record in records if record.value.get(name) in forms]
            except TypeError:  # an array or an object after all
                pass
        if len(self.path) == 1 and not any(text.lower() in _NOTHING | _ANYTHING for text in self.texts):
            return self._of_texts(records, self.path[0])
        return [record for record in records if self.holds(value_in(record.value, self.path))]

    def _of_texts(self, records: Iterable[Record], name: str) -> list[Record]:
        """Return the records whose member is a text, or an object with one identity, without a call for each."""
        texts, holds, listed = self._canonical, self.holds, [*records]
        values = [record.value.get(name) for record in listed]
        if len(self.identities) == 1:
            identity = self.identities[0]
            values = [value.get(identity) if type(value) is dict else value for value in values]
        if self.fold:
            values = [value.casefold() if type(value) is str else value for value in values]
        return [
            record
            for record, value in zip(listed, values, strict=True)
            if (value in texts if type(value) is str else value is not None and holds(value))
        ]

    @property
    def _is_ambiguous(self) -> bool:
        return "boolean" in self.types and not self.types.isdisjoint({"integer", "number"})

    def holds(self, value: JSON) -> bool:
        """Tell whether a value has one of the texts."""
        if self.all_of and isinstance(value, list):
            return all(any(self._is(item, canonical([text], fold=self.fold)) for item in value) for text in self.texts)
        if self.is_object and len(self.texts) == 1:
            word = self.texts[0].lower()
            if word in _NOTHING and not value:
                return True
            if word in _ANYTHING:
                return bool(value)
        if isinstance(value, list):
            return any(self._is(item, self._canonical) for item in value)
        return self._is(value, self._canonical)

    def _is(self, value: JSON, texts: frozenset[str]) -> bool:
        if isinstance(value, dict):
            return any(name in value and self._is(value[name], texts) for name in self.identities)
        if value is None or isinstance(value, list):
            return False
        text = value if isinstance(value, str) else text_of(value)
        return (text.casefold() if self.fold else text) in texts


@value_class
class SameMoment:
    """A member is at one of several times, however they are written; a date alone means the whole day."""

    path: tuple[str, ...]
    texts: tuple[str, ...]

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records whose member is at one of the times."""
        spans = [(moment, moment + DAY if is_date(text) else moment) for text, moment in self._moments()]
        selected_records: list[Record] = []
        for record in records:
            value = value_in(record.value, self.path)
            moment = moment_of(value)
            if moment is None:
                if value is not None and text_of(value) in self.texts:
                    selected_records.append(record)
            elif any(start == moment or start < moment < end for start, end in spans):
                selected_records.append(record)
        return selected_records

    def _moments(self) -> list[tuple[str, float]]:
        moments = [(text, moment_of(int(text) if text.isdigit() and len(text) < 18 else text)) for text in self.texts]
        return [(text, moment) for text, moment in moments if moment is not None]


@value_class
class Presence:
    """A member is there, and not null, false or empty; or it is not."""

    path: tuple[str, ...]
    is_there: bool

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that have the member, or those that do not."""
        return [record for record in records if bool(value_in(record.value, self.path)) is self.is_there]


@value_class
class Range:
    """A member lies within bounds; null does not."""

    path: tuple[str, ...]
    bounds: tuple[RangeBound, ...]

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records whose member lies within all bounds."""
        selected = [*records]
        for bound in self.bounds:
            selected = [record for record in selected if bound.admits(value_in(record.value, self.path))]
        return selected


@value_class
class Search:
    """A text, whatever its case, is part of a text of a record, or its handle begins with it."""

    text: str

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records in whose texts the text is."""
        text = self.text.casefold()
        return [record for record in records if _has_text(record, text)]


@value_class
class Labelled:
    """An object of free members (``metadata``) has one of the texts under a key."""

    path: tuple[str, ...]
    texts: tuple[str, ...]

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that are so labelled."""
        return [record for record in records if text_of(value_in(record.value, self.path)) in self.texts]


@value_class
class Relationship:
    """A record belongs to one of another resource, which is found by a member that the record does not show.

    ``paths`` are where the record may name the other one. A record with no trace of any is not judged: it is kept.
    """

    resource: str
    noun: str
    member: str
    texts: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that belong to one of the records so found."""
        found = [other for text in self.texts if (other := related.find(self.resource, self.member, text))]
        keys = {text_of(other.value.get("id")) or other.handle for other in found} | {other.handle for other in found}
        if self.member == "id":
            keys |= {*self.texts}
        same = Equality((), (*keys,))
        return [record for record in records if self._belongs(record, same)]

    def _belongs(self, record: Record, same: Equality) -> bool:
        is_named = False
        for path in self.paths:
            value = value_in(record.value, path)
            if value is not None:
                is_named = True
                if same.holds(value):
                    return True
        scope = record.hidden.get("scope")
        for name, key in scope.items() if isinstance(scope, dict) else ():
            if noun_words(name)[-1:] == (self.noun,):
                is_named = True
                if same.holds(key):
                    return True
        return not is_named


@value_class
class RelatedPresence:
    """Another resource has a record that belongs to this one and whose members have one of the given values each.

    ``members`` are those of the other resource that name this one.
    """

    resource: str
    members: tuple[str, ...]
    where: tuple[tuple[str, tuple[str, ...]], ...]
    is_there: bool

    def select(self, records: Iterable[Record], related: RelatedRecords) -> list[Record]:
        """Return the records that have such a record, or those that have none."""
        keys = {
            text_of(value_in(other.value, (member,)))
            for other in related.all_of(self.resource)
            for member in self.members
            if all(text_of(value_in(other.value, (name,))) in texts for name, texts in self.where)
        }
        return [record for record in records if (text_of(record.value.get("id")) in keys) is self.is_there]


def value_in(value: JSON, path: Sequence[str]) -> JSON:
    """Return what is at the end of a path of members; None where it is not there."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _has_text(record: Record, text: str) -> bool:
    if record.handle.casefold().startswith(text):
        return True
    return any(_is_in(text, value, _LEVELS) for value in record.value.values())


_LEVELS = 1
"""Levels of objects below a record's own members whose texts a search looks at."""


def _is_in(text: str, value: JSON, levels: int) -> bool:
    if isinstance(value, str):
        return text in value.casefold()
    if levels and isinstance(value, dict):
        return any(_is_in(text, member, levels - 1) for member in value.values())
    if isinstance(value, list):
        return any(_is_in(text, item, levels) for item in value)
    return False
