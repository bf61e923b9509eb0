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
from typing import Protocol, TypeAlias, TypeVar
from urllib.parse import parse_qsl, unquote

from mock_server.core.compact_json import value_written
from mock_server.core.json_pointer import value_at
from mock_server.core.sized_cache import LONGEST
from mock_server.core.types import JSON
from mock_server.http.media_types import essence_of, is_json
from mock_server.http.messages import Exchange, Headers, Request, Response, ResponseSource
from mock_server.hub.model import Covering
from mock_server.openapi.enum_graph import EnumGraph, Vertex
from mock_server.openapi.model import Contract, Operation

Key: TypeAlias = tuple[str, str, str]
"""The kind, the place and the value of what is covered: ``("enum", "query sort", "price")``."""
EnumValues: TypeAlias = tuple[tuple[str, str], ...]
"""The values of enums in a body: the JSON Pointer (``*`` is any item) and the text of each."""

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
answer that is not sent from the cache of responses looks up in them."""
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


class _CoveredHead:
    """What all but the bodies of some exchanges covers, and what was met in these.

    ``schemas`` are those of the bodies, as far as they have enums. What is remembered of bodies are the values of their
    enums, by a hash of the bytes, and what an exchange with such values covers.
    """

    __slots__ = ("_values", "keys", "schemas", "shown")

    def __init__(self, keys: tuple[Key, ...], schemas: tuple[Vertex, ...]) -> None:
        self.keys = keys
        self.schemas = schemas
        self.shown: dict[tuple[EnumValues, tuple[Key, ...]], CoverageHits] = {}
        """What is covered, by the values of enums in the body, and by what is covered beside head and body."""
        self._values: dict[int, EnumValues] = {}

    def values(self, answer: Response) -> EnumValues:
        """Return the values of enums in the body of an answer in JSON; none of one that is too large or no JSON."""
        body = answer.body
        if answer.source is ResponseSource.GENERATED:  # it is new, and nothing of it has to be read
            is_latest, value = value_written(body)
            if is_latest:
                return self._met(value) if len(body) <= _LARGEST else ()
        values = self._values.get(hash(body))
        if values is None:
            values = _with_room(self._values)[hash(body)] = self._read(body)
        return values

    def _read(self, body: bytes) -> EnumValues:
        if len(body) > _LARGEST:
            return ()
        try:
            return self._met(json.loads(body))
        except ValueError:
            return ()

    def _met(self, value: JSON) -> EnumValues:
        return tuple([pair for vertex in self.schemas for pair in vertex.met_in(value)])


class CoverageTarget:
    """All that there is to cover of one operation."""

    def __init__(
        self, contract: Contract, operation: Operation, base_path: str = "", graph: EnumGraph | None = None
    ) -> None:
        self._graph = graph or EnumGraph(contract.resolve)
        self.operation = operation
        self.name = operation.key.replace(" ", f" {base_path}", 1)
        self._contract = contract
        self._heads: dict[tuple[int, Headers, str], _CoveredHead] = {}
        self._shown: dict[frozenset[Key], CoverageHits] = {}
        self._enum_keys: dict[tuple[str, str], Key] = {}

    def shown(self, exchange: Exchange) -> CoverageHits:
        """Return what an exchange covers."""
        request, answer = exchange.request, exchange.answer
        head = self._heads.get((answer.status, answer.headers, request.query))
        if head is None:
            head = self._new_head(request, answer)
        values = head.values(answer) if head.schemas else ()
        beside: tuple[Key, ...] = ()
        if self._is_apart:
            beside = (*self._of_path_and_headers(request, exchange.route.path_parameters),)
        hits = head.shown.get((values, beside))
        if hits is None:
            keys = frozenset((*head.keys, *beside, *[self._enum_key(pair) for pair in values]))
            hits = _with_room(head.shown)[values, beside] = self._hits(keys)
        return hits

    def _enum_key(self, pair: tuple[str, str]) -> Key:
        key = self._enum_keys.get(pair)
        if key is None:
            key = _with_room(self._enum_keys)[pair] = _enum_key(*pair)
        return key

    def _hits(self, keys: frozenset[Key]) -> CoverageHits:
        hits = self._shown.get(keys)
        if hits is None:
            hits = _with_room(self._shown)[keys] = CoverageHits(self, keys)
        return hits

    def _new_head(self, request: Request, answer: Response) -> _CoveredHead:
        """Return what all but the body covers; this is remembered, since it is mostly the same."""
        keys = (*self._of_query(request), *self._of_status(answer))
        head = _CoveredHead(keys, tuple(self._schemas_of(answer)))
        if _is_short(request, answer):
            _with_room(self._heads)[answer.status, answer.headers, request.query] = head
        return head

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

    def _schemas_of(self, answer: Response) -> Iterator[Vertex]:
        """Yield the schemas of the body of an answer, those in whose values enums can be met."""
        content_type = answer.header("content-type") or ""
        response, essence = self.operation.response_for(answer.status), essence_of(content_type)
        for media in response.content if response is not None and is_json(content_type) else ():
            vertex = self._graph.vertex(media.schema) if essence_of(media.name) == essence else None
            if vertex is not None and vertex.has_enums():
                yield vertex

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


_K = TypeVar("_K")
_V = TypeVar("_V")


def _with_room(remembered: dict[_K, _V]) -> dict[_K, _V]:
    """Return a dictionary, cleared where it is full."""
    if len(remembered) >= _REMEMBERED:
        remembered.clear()
    return remembered


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
