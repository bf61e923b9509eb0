"""What of a contract clients have exercised: operations, statuses, media types, parameters, enum values, variants.

A gauge knows what an operation has to show; it is made when the operation is first asked. A world notes what was
seen of it: small keys, each once. What one body or query shows is remembered, since clients ask the same again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote

from mock_server.contract.media import essence_of
from mock_server.contract.model import Contract, Operation, is_json
from mock_server.contract.source import find, mapping_at, pointer_of
from mock_server.exchange import JSON, Answer, Exchange, Headers, Request

Key: TypeAlias = tuple[str, str, str]
"""What is covered, where, and which value: ``("enum", "query sort", "price")``."""

KINDS = ("status", "media", "parameter", "enum", "country")
"""What a contract tells all of; of variants it is told which were asked for."""
COUNTRY = ("country", "country_code", "countryCode")
"""Members whose enum is told of as countries: 249 of them would bury the others."""
_DEEPEST = 8
_PLACES = 400
"""Enums that are looked for in the answers of an operation."""
_REMEMBERED = 256
_LARGEST = 64 * 1024
"""Bytes of an answer that is looked through."""
_VARIANT = re.compile(r"\bvariant=(\d+)")


class Shown:
    """What an exchange of an operation shows. Exchanges that show the same have the same object."""

    __slots__ = ("gauge", "keys")

    def __init__(self, gauge: Gauge, keys: frozenset[Key]) -> None:
        self.gauge = gauge
        self.keys = keys


class Gauge:
    """All that one operation has to show."""

    def __init__(self, contract: Contract, operation: Operation, base_path: str = "") -> None:
        self.operation = operation
        self.name = operation.key.replace(" ", f" {base_path}", 1)
        self._contract = contract
        self._known: dict[tuple[int, Headers, str, int], frozenset[Key]] = {}
        self._heads: dict[tuple[int, Headers, str], tuple[Key, ...]] = {}
        self._shown: dict[frozenset[Key], Shown] = {}

    def shown(self, exchange: Exchange) -> Shown:
        """What an exchange shows."""
        keys = self._keys(exchange)
        found = self._shown.get(keys)
        if found is None:
            if len(self._shown) >= _REMEMBERED:
                self._shown.clear()
            found = self._shown[keys] = Shown(self, keys)
        return found

    def _keys(self, exchange: Exchange) -> frozenset[Key]:
        request, answer = exchange.request, exchange.answer
        asked = (answer.status, answer.headers, request.query, hash(answer.body))
        known = self._known.get(asked)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[asked] = frozenset((*self._of_head(request, answer), *self._of_body(answer)))
        if self._is_apart:
            return known.union(self._of_path_and_headers(request, exchange.route.path_parameters))
        return known

    @cached_property
    def total(self) -> frozenset[Key]:
        """All that there is to be seen, but for variants."""
        keys: set[Key] = set()
        for status, response in self.operation.responses.items():
            keys.add(("status", "", status))
            keys |= {("media", status, media.name) for media in response.content}
        for (place, name), values in self._parameters.items():
            keys.add(("parameter", "", f"{place} {name}"))
            keys |= {("enum", f"{place} {name}", value) for value in values}
        for pointer, values in self._enums.items():
            keys |= {_enum_key(pointer, value) for value in values}
        return frozenset(keys)

    def _of_head(self, request: Request, answer: Answer) -> tuple[Key, ...]:
        """What is shown by all but the body, which is mostly the same."""
        asked = (answer.status, answer.headers, request.query)
        known = self._heads.get(asked)
        if known is None:
            if len(self._heads) >= _REMEMBERED:
                self._heads.clear()
            known = self._heads[asked] = (*self._of_query(request), *self._of_status(answer))
        return known

    def _of_status(self, answer: Answer) -> Iterator[Key]:
        response = self.operation.response_for(answer.status)
        content_type = answer.header("content-type") or ""
        if response is not None:
            yield "status", "", response.status
            essence = essence_of(content_type)
            media = [one.name for one in response.content if essence_of(one.name) == essence]
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
            for one in (value, *value.split(",")):
                if one in values:
                    yield "enum", f"{place} {name}", one

    def _of_body(self, answer: Answer) -> list[Key]:
        if not self._enum_keys or len(answer.body) > _LARGEST or not is_json(answer.header("content-type") or ""):
            return []
        try:
            value: JSON = json.loads(answer.body)
        except ValueError:
            return []
        return [keys[text] for steps, keys in self._enum_keys for text in map(_text, _at(value, steps)) if text in keys]

    @cached_property
    def _enum_keys(self) -> list[tuple[list[str], dict[str, Key]]]:
        """The way to each enum in the answers, and the key of each of its values."""
        return [
            (pointer.split("/")[1:], {value: _enum_key(pointer, value) for value in values})
            for pointer, values in self._enums.items()
        ]

    @cached_property
    def _parameters(self) -> Mapping[tuple[str, str], frozenset[str]]:
        """The documented parameters by place and name (a header's in lower case), with the values of their enums."""
        try:
            node = find(dict(self._contract.document), self.operation.pointer)
            item = find(dict(self._contract.document), self.operation.pointer.rpartition("/")[0])
        except KeyError:
            return {}
        found: dict[tuple[str, str], frozenset[str]] = {}
        for holder in (item, node):
            listed = holder.get("parameters") if isinstance(holder, dict) else None
            for one in listed if isinstance(listed, list) else ():
                parameter = self._contract.resolve(one)
                if isinstance(parameter, dict) and parameter.get("in") in ("query", "path", "header"):
                    place, name = str(parameter["in"]), str(parameter.get("name"))
                    values = frozenset(self._values(parameter.get("schema")))
                    found[place, name.lower() if place == "header" else name] = values
        return found

    @cached_property
    def _is_apart(self) -> bool:
        """Whether there is something to see that :meth:`_keys` does not remember."""
        return any(place in ("path", "header") for place, _ in self._parameters)

    def _values(self, schema: JSON) -> Iterator[str]:
        for pointer, values in self._enums_of(schema, "", 0):
            if pointer in ("", "/*"):
                yield from values

    @cached_property
    def _enums(self) -> Mapping[str, frozenset[str]]:
        """The enums in the answers, by a pointer in which ``*`` is any item."""
        found: dict[str, set[str]] = {}
        for response in self.operation.responses.values():
            for media in response.content:
                if media.is_json:
                    for pointer, values in islice(self._enums_of(media.schema, "", 0), _PLACES):
                        found.setdefault(pointer, set()).update(values)
        return {pointer: frozenset(values) for pointer, values in found.items()}

    def _enums_of(self, schema: JSON, pointer: str, depth: int) -> Iterator[tuple[str, list[str]]]:
        node = self._contract.resolve(schema)
        if not isinstance(node, dict) or depth > _DEEPEST:
            return
        values = node.get("enum")
        if isinstance(values, list):
            yield pointer, [_text(value) for value in values]
        for key in ("allOf", "anyOf", "oneOf"):
            branches = node.get(key)
            for branch in branches if isinstance(branches, list) else ():
                yield from self._enums_of(branch, pointer, depth + 1)
        for name, member in mapping_at(node, "properties").items():
            yield from self._enums_of(member, pointer + pointer_of(name), depth + 1)
        if "items" in node:
            yield from self._enums_of(node["items"], pointer + "/*", depth + 1)


class Coverage:
    """What was seen of each operation, and how often it was asked."""

    __slots__ = ("_counts", "_news", "_seen")

    def __init__(self) -> None:
        self._news: dict[Shown, int] | None = None
        """What was shown how often, and is not yet sorted into the two below: one count is all that a request pays."""
        self._seen: dict[Gauge, set[Key]] | None = None
        self._counts: dict[Gauge, int] | None = None

    def note(self, shown: Shown) -> None:
        """Note what an exchange shows."""
        news = self._news
        if news is None:
            news = self._news = {}
        news[shown] = news.get(shown, 0) + 1
        if len(news) > _REMEMBERED:
            self._sort()

    def _sort(self) -> None:
        news, self._news = self._news or {}, None
        for shown, count in news.items():
            self.take(shown.gauge, shown.keys, count)

    def take(self, gauge: Gauge, keys: Iterable[Key], count: int) -> None:
        """Note so many requests for an operation, and what they showed together."""
        if self._seen is None or self._counts is None:
            self._seen, self._counts = {}, {}
        self._seen.setdefault(gauge, set()).update(keys)
        self._counts[gauge] = self._counts.get(gauge, 0) + count

    def add(self, other: Coverage) -> None:
        """Note all that another has noted."""
        for gauge in other.gauges():
            self.take(gauge, other.of(gauge), other.count(gauge))

    def gauges(self) -> Iterable[Gauge]:
        """Of which operations there is something to tell."""
        self._sort()
        return (*(self._seen or {}),)

    def of(self, gauge: Gauge) -> frozenset[Key]:
        """What was seen of an operation."""
        self._sort()
        return frozenset((self._seen or {}).get(gauge, ()))

    def count(self, gauge: Gauge) -> int:
        """How many requests were for an operation."""
        self._sort()
        return (self._counts or {}).get(gauge, 0)

    def clear(self) -> None:
        """Forget all that was seen."""
        self._news = self._seen = self._counts = None


def _enum_key(pointer: str, value: str) -> Key:
    kind = "country" if pointer.rpartition("/")[2] in COUNTRY else "enum"
    return kind, f"answer {pointer}", value


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _at(value: JSON, steps: list[str]) -> Iterator[JSON]:
    """The values at a pointer in which ``*`` is any item."""
    if not steps:
        yield value
    elif steps[0] == "*" and isinstance(value, list):
        for item in value:
            yield from _at(item, steps[1:])
    elif isinstance(value, dict):
        name = steps[0].replace("~1", "/").replace("~0", "~")
        if name in value:
            yield from _at(value[name], steps[1:])


def told(gauge: Gauge, seen: frozenset[Key], count: int) -> dict[str, JSON]:
    """What was seen of an operation and what is missing, by kind, as names."""
    report: dict[str, JSON] = {
        "operation": gauge.name,
        "operationId": gauge.operation.operation_id,
        "count": count,
    }
    for kind in KINDS:
        all_of = {key for key in gauge.total if key[0] == kind}
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
"""The kinds as members of a report."""


def _name(key: Key) -> str:
    return f"{key[1]} {key[2]}" if key[1] else key[2]
