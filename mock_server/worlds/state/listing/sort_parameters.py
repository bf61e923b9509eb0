"""How a query says in which order a list is: words for members, directions beside or within them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_parts
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.openapi.resources.model import ListParameter
from mock_server.openapi.resources.names import snake, vocabulary
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.listing.ordering import SortKey
from mock_server.worlds.state.listing.query_parameters import ListedParameter, plain_schema
from mock_server.worlds.state.listing.query_values import QueryValues

_CREATION = (
    "created_at",
    "created",
    "created_on",
    "created_time",
    "created_date",
    "creation_date",
    "creation_time",
    "date_created",
    "time_created",
    "createdat",
    "createdon",
    "datecreated",
    "inserted_at",
    "date_added",
    "added_at",
    "timestamp",
)
"""The members that say when a record was created, the likeliest first."""
_DESCENDING = vocabulary("desc descending descend down reverse -1")
_ASCENDING = vocabulary("asc ascending ascend up 1")
_SUFFIX = re.compile(r"^(.+?)(?:[:\s.,_-]|(?<=[a-z])(?=[AD][a-z]))(asc|desc|ascending|descending)$", re.IGNORECASE)
_NEWEST = vocabulary("newest recent latest recently_created most_recent")
_OLDEST = vocabulary("oldest earliest")
_NEWEST_FIRST = re.compile(
    r"\b(?:most recent(?:ly)?|newest|latest)\b[^.]{0,60}\bfirst\b|\breverse(?: chronological|-chronological)"
    r"|\bdescending\b[^.]{0,40}\b(?:creat\w+|date|time)\b|\b(?:creat\w+|date|time)\b[^.]{0,40}\bdescending\b",
    re.IGNORECASE,
)
"""``sorted by creation date, with the most recent charges appearing first``"""


class SortReader:
    """Reads the order of a list."""

    def __init__(
        self,
        reader: ShapeReader,
        roles: Iterable[ListParameter],
        parameters: Mapping[str, ListedParameter],
        shape: SchemaShape,
        description: str,
        told: Mapping[str, str] | None = None,
        order: Sequence[str] = (),
    ) -> None:
        """Take what the contract says of the list.

        ``told`` are JSON Pointers of the words that data explains, ``order`` the words by which it is sorted where
        nothing is asked for.
        """
        self._order = order
        self._told = told or {}
        self._reader = reader
        self._shape = shape
        self._by_name = {snake(member): member for member in reversed(shape.members)}
        self._sorts = [parameters[role.name] for role in roles if role.role == "sort" and role.name in parameters]
        self._directions = [
            parameters[role.name] for role in roles if role.role == "direction" and role.name in parameters
        ]
        self._creation = self._creation_key()
        self._is_newest_first = any(
            _NEWEST_FIRST.search(sentence) is not None and "ascending" not in sentence.lower()
            for sentence in description.split(".")
        )
        self.default = self._default()

    def read(self, values: QueryValues, findings: list[Diagnostic]) -> tuple[SortKey, ...]:
        """Return the keys to sort by; a word that means nothing is a finding, unless the contract lists it."""
        direction = self._sent_direction(values)
        words = [(parameter, word) for parameter in self._sorts for word in values.texts(parameter.name, ",")]
        if not words:
            return self.default if direction is None else self._directed(direction)
        if direction is None:
            direction = self._default_direction()
        keys: list[SortKey] = []
        for parameter, word in words:
            key = self.key(word, descends=bool(direction))
            if key is not None:
                keys.append(key)
            elif not _lists(parameter, word):
                expected = "a member to sort by" + (f": {', '.join(parameter.enum[:20])}" if parameter.enum else "")
                findings.append(Diagnostic("unknown-sort", f"query {parameter.name}", describe_value(word), expected))
        return tuple(keys) or self.default

    def key(self, word: str, *, descends: bool = False) -> SortKey | None:
        """Return what a word of a sort parameter means; None where it means nothing of these records."""
        if word[:1] in ("-", "+", "!"):
            descends, word = word[0] != "+", word[1:]
        elif match := _SUFFIX.match(word):
            descends, word = match[2].lower().startswith("desc"), match[1]
        if word in self._told:
            return self._key(tuple(pointer_parts(self._told[word])), descends=descends)
        name = snake(word)
        if name in _NEWEST or name in _OLDEST:
            return self._by_age(descends=name in _NEWEST)
        path = self._path(word, name)
        return None if path is None else self._key(path, descends=descends)

    def _key(self, path: tuple[str, ...], *, descends: bool) -> SortKey:
        is_creation = path == (self._creation.path if self._creation is not None else ())
        return SortKey(path, descends, self._is_time(path), is_creation)

    def _path(self, word: str, name: str) -> tuple[str, ...] | None:
        member = member_named(self._by_name, name)
        if member is not None:
            return (member,)
        parts = word.split(".") if "." in word else []
        if not parts:  # ``customer_name`` is ``customer.name``
            parts = next(([head, name[len(head) + 1 :]] for head in self._by_name if name.startswith(f"{head}_")), [])
        if len(parts) != 2 or snake(parts[0]) not in self._by_name:
            return None
        outer = self._by_name[snake(parts[0])]
        inner = self._reader.shape(self._shape.members[outer])
        found = member_named({snake(member): member for member in reversed(inner.members)}, snake(parts[1]))
        return None if found is None else (outer, found)

    def _is_time(self, path: tuple[str, ...]) -> bool:
        schema: JSON = self._shape.members.get(path[0])
        if len(path) > 1:
            schema = self._reader.shape(schema).members.get(path[1])
        return plain_schema(self._reader, schema).get("format") in ("date-time", "date")

    def _creation_key(self) -> SortKey | None:
        member = next((self._by_name[name] for name in _CREATION if name in self._by_name), None)
        return None if member is None else SortKey((member,), False, self._is_time((member,)), is_creation=True)

    def _by_age(self, *, descends: bool) -> SortKey:
        """Return the order of creation: by the member that tells it, else as the records came."""
        key = self._creation or SortKey()
        return SortKey(key.path, descends, key.is_time, key.is_creation)

    def _sent_direction(self, values: QueryValues) -> bool | None:
        for parameter in self._directions:
            text = (values.last(parameter.name) or "").lower()
            if text in _DESCENDING or text in _ASCENDING:
                return text in _DESCENDING
        return None

    def _default_direction(self) -> bool | None:
        """Return whether the contract's default direction descends; None where it has none."""
        for parameter in self._directions:
            default = parameter.default
            if isinstance(default, str):
                return default.lower() in _DESCENDING
        return None

    def _default(self) -> tuple[SortKey, ...]:
        """Return the order where nothing is asked for: the contract's default, else the newest first if it says so."""
        direction = self._default_direction()
        configured = tuple(key for key in map(self.key, self._order) if key is not None)
        if configured:
            return configured
        for parameter in self._sorts:
            default = parameter.default
            words = default.split(",") if isinstance(default, str) else default if isinstance(default, list) else []
            keys = [self.key(word.strip(), descends=bool(direction)) for word in words if isinstance(word, str)]
            known = tuple(key for key in keys if key is not None)
            if known:
                return known
        if self._is_newest_first if self._sorts or direction is None else direction:
            return (self._by_age(descends=True),)
        return ()

    def _directed(self, descends: bool) -> tuple[SortKey, ...]:
        """Return the default order in a direction that was sent alone."""
        key = self.default[0] if self.default else self._by_age(descends=descends)
        return (SortKey(key.path, descends, key.is_time, key.is_creation), *self.default[1:])


def member_named(by_name: Mapping[str, str], name: str) -> str | None:
    """Return the member that a word means: of that name, or with what contracts leave away (``created``)."""
    variants = (
        name,
        f"{name}_at",
        f"{name}_on",
        f"date_{name}",
        f"{name}_date",
        f"{name}_time",
        name.removesuffix("_at"),
        f"{name}_count",
        f"{name}s_count",
        name.removesuffix("_date"),
    )
    return next((by_name[variant] for variant in variants if variant in by_name), None)


def _lists(parameter: ListedParameter, word: str) -> bool:
    return word in parameter.enum or word.lstrip("+-") in parameter.enum
