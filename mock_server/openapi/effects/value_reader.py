"""Read values, selections and conditions of effects; what is unknown is refused with a suggestion."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import cast, get_args

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.openapi.effects.conditions import (
    Alike,
    AllOf,
    Among,
    AnyOf,
    Comparison,
    Equal,
    Every,
    Exists,
    ItemOf,
    NotAll,
    Ordered,
    Present,
    Test,
    Tested,
    Untrue,
)
from mock_server.openapi.effects.moments import UNITS
from mock_server.openapi.effects.values import (
    ITEM,
    Cased,
    ClockValue,
    Composed,
    Computed,
    Constant,
    Digested,
    DrawnToken,
    DrawnUuid,
    EffectCondition,
    Function,
    Joined,
    Listed,
    Place,
    RecordSelection,
    Rounded,
    Value,
)
from mock_server.openapi.node_reader import NodeReader

ROOTS = ("request", "record", "before", "caller", "token", "answer", "related")
"""The first parts of pointers, beside the names that steps give."""
REQUEST_PARTS = ("path", "query", "body")
FUNCTIONS: tuple[str, ...] = get_args(Function)
COMPARISONS: tuple[str, ...] = get_args(Comparison)
VALUE_WORDS = ("literal", "object", "clock", "make", "round", "join", "lower", "upper", "sha256", *FUNCTIONS)
TEST_WORDS = ("not", "present", "alike", "in", *COMPARISONS)
_SELECTING = frozenset({"sum", "min", "max", "first", "count"})
"""The functions that take what a selection has."""
LONGEST_TOKEN = 1000
_RANGE = re.compile(r"(.)-(.)", re.DOTALL)
_ALPHABET = "0-9A-Za-z"

Names = frozenset[str]
Root = Callable[[JSON, str], Place]
"""Reads a pointer that stands on the left of a condition."""


class ValueReader(NodeReader):
    """Reads values and conditions. ``names`` are those that steps before have given to records."""

    def value(self, node: JSON, where: str, names: Names) -> Value:
        """Return the value that a node says; raises :class:`ContractError`."""
        if isinstance(node, str) and node.startswith("/"):
            return self.place(node, where, names)
        if isinstance(node, list):
            return Listed(tuple(self.value(item, f"{where}/{index}", names) for index, item in enumerate(node)))
        if not isinstance(node, dict):
            return Constant(node)
        word, inner, at = self._word(node, where)
        if word == "literal":
            return Constant(inner)
        if word == "object":
            members = self.members_of(inner, at)
            return Composed(tuple((name, self.value(item, at + pointer_of(name), names)) for name, item in members))
        if word == "clock":
            return self._clock(inner, at, names)
        if word == "make":
            return self._drawn(inner, at)
        if word == "round":
            return Rounded(self.value(inner, at, names))
        if word in ("lower", "upper"):
            return Cased(self.value(inner, at, names), is_upper=word == "upper")
        if word == "sha256":
            return Digested(self.value(inner, at, names))
        if word == "join":
            return Joined(self.values(inner, at, names))
        return self._computed(cast("Function", word), inner, at, names)

    def values(self, node: JSON, where: str, names: Names) -> tuple[Value, ...]:
        """Return a list of values."""
        if not isinstance(node, list) or not node:
            raise self.refusal(where, repr(node), "a list of values, at least one")
        return tuple(self.value(item, f"{where}/{index}", names) for index, item in enumerate(node))

    def place(self, node: JSON, where: str, names: Names) -> Place:
        """Return a pointer into the request, or a record that it names."""
        pointer = self.pointer(node, where)
        head, *rest = pointer_parts(pointer)
        if head not in ROOTS and head not in names:
            known = (*ROOTS, *sorted(names))
            actual = f"{pointer!r}, which leads into {head!r}{did_you_mean(head, known)}"
            expected = "a pointer into " + ", ".join(f"/{name}" for name in known)
            raise self.refusal(where, actual, f"{expected}; or {{literal: {pointer}}} for the text itself")
        if head == "request" and (not rest or rest[0] not in REQUEST_PARTS or (rest[0] != "body" and len(rest) != 2)):
            actual = f"{pointer!r}{did_you_mean(rest[0], REQUEST_PARTS) if rest else ''}"
            raise self.refusal(where, actual, "/request/path/NAME, /request/query/NAME, or /request/body/...")
        if head == "related":
            return Place(("record", head, *rest))
        return Place((head, *rest))

    def record(self, node: JSON, where: str, names: Names) -> Place:
        """Return a pointer to a record: by its name, or through relations of one."""
        place = self.place(node, where, names)
        head, *rest = place.parts
        if head in ("request", "before") or len(rest) % 2 or any(part != "related" for part in rest[::2]):
            raise self.refusal(where, repr(node), "a record: /record, /related/MEMBER, or /NAME of a step before")
        return place

    def selection(self, node: JSON, where: str, names: Names, further: tuple[str, ...] = ()) -> RecordSelection:
        """Return the records of a resource or the items of a list that a node selects; it may have more members."""
        data = self.members(node, where, ("records", "in", "where", *further))
        if ("records" in data) == ("in" in data):
            raise self.refusal(where, ", ".join(map(repr, data)) or "nothing", "records or in, one of the two")
        resource = self.text(data, "records", where) if "records" in data else ""
        items = self.value(data["in"], f"{where}/in", names) if "in" in data else None
        test = data.get("where")
        condition = None if test is None else self.condition(test, f"{where}/where", names, self._of_item)
        member = data.get("of", "") if "of" in further else ""
        parts = tuple(pointer_parts(self.pointer(member, f"{where}/of"))) if member else ()
        return RecordSelection(resource, items, condition, parts)

    def condition(self, node: JSON, where: str, names: Names, root: Root | None = None) -> EffectCondition:
        """Return a condition; ``root`` reads the pointers that are tested, by default those of values."""
        conditions: list[EffectCondition] = []
        for key, inner in self.members_of(node, where):
            at = where + pointer_of(key)
            if key == "any":
                several = self.items(cast("Mapping[str, JSON]", node), key, where)
                if not several:
                    raise self.refusal(at, "an empty list", "a list of conditions")
                read = (self.condition(item, f"{at}/{index}", names, root) for index, item in enumerate(several))
                conditions.append(AnyOf(tuple(read)))
            elif key == "not":
                conditions.append(NotAll(self.condition(inner, at, names, root)))
            elif key == "exists":
                conditions.append(Exists(self.selection(inner, at, names)))
            elif key.startswith("/"):
                place = self.place(key, at, names) if root is None else root(key, at)
                conditions.append(Tested(place, self.test(inner, at, names)))
            else:
                actual = f"{key!r}{did_you_mean(key, ('any', 'not', 'exists'))}"
                raise self.refusal(at, actual, "a JSON Pointer with its test, any, not or exists")
        if not conditions:
            raise self.refusal(where, "an empty condition", "at least one test, such as {/record/status: active}")
        return conditions[0] if len(conditions) == 1 else AllOf(tuple(conditions))

    def test(self, node: JSON, where: str, names: Names) -> Test:
        """Return the test of a value: that it is another, one of several, or what words say."""
        if isinstance(node, list):
            return Among(self.values(node, where, names))
        if not isinstance(node, dict) or (len(node) == 1 and next(iter(node)) in VALUE_WORDS):
            return Equal(self.value(node, where, names))
        tests = tuple(self._worded(word, inner, where + pointer_of(word), names) for word, inner in node.items())
        if not tests:
            raise self.refusal(where, "an empty test", "a value, a list, or one of " + ", ".join(TEST_WORDS))
        return tests[0] if len(tests) == 1 else Every(tests)

    def members_of(self, node: JSON, where: str) -> list[tuple[str, JSON]]:
        """Return the members of an object, whatever their names."""
        if not isinstance(node, dict):
            raise self.refusal(where, repr(node), "an object")
        return [*node.items()]

    def _worded(self, word: str, node: JSON, where: str, names: Names) -> Test:
        if word not in TEST_WORDS:
            known = (*TEST_WORDS, *VALUE_WORDS)
            raise self.refusal(where, f"{word!r}{did_you_mean(word, known)}", "one of " + ", ".join(TEST_WORDS))
        if word == "not":
            return Untrue(self.test(node, where, names))
        if word == "present":
            if not isinstance(node, bool):
                raise self.refusal(where, repr(node), "true or false")
            return Present(node)
        if word == "alike":
            return Alike(self.value(node, where, names))
        if word == "in":
            return ItemOf(self.value(node, where, names))
        return Ordered(cast("Comparison", word), self.value(node, where, names))

    def _of_item(self, node: JSON, where: str) -> Place:
        return Place((ITEM, *pointer_parts(self.pointer(node, where))))

    def _word(self, node: Mapping[str, JSON], where: str) -> tuple[str, JSON, str]:
        """Return the only member of a value that is an object."""
        for key in node:
            self.known(key, VALUE_WORDS, where)
        if len(node) != 1:
            expected = "one of " + ", ".join(VALUE_WORDS) + "; {object: {...}} or {literal: {...}} for an object"
            raise self.refusal(where, " and ".join(map(repr, node)) or "an empty object", expected)
        ((word, inner),) = node.items()
        return word, inner, where + pointer_of(word)

    def _clock(self, node: JSON, where: str, names: Names) -> ClockValue:
        if not isinstance(node, dict):
            if isinstance(node, bool) or not isinstance(node, (int, float)):
                raise self.refusal(where, repr(node), "a number of seconds, or an object")
            return ClockValue(shifts=(("seconds", Constant(node)),) if node else ())
        data = self.members(node, where, ("from", *UNITS, "interval", "count"))
        read = {key: self.value(inner, where + pointer_of(key), names) for key, inner in data.items()}
        if "count" in read and "interval" not in read:
            raise self.refusal(where, "count without interval", "interval beside it")
        shifts = tuple((unit, read[unit]) for unit in UNITS if unit in read)
        return ClockValue(read.get("from"), shifts, read.get("interval"), read.get("count"))

    def _drawn(self, node: JSON, where: str) -> Value:
        if node == "uuid4":
            return DrawnUuid(where)
        if node == "token":
            node = {"token": {}}
        if not isinstance(node, dict):
            actual = f"{node!r}{did_you_mean(node, ('uuid4', 'token')) if isinstance(node, str) else ''}"
            raise self.refusal(where, actual, "uuid4, token, or {token: {...}}")
        data = self.members(self.members(node, where, ("token",)).get("token"), f"{where}/token", _TOKEN)
        at = f"{where}/token"
        length = self.whole(data, "length", at, 32)
        if not 1 <= length <= LONGEST_TOKEN:
            raise self.refusal(f"{at}/length", repr(length), f"a number from 1 to {LONGEST_TOKEN}")
        has_checksum = "checksum" in data and bool(self.choice(data, "checksum", at, ("crc32",)))
        alphabet = self._alphabet(self.text(data, "alphabet", at, _ALPHABET), f"{at}/alphabet")
        return DrawnToken(where, self.text(data, "prefix", at, ""), length, alphabet, has_checksum)

    def _alphabet(self, text: str, where: str) -> str:
        """Return the characters that ranges (``0-9``) and single characters name, each once."""
        full = _RANGE.sub(lambda match: "".join(map(chr, range(ord(match[1]), ord(match[2]) + 1))), text)
        alphabet = "".join(dict.fromkeys(full))
        if len(alphabet) < 2:
            raise self.refusal(where, repr(text), "at least two characters, such as 0-9A-F")
        return alphabet

    def _computed(self, function: Function, node: JSON, where: str, names: Names) -> Value:
        if isinstance(node, dict) and function in _SELECTING:
            return Computed(function, self.selection(node, where, names, () if function == "count" else ("of",)))
        if function == "count":
            return Computed(function, RecordSelection(items=self.place(node, where, names)))
        return Computed(function, self.values(node, where, names))


_TOKEN = ("prefix", "length", "alphabet", "checksum")
