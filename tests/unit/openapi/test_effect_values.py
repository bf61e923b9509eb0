"""Values and conditions of effects: what each is, of a request and a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from mock_server.core.json_pointer import pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.effects.value_reader import ValueReader
from mock_server.openapi.effects.values import EffectValueError, Readings
from mock_server.openapi.loading.parser import parse_source
from mock_server.openapi.loading.source_map import LayeredSourceMap, LazySourceMap

READER = ValueReader(LazySourceMap(lambda: LayeredSourceMap(parse_source("a.yaml", ""))))
DATA: dict[str, Any] = {
    "request": {"body": {"amount": 3}, "path": {"id": "7"}},
    "record": {
        "id": 7,
        "amount": 10,
        "tax": 0.1,
        "name": "Ada",
        "nothing": None,
        "huge": 10**400,
        "nan": float("nan"),
        "at": "2026-01-31T00:00:00Z",
        "epoch": 1_767_225_600,
        "interval": "month",
        "tags": ["a", "b"],
        "items": [{"amount": 1, "kind": "x"}, {"amount": 4, "kind": "y"}, {"amount": None, "kind": "x"}],
    },
}
NOW = 1_767_225_600.0  # 2026-01-01


class PlainReadings(Readings):
    """Readings of plain data; what is drawn is the half of its bound."""

    def __init__(self, data: Mapping[str, Any] = DATA) -> None:
        self._data = data

    @property
    def now(self) -> float:
        return NOW

    def at(self, parts: tuple[str, ...]) -> JSON:
        value: JSON = dict(self._data)
        for part in parts:
            if isinstance(value, list):
                value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
            else:
                value = value.get(part) if isinstance(value, dict) else None
        return value

    def records(self, resource: str) -> Iterator[JSON]:
        records: list[JSON] = [
            {"id": 1, "owner": 7, "size": 2},
            {"id": 2, "owner": 7, "size": 5},
            {"id": 3, "owner": 8, "size": 9},
        ]
        yield from records

    def drawn(self, place: str, bound: int) -> int:
        return bound // 2

    def time_text(self, moment: float) -> str:
        return f"T{moment - NOW:.0f}"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("open", "open"),
        ("[1, {literal: {a: 1}}, /record/name]", [1, {"a": 1}, "Ada"]),
        ("{literal: /portal}", "/portal"),
        ("{object: {a: /record/amount, b: null}}", {"a": 10, "b": None}),
        ("/record/items/1/kind", "y"),
        ("/record/name/first", None),
        ("/request/path/id", "7"),
        ("{clock: 0}", "T0"),
        ("{clock: -60}", "T-60"),
        ("{clock: {days: 1, minutes: /record/amount}}", "T87000"),
        ("{clock: {from: /record/at, months: 1}}", f"T{(31 + 28 - 1) * 86400}"),
        ("{clock: {from: /record/epoch, years: 1}}", f"T{365 * 86400}"),
        ("{clock: {from: /record/epoch, interval: /record/interval, count: 2}}", f"T{(31 + 28) * 86400}"),
        ("{clock: {from: /record/nothing, days: 1}}", None),
        ("{make: uuid4}", "80000000-0000-4000-8000-000000000000"),
        ("{make: {token: {prefix: t_, length: 4, alphabet: ab}}}", "t_baaa"),
        ("{make: {token: {length: 4, alphabet: 0-9, checksum: crc32}}}", "500015IMYC"),
        ("{sum: [/record/amount, 5, /record/nothing]}", 15),
        ("{difference: [/record/amount, 3, 4]}", 3),
        ("{product: [/record/tax, 3]}", 0.3),
        ("{quotient: [/record/amount, 4]}", 2.5),
        ("{quotient: [1, 0]}", None),
        ("{round: {quotient: [5, 2]}}", 2),
        ("{round: /record/nothing}", None),
        ("{round: {quotient: [7, 2]}}", 4),
        ("{clock: {from: '1900-01-01'}}", None),
        ("{min: [3, /record/nothing, 2]}", 2),
        ("{max: [3, 4]}", 4),
        ("{first: [/record/nothing, /record/name]}", "Ada"),
        ("{join: [N-, /record/id, /record/nothing, true]}", "N-7true"),
        ("{count: /record/tags}", 2),
        ("{count: {records: pets, where: {/owner: /record/id}}}", 2),
        ("{sum: {records: pets, where: {/owner: /record/id}, of: /size}}", 7),
        ("{max: {records: pets, of: /size}}", 9),
        ("{first: {records: pets, where: {/size: {greater: 3}}, of: /id}}", 2),
        ("{sum: {in: /record/items, where: {/kind: x}, of: /amount}}", 1),
        ("{count: {in: /record/nothing}}", 0),
    ],
)
def test_value_is_worked_out(value: str, expected: JSON) -> None:
    assert READER.value(yaml.safe_load(value), "/v", frozenset()).evaluate(PlainReadings()) == expected


@pytest.mark.parametrize(
    "value",
    [
        "{sum: [/record/name, 1]}",
        "{product: [/record/huge, /record/huge]}",
        "{clock: {months: /record/huge}}",
        "{sum: [/record/nan]}",
        "{join: [/record/tags]}",
        "{clock: {months: 1000000}}",
        "{clock: {interval: eon}}",
    ],
)
def test_value_that_cannot_be_worked_out_says_what_was_found(value: str) -> None:
    with pytest.raises(EffectValueError, match=r"found .*expected "):
        READER.value(yaml.safe_load(value), "/v", frozenset()).evaluate(PlainReadings())


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{/record/name: Ada}", True),
        ("{/record/name: Bob}", False),
        ("{/record/id: /request/path/id}", True),
        ("{/record/amount: 10.0}", True),
        ("{/record/amount: true}", False),
        ("{/record/nothing: null}", True),
        ("{/record/unknown: null}", True),
        ("{/record/name: [Bob, Ada]}", True),
        ("{/record/name: {not: [Bob, Eve]}}", True),
        ("{/record/name: {not: Ada}}", False),
        ("{/record/name: {not: {present: true}}}", False),
        ("{/record/nothing: {present: false}}", True),
        ("{/record/amount: {less: 11}}", True),
        ("{/record/amount: {greater: {sum: [9, 1]}}}", False),
        ("{/record/amount: {at_least: 10, at_most: 10}}", True),
        ("{/record/nothing: {less: 5}}", False),
        ("{/record/at: {greater: 1767225600}}", True),
        ("{/record/at: {less: '2026-01-31T01:00:00+00:30'}}", True),
        ("{/record/name: {less: Bob}}", True),
        ("{/record/name: {less: 5}}", False),
        ("{/record/huge: {greater: /record/at}}", False),
        ("{/record/huge: {greater: 5}}", True),
        ("{/record/nan: {less: 5}}", False),
        ("{/record/at: {greater: '0001-01-01T00:00:00Z'}}", True),
        ("{/record/name: {in: /record/tags}}", False),
        ("{/request/body/amount: {in: [1, 3]}}", True),
        ("{/request/body/amount: 3, /record/name: Bob}", False),
        ("{any: [{/record/name: Bob}, {/record/id: 7}]}", True),
        ("{not: {/record/name: Ada, /record/id: 8}}", True),
        ("{exists: {records: pets, where: {/owner: 8}}}", True),
        ("{exists: {records: pets, where: {/owner: 9}}}", False),
        ("{exists: {in: /record/items, where: {/amount: {greater: 3}}}}", True),
    ],
)
def test_condition_holds(condition: str, expected: bool) -> None:
    assert READER.condition(yaml.safe_load(condition), "/c", frozenset()).holds(PlainReadings()) is expected


def test_pointer_with_escapes_leads_into_a_member() -> None:
    place = READER.value("/record/a~1b", "/v", frozenset())
    assert place.evaluate(PlainReadings({"record": {"a/b": 1}})) == 1
    assert pointer_parts(str(place)) == ["record", "a/b"]
