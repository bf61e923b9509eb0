"""Coverage of a contract by clients: operations, statuses, media types, parameters, enum values, variants.

A :class:`CoverageTarget` knows what there is to cover of an operation; it is made at the operation's first request. A
world notes what was covered: small keys, each once. The keys of a body or query are remembered, since clients repeat
requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Protocol, TypeAlias
from urllib.parse import parse_qsl, unquote

from mock_server.core.compact_json import value_written
from mock_server.core.json_pointer import value_at
from mock_server.core.sized_cache import LONGEST
from mock_server.core.types import JSON
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Exchange, Headers, Request, Response
from mock_server.hub.model import Covering
from mock_server.openapi.enum_graph import EnumGraph, Vertex
from mock_server.openapi.model import Contract, Operation

Key: TypeAlias = tuple[str, str, str]
"""The kind, the place and the value of what is covered: ``("enum", "query sort", "price")``."""

KINDS = ("status", "media", "parameter", "enum", "country")
"""Kinds whose values are all known from the contract; of variants only the requested ones are listed."""
COUNTRY = ("country", "country_code", "countryCode")
"""Members whose enums are reported apart, as countries: 249 values would hide the others."""
_PLACES = 100
"""Most enums in the answers of an operation that are reported, the least deep first."""
_ANSWER = "answer "
"""The prefix of the pointer of an enum in an answer."""
_REMEMBERED = 256
"""Most entries of each dictionary of an operation. They are plain ones, which are cleared when they are full: every
answer that is not sent from the cache of responses looks up in all three."""
_LARGEST = 64 * 1024
"""Most bytes of an answer that is examined."""
_VARIANT = re.compile(r"\bvariant=(\d+)")


class CoverageHits:
    """What one exchange covers of an operation. Exchanges that cover the same share one object."""

    __slots__ = ("_covering", "coverage_target", "keys")

    def __init__(self, coverage_target: CoverageTarget, keys: frozenset[Key]) -> None:
        self.coverage_target = coverage_target
        self.keys = keys
        self._covering: Covering | None = None

    @property
    def covering(self) -> Covering:
        """The same for a hub, where keys are texts (:func:`key_of`)."""
        if self._covering is None:
            self._covering = Covering(self.coverage_target.name, frozenset(map(json.dumps, self.keys)))
        return self._covering


def key_of(name: str) -> Key:
    """Return the key of a text among those of :attr:`CoverageHits.covering`."""
    kind, place, value = json.loads(name)
    return kind, place, value


class CoverageTarget:
    """All that there is to cover of one operation."""

    def __init__(
        self, contract: Contract, operation: Operation, base_path: str = "", graph: EnumGraph | None = None
    ) -> None:
        self._graph = graph or EnumGraph(contract.resolve)
        self.operation = operation
        self.name = operation.key.replace(" ", f" {base_path}", 1)
        self._contract = contract
        self._known: dict[tuple[int, Headers, str, int], frozenset[Key]] = {}
        self._heads: dict[tuple[int, Headers, str], tuple[Key, ...]] = {}
        self._shown: dict[frozenset[Key], CoverageHits] = {}

    def shown(self, exchange: Exchange) -> CoverageHits:
        """Return what an exchange covers."""
        keys = self._keys(exchange)
        hits = self._shown.get(keys)
        if hits is None:
            if len(self._shown) >= _REMEMBERED:
                self._shown.clear()
            hits = self._shown[keys] = CoverageHits(self, keys)
        return hits

    def _keys(self, exchange: Exchange) -> frozenset[Key]:
        request, answer = exchange.request, exchange.answer
        key = (answer.status, answer.headers, request.query, hash(answer.body))
        known = self._known.get(key)
        if known is None:
            known = frozenset((*self._of_head(request, answer), *self._of_body(answer)))
            if _is_short(request, answer):
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[key] = known
        if self._is_apart:
            return known.union(self._of_path_and_headers(request, exchange.route.path_parameters))
        return known

    def total(self) -> frozenset[Key]:
        """Return all that there is to cover, except variants.

        It is not stored: for Stripe's operations it would be 50 MB.
        """
        keys: set[Key] = set()
        for status, response in self.operation.responses.items():
            keys.add(("status", "", status))
            keys |= {("media", status, media.name) for media in response.content}
        for (place, name), values in self._parameters.items():
            keys.add(("parameter", "", f"{place} {name}"))
            keys |= {("enum", f"{place} {name}", value) for value in values}
        for vertex, pointer in self._places().items():
            keys |= {_enum_key(pointer, value) for value in vertex.values or ()}
        return frozenset(keys)

    def countries(self) -> frozenset[str]:
        """Return the countries that answers may have, as the contract writes them."""
        places = self._places().items()
        listed = [vertex.values or frozenset() for vertex, pointer in places if pointer.rpartition("/")[2] in COUNTRY]
        return listed[0] if len(listed) == 1 else frozenset().union(*listed)

    def named(self, seen: frozenset[Key], total: frozenset[Key]) -> frozenset[Key]:
        """Return the covered keys with the names that ``total`` has: an enum is reported under its shortest pointer."""
        others = {key for key in seen if key[0] in ("enum", "country") and key[1].startswith(_ANSWER)} - total
        if not others:
            return seen
        places = self._places()
        named: set[Key] = set()
        for _, place, value in others:
            for schema in self._schemas():
                for vertex in self._graph.vertices(schema, place.removeprefix(_ANSWER)):
                    if vertex in places and value in (vertex.values or ()):
                        named.add(_enum_key(places[vertex], value))
        return (seen - others) | named

    def _of_head(self, request: Request, answer: Response) -> tuple[Key, ...]:
        """Return what all but the body covers; this is remembered, since it is mostly the same."""
        key = (answer.status, answer.headers, request.query)
        known = self._heads.get(key)
        if known is None:
            known = (*self._of_query(request), *self._of_status(answer))
            if _is_short(request, answer):
                if len(self._heads) >= _REMEMBERED:
                    self._heads.clear()
                self._heads[key] = known
        return known

    def _of_status(self, answer: Response) -> Iterator[Key]:
        response = self.operation.response_for(answer.status)
        content_type = answer.header("content-type") or ""
        if response is not None:
            yield "status", "", response.status
            essence = essence_of(content_type)
            media = [entry.name for entry in response.content if essence_of(entry.name) == essence]
            yield from (("media", response.status, name) for name in media[:1])
        variant = _VARIANT.search(answer.header("preference-applied") or "")
        if variant:
            yield "variant", "", variant[1]

    def _of_query(self, request: Request) -> Iterator[Key]:
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            yield from self._of_parameter("query", name, value)

    def _of_path_and_headers(self, request: Request, path: Mapping[str, str]) -> Iterator[Key]:
        for name, value in path.items():
            yield from self._of_parameter("path", name, unquote(value))
        for name, value in request.headers:
            yield from self._of_parameter("header", name, value)

    def _of_parameter(self, place: str, name: str, value: str) -> Iterator[Key]:
        values = self._parameters.get((place, name))
        if values is not None:
            yield "parameter", "", f"{place} {name}"
            for item in (value, *value.split(",")):
                if item in values:
                    yield "enum", f"{place} {name}", item

    def _of_body(self, answer: Response) -> list[Key]:
        content_type = answer.header("content-type") or ""
        if len(answer.body) > _LARGEST or not is_json(content_type):
            return []
        response, essence = self.operation.response_for(answer.status), essence_of(content_type)
        try:
            is_latest, value = value_written(answer.body)
            if not is_latest:
                value = json.loads(answer.body)
        except ValueError:
            return []
        return [
            _enum_key(pointer, text)
            for media in (response.content if response is not None else ())
            if essence_of(media.name) == essence
            for pointer, text in self._graph.values(media.schema, value)
        ]

    @cached_property
    def _parameters(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The documented parameters by place and name (a header's in lower case), with the values of their enums."""
        try:
            node = value_at(self._contract.document, self.operation.pointer)
            item = value_at(self._contract.document, self.operation.pointer.rpartition("/")[0])
        except KeyError:
            return {}
        parameters: dict[tuple[str, str], frozenset[str]] = {}
        for holder in (item, node):
            listed = holder.get("parameters") if isinstance(holder, dict) else None
            for entry in listed if isinstance(listed, list) else ():
                parameter = self._contract.resolve(entry)
                if isinstance(parameter, dict) and parameter.get("in") in ("query", "path", "header"):
                    place, name = str(parameter["in"]), str(parameter.get("name"))
                    values = frozenset(self._values(parameter.get("schema")))
                    parameters[place, name.lower() if place == "header" else name] = values
        return parameters

    @cached_property
    def _is_apart(self) -> bool:
        """Whether there is something to cover that :meth:`_keys` does not remember: path and header parameters."""
        return any(place in ("path", "header") for place, _ in self._parameters)

    def _values(self, schema: JSON) -> Iterator[str]:
        for pointer, vertex in self._graph.enums(schema):
            if pointer in ("", "/*"):
                yield from vertex.values or ()

    def _schemas(self) -> Iterator[JSON]:
        """Yield the schemas of the answers in JSON."""
        for response in self.operation.responses.values():
            yield from (media.schema for media in response.content if media.is_json)

    def _places(self) -> Mapping[Vertex, str]:
        """Return the schemas with enums in the answers, each with the shortest pointer to it (``*`` is any item)."""
        places: dict[Vertex, str] = {}
        for schema in self._schemas():
            for pointer, vertex in islice(self._graph.enums(schema), _PLACES):
                places.setdefault(vertex, pointer)
        return places


class CoverageNotes(Protocol):
    """Notes what was covered in a world."""

    def note(self, hits: CoverageHits) -> None:
        """Note what an exchange covers."""

    def read(self, targets: Iterable[CoverageTarget]) -> Coverage:
        """Return what was noted, at least of some operations."""

    def clear(self) -> None:
        """Forget everything that was noted."""


class Coverage:
    """What was covered of each operation, and how many requests it had."""

    __slots__ = ("_counts", "_news", "_seen")

    def __init__(self) -> None:
        self._news: dict[CoverageHits, int] | None = None
        """Counts of what was covered, not yet sorted into the two below: a request pays for one increment only."""
        self._seen: dict[CoverageTarget, set[Key]] | None = None
        self._counts: dict[CoverageTarget, int] | None = None

    def note(self, hits: CoverageHits) -> None:
        """Note what an exchange covers."""
        news = self._news
        if news is None:
            news = self._news = {}
        news[hits] = news.get(hits, 0) + 1
        if len(news) > _REMEMBERED:
            self._sort()

    def _sort(self) -> None:
        news, self._news = self._news or {}, None
        for hits, count in news.items():
            self.take(hits.coverage_target, hits.keys, count)

    def take(self, coverage_target: CoverageTarget, keys: Iterable[Key], count: int) -> None:
        """Note ``count`` requests for an operation, and the keys that they covered together."""
        if self._seen is None or self._counts is None:
            self._seen, self._counts = {}, {}
        self._seen.setdefault(coverage_target, set()).update(keys)
        self._counts[coverage_target] = self._counts.get(coverage_target, 0) + count

    def add(self, other: Coverage) -> None:
        """Add everything that another coverage has noted."""
        for coverage_target in other.coverage_targets():
            self.take(coverage_target, other.of(coverage_target), other.count(coverage_target))

    def coverage_targets(self) -> Iterable[CoverageTarget]:
        """Return the operations that had requests."""
        self._sort()
        return (*(self._seen or {}),)

    def of(self, coverage_target: CoverageTarget) -> frozenset[Key]:
        """Return what was covered of an operation."""
        self._sort()
        return frozenset((self._seen or {}).get(coverage_target, ()))

    def count(self, coverage_target: CoverageTarget) -> int:
        """Return the number of requests for an operation."""
        self._sort()
        return (self._counts or {}).get(coverage_target, 0)

    def read(self, targets: Iterable[CoverageTarget]) -> Coverage:
        """Return this: all that was noted is here."""
        return self

    def clear(self) -> None:
        """Forget everything that was noted."""
        self._news = self._seen = self._counts = None


def _is_short(request: Request, answer: Response) -> bool:
    """Tell whether what is shown is remembered: that is done by texts which clients choose."""
    return len(request.query) + sum(len(value) for _, value in answer.headers) <= LONGEST


def _enum_key(pointer: str, value: str) -> Key:
    kind = "country" if pointer.rpartition("/")[2] in COUNTRY else "enum"
    return kind, _ANSWER + pointer, value


def describe_coverage(coverage_target: CoverageTarget, seen: frozenset[Key], count: int) -> dict[str, JSON]:
    """Return what is covered of an operation and what is missing, by kind, as names."""
    report: dict[str, JSON] = {
        "operation": coverage_target.name,
        "operationId": coverage_target.operation.operation_id,
        "count": count,
    }
    total = coverage_target.total()
    seen = coverage_target.named(seen, total)
    for kind in KINDS:
        all_of = {key for key in total if key[0] == kind}
        report[PLURALS[kind]] = {
            "covered": [*map(_name, sorted(all_of & seen))],
            "missing": [*map(_name, sorted(all_of - seen))],
        }
    report["variants"] = [*map(int, sorted((key[2] for key in seen if key[0] == "variant"), key=int))]
    return report


PLURALS = {
    "status": "statuses",
    "media": "mediaTypes",
    "parameter": "parameters",
    "enum": "enumValues",
    "country": "countries",
}
"""The names of the kinds as members of a report."""


def _name(key: Key) -> str:
    return f"{key[1]} {key[2]}" if key[1] else key[2]
