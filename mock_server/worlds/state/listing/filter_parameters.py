"""Which records a query asks for: its filters, ranges, relations and words to search, as conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.text import describe_value
from mock_server.core.types import JSON
from mock_server.openapi.resources.model import ListParameter
from mock_server.openapi.resources.names import noun_words, singular, snake, vocabulary, words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.listing.comparison import Bound, RangeBound
from mock_server.worlds.state.listing.conditions import (
    IDENTITIES,
    Condition,
    Equality,
    Labelled,
    Presence,
    Range,
    RelatedPresence,
    Relationship,
    SameMoment,
)
from mock_server.worlds.state.listing.query_parameters import ListedParameter, plain_schema
from mock_server.worlds.state.listing.query_values import QueryValues
from mock_server.worlds.state.listing.search_terms import Contained, MemberTerm, searched
from mock_server.worlds.state.listing.sort_parameters import member_named
from mock_server.worlds.state.listing.told_filters import ToldFilter

_EVERYTHING = vocabulary("all any * both everything")
"""Words of a filter's enum that mean no filter, where no record can have them."""
_SIDES: dict[str, Bound] = {
    "gt": "gt",
    "gte": "gte",
    "lt": "lt",
    "lte": "lte",
    "ge": "gte",
    "le": "lte",
    "min": "gte",
    "max": "lte",
    "from": "gte",
    "to": "lte",
    "since": "gte",
    "until": "lte",
    "after": "gt",
    "before": "lt",
    "start": "gte",
    "end": "lte",
}
_SAME = vocabulary("eq in equals any is")
_FILTERS = re.compile(r"(filters?|where)(?:\[([\w.-]+)\])?")


class FilterReader:
    """Reads the conditions of a list. ``resources`` are the names of resources by their nouns in the singular."""

    def __init__(
        self,
        reader: ShapeReader,
        roles: Iterable[ListParameter],
        ignored: Iterable[str],
        parameters: Mapping[str, ListedParameter],
        shape: SchemaShape,
        resources: Mapping[str, str],
        told: Mapping[str, RelatedPresence | ToldFilter] | None = None,
    ) -> None:
        """Take what the contract says of the list; ``told`` are conditions by the parameters that ask for them."""
        self._told = told or {}
        self._reader = reader
        self._shape = shape
        self._parameters = parameters
        self._resources = resources
        self._by_name = {snake(member): member for member in reversed(shape.members)}
        self._roles = [role for role in roles if role.role in ("filter", "relation", "range", "search", "metadata")]
        self._wraps: list[str] = []
        for name in ignored:
            match = _FILTERS.fullmatch(name)
            if match is not None and match[2] is None:
                self._wraps.append(name)
            elif match is not None and snake(match[2]) in self._by_name:
                self._roles.append(ListParameter(name, "filter", self._by_name[snake(match[2])], "eq"))

    def read(self, values: QueryValues, findings: list[Diagnostic]) -> tuple[Condition, ...]:
        """Return what the records have to satisfy. An empty value filters nothing."""
        conditions: list[Condition] = []
        for name, condition in self._told.items():
            if values.mentions(name) and values.texts(name):
                conditions.append(self._as_told(condition, name, values))
        for role in self._roles:
            if role.name in self._told:
                continue
            if values.mentions(role.name) or role.name.endswith("[]"):
                conditions += self._conditions(role, values, findings)
        for name in self._wraps:
            conditions += self._wrapped(name, values, findings)
        return tuple(conditions)

    def _as_told(self, condition: RelatedPresence | ToldFilter, name: str, values: QueryValues) -> Condition:
        """Return what data says that a parameter asks for, with what was sent."""
        if isinstance(condition, ToldFilter):
            parameter = self._parameters.get(name)
            return replace(condition, texts=(*values.texts(name, parameter.separator if parameter else ""),))
        return replace(condition, is_there=values.texts(name)[-1].lower() not in ("false", "0"))

    def _conditions(self, role: ListParameter, values: QueryValues, findings: list[Diagnostic]) -> Iterator[Condition]:
        if role.role == "metadata":
            yield from _labelled(role.member, values.below(role.name))
            return
        parameter = self._parameters.get(role.name)
        texts = values.texts(role.name, parameter.separator if parameter is not None else "")
        if role.role == "search":
            yield from (searched(text, self._term) for text in texts[-1:])
            return
        if role.role == "relation" and not role.member:
            if texts:
                yield self._relationship(role, texts)
            return
        side = _SIDES.get(role.operator) if role.role == "range" else None
        bounds = [(side, text) for text in texts] if side is not None else []
        for steps, text in values.below(role.name):
            inner = _SIDES.get(steps[-1].lower().lstrip("$_"))
            if inner is not None and len(steps) == 1:
                bounds.append((inner, text))
            elif steps[-1].lower().lstrip("$_") in _SAME and side is None:
                texts.append(text)
        if bounds:
            yield from self._range(role, bounds, findings)
        if texts and side is None:
            yield from self._equality(role.member, texts, parameter)

    def _term(self, term: MemberTerm) -> Condition | None:
        """Return what a term of a search means; None where the records have no such member."""
        member = member_named(self._by_name, snake(term.member))
        if member is None:
            return None
        if term.key:
            return Labelled((member, term.key), (term.value,))
        if term.side is not None:
            return Range((member,), (RangeBound.of(term.side, term.value),))
        if term.value == "null":
            return Presence((member,), is_there=False)
        if term.sign == "~":
            return Contained(member, term.value)
        return next(self._equality(member, [term.value], None), None)

    def _range(
        self, role: ListParameter, bounds: list[tuple[Bound, str]], findings: list[Diagnostic]
    ) -> Iterator[Condition]:
        is_time = plain_schema(self._reader, self._shape.members.get(role.member)).get("format") == "date-time"
        readable: list[RangeBound] = []
        for side, text in bounds:
            bound = RangeBound.of(side, text)
            if is_time and bound.moment is None:
                expected = "a date-time (RFC 3339), a date, or seconds since 1970"
                findings.append(Diagnostic("unreadable-range", f"query {role.name}", describe_value(text), expected))
            else:
                readable.append(bound)
        if readable:
            yield Range((role.member,), tuple(readable))

    def _equality(self, member: str, texts: list[str], parameter: ListedParameter | None) -> Iterator[Condition]:
        """Yield what makes a member equal to one of the texts."""
        schema = self._shape.members.get(member)
        shape, keywords = self._reader.shape(schema), plain_schema(self._reader, schema)
        own_enum = keywords.get("enum")
        if parameter is not None and _means_everything(texts, parameter, own_enum):
            return
        if parameter is not None and parameter.types == {"boolean"} and "boolean" not in shape.types:
            yield from (Presence((member,), text.lower() in ("true", "1")) for text in texts[-1:])
            return
        is_one_text = parameter is not None and not parameter.separator and parameter.shape.kind != "array"
        if shape.kind == "array" and is_one_text and any("," in text for text in texts):
            parts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
            yield Equality((member,), tuple(parts), all_of=True)
            return
        if is_one_text and parameter is not None and _lists_with_commas(parameter, member):
            texts = [part.strip() for text in texts for part in text.split(",") if part.strip()]
        if keywords.get("format") == "date-time" and shape.kind == "scalar":
            yield SameMoment((member,), tuple(texts))
            return
        is_mail = keywords.get("format") == "email" or words_of(member)[-1:] == ("email",)
        types = shape.types if shape.kind == "scalar" else frozenset[str]()
        is_object = shape.kind in ("object", "any")
        identities = self._identities(shape, parameter)
        yield Equality((member,), tuple(texts), types, fold=is_mail, identities=identities, is_object=is_object)

    def _identities(self, shape: SchemaShape, parameter: ListedParameter | None) -> tuple[str, ...]:
        """Return the members by which an object in a record is compared: for ``X_id`` its ``id`` alone."""
        inner = self._reader.shape(shape.items) if shape.kind == "array" else shape
        if parameter is not None and "id" in inner.members and noun_words(parameter.name)[-1:] == ("id",):
            return ("id",)
        return tuple(name for name in IDENTITIES if name in inner.members) or IDENTITIES

    def _relationship(self, role: ListParameter, texts: list[str]) -> Condition:
        words = snake(role.name.removesuffix("[]")).removesuffix("_ids").removesuffix("_id").split("_")
        rest = [word for word in words if singular(word) != role.noun]
        member = "_".join([*rest, "id"])
        resource = self._resources.get(role.noun, role.noun)
        return Relationship(resource, role.noun, member, tuple(texts), self._paths_to(role.noun))

    def _paths_to(self, noun: str) -> tuple[tuple[str, ...], ...]:
        """Return where a record may name one of another resource: in a member, else in that of a member's object."""
        own = [name for name in self._shape.members if noun_words(name) in ((noun, "id"), (noun,))]
        if own:
            return tuple((name,) for name in own)
        paths: list[tuple[str, ...]] = []
        for outer, schema in self._shape.members.items():
            shape = self._reader.shape(schema)
            if shape.kind == "object":
                paths += [(outer, name) for name in shape.members if noun_words(name) == (noun, "id")]
        return tuple(paths)

    def _wrapped(self, name: str, values: QueryValues, findings: list[Diagnostic]) -> Iterator[Condition]:
        """Yield what ``filter[status]=x`` and ``filter[created][gte]=x`` ask of members."""
        groups: dict[str, list[str]] = {}
        bounds: dict[str, list[tuple[Bound, str]]] = {}
        for steps, text in values.below(name):
            member = self._by_name.get(snake(steps[0]))
            if member is None:
                continue
            last = steps[-1].lower().lstrip("$_") if len(steps) > 1 else ""
            if last in _SIDES:
                bounds.setdefault(member, []).append((_SIDES[last], text))
            elif not last or last in _SAME or last.isdigit():
                groups.setdefault(member, []).append(text)
        for member, texts in groups.items():
            yield from self._equality(member, texts, None)
        for member, pairs in bounds.items():
            yield from self._range(ListParameter(f"{name}[{member}]", "range", member), pairs, findings)


def _labelled(member: str, entries: Iterable[tuple[tuple[str, ...], str]]) -> Iterator[Condition]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for steps, text in entries:
        way = steps[:-1] if len(steps) > 1 and (not steps[-1] or steps[-1].isdigit()) else steps
        groups.setdefault(way, []).append(text)
    yield from (Labelled((member, *steps), tuple(texts)) for steps, texts in groups.items())


def _means_everything(texts: list[str], parameter: ListedParameter, own_enum: JSON) -> bool:
    words = [text for text in texts if text.lower() in _EVERYTHING]
    own = own_enum if isinstance(own_enum, list) else []
    return any(word in (*parameter.enum, parameter.default) and word not in own for word in words)


def _lists_with_commas(parameter: ListedParameter, member: str) -> bool:
    """Tell whether a parameter that is one text has several values in it."""
    name = snake(parameter.name)
    return "comma" in parameter.description.lower() or (singular(name) != name and singular(name) == snake(member))
