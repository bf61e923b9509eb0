"""Read the steps of ``x-mock-effects``; what is unknown is refused with a suggestion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.openapi.effects.effect_names import EFFECTS
from mock_server.openapi.effects.moments import UNITS
from mock_server.openapi.effects.steps import (
    AnswerMembers,
    CreateRecord,
    DeleteRecord,
    ForEach,
    Members,
    Refuse,
    RemoveMembers,
    RunLater,
    SendEvents,
    SetMembers,
    Step,
    reads_body,
)
from mock_server.openapi.effects.value_reader import ROOTS, Names, ValueReader
from mock_server.openapi.effects.values import ClockValue, EffectCondition, Place

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

STEP_WORDS = ("refuse", "set", "remove", "create", "delete", "each", "send", "answer", "after")
_TARGETED = ("set", "remove", "send")
"""The steps that are about a record of their own choice, ``of``."""
_RECORD = Place(("record",))


def read_effects(operation: Mapping[str, JSON], pointer: str, source: LazySourceMap) -> tuple[Step, ...]:
    """Return what an operation does besides, in order; raises :class:`ContractError` for what is wrong."""
    where = f"{pointer}/{EFFECTS}"
    steps, _ = _StepReader(source).steps(operation.get(EFFECTS), where, frozenset())
    return steps


class _StepReader(ValueReader):
    """Reads steps."""

    def steps(self, node: JSON, where: str, names: Names) -> tuple[tuple[Step, ...], Names]:
        """Return steps, and the names that are known after them."""
        if not isinstance(node, list) or not node:
            raise self.refusal(where, repr(node), "a list of steps, at least one")
        steps: list[Step] = []
        for index, item in enumerate(node):
            step = self._step(item, f"{where}/{index}", names)
            steps.append(step)
            if isinstance(step, CreateRecord) and step.name:
                names |= {step.name}
        return tuple(steps), names

    def _step(self, node: JSON, where: str, names: Names) -> Step:
        data = self.members(node, where, (*STEP_WORDS, "when", "of"))
        words = [key for key in data if key in STEP_WORDS]
        if len(words) != 1:
            actual = " and ".join(map(repr, words)) or "no step"
            raise self.refusal(where, actual, "one of " + ", ".join(STEP_WORDS))
        word = words[0]
        if "of" in data and word not in _TARGETED:
            raise self.refusal(f"{where}/of", f"of beside {word}", f"it beside {', '.join(_TARGETED)} alone")
        when = self.condition(data["when"], f"{where}/when", names) if "when" in data else None
        target = self.record(data["of"], f"{where}/of", names) if "of" in data else _RECORD
        at = f"{where}/{word}"
        if word == "refuse":
            return self._refuse(data[word], at, when, names)
        if word == "set":
            return SetMembers(where, when, target, self._values_at(data[word], at, names))
        if word == "remove":
            pointers = [self.pointer(item, f"{at}/{index}") for index, item in enumerate(self.items(data, word, where))]
            if not pointers:
                raise self.refusal(at, "an empty list", "at least one JSON Pointer into the record")
            return RemoveMembers(where, when, target, tuple(tuple(pointer_parts(pointer)) for pointer in pointers))
        if word == "create":
            return self._create(data[word], at, when, names)
        if word == "delete":
            return DeleteRecord(where, when, self.record(data[word], at, names))
        if word == "send":
            types = tuple(self.texts(data, word, where))
            if not types:
                raise self.refusal(at, "an empty list", "at least one name of a webhook")
            return SendEvents(where, when, target, types)
        if word == "answer":
            return AnswerMembers(where, when, self._answered(data[word], at, names))
        return self._each(data[word], at, when, names) if word == "each" else self._later(data[word], at, when, names)

    def _refuse(self, node: JSON, where: str, when: EffectCondition | None, names: Names) -> Refuse:
        data = self.members(node, where, ("when", "failure", "at", "expected", "with"))
        if ("when" in data) == (when is not None):
            actual = "when twice" if "when" in data else "no when"
            raise self.refusal(where, actual, "when, within refuse: a step that always refuses makes others useless")
        condition = self.condition(data["when"], f"{where}/when", names) if "when" in data else when
        at = self.place(data["at"], f"{where}/at", names) if "at" in data else None
        if at is not None and at.parts[0] != "request":
            raise self.refusal(f"{where}/at", repr(data["at"]), "a part of the request, such as /request/body/amount")
        failure, expected = self.text(data, "failure", where), self.text(data, "expected", where, "")
        told = self.members_of(data.get("with", {}), f"{where}/with")
        values = tuple((name, self.value(inner, where + pointer_of("with", name), names)) for name, inner in told)
        return Refuse(where.rpartition("/")[0], condition, failure, at, expected, values)

    def _answered(self, node: JSON, where: str, names: Names) -> Members:
        """Return values by pointers into an answer; a pointer alone is the whole of it."""
        if isinstance(node, str):
            return (((), self.place(node, where, names)),)
        return self._values_at(node, where, names)

    def _values_at(self, node: JSON, where: str, names: Names) -> Members:
        """Return values by pointers into a record."""
        members = [
            (tuple(pointer_parts(self.pointer(key, where + pointer_of(key)))), inner, where + pointer_of(key))
            for key, inner in self.members_of(node, where)
        ]
        if not members:
            raise self.refusal(where, "an empty object", "JSON Pointers into the record, each with its value")
        return tuple((parts, self.value(inner, at, names)) for parts, inner, at in members)

    def _create(self, node: JSON, where: str, when: EffectCondition | None, names: Names) -> CreateRecord:
        data = self.members(node, where, ("resource", "as", "with", "parents"))
        parents = self.members_of(data.get("parents", {}), f"{where}/parents")
        return CreateRecord(
            where.rpartition("/")[0],
            when,
            self.text(data, "resource", where),
            self._name(data, where, names),
            self._values_at(data["with"], f"{where}/with", names) if "with" in data else (),
            tuple((name, self.value(inner, where + pointer_of("parents", name), names)) for name, inner in parents),
        )

    def _name(self, data: Mapping[str, JSON], where: str, names: Names) -> str:
        """Return the name that a step gives to a record; empty where it gives none."""
        name = self.text(data, "as", where, "")
        if "as" in data and (not name or "/" in name or name in ROOTS or name in names):
            expected = f"a name that is not given yet, and none of {', '.join(ROOTS)}"
            raise self.refusal(f"{where}/as", repr(name), expected)
        return name

    def _each(self, node: JSON, where: str, when: EffectCondition | None, names: Names) -> ForEach:
        data = self.members(node, where, ("records", "in", "where", "as", "do"))
        selected = {key: inner for key, inner in data.items() if key not in ("as", "do")}
        selection = self.selection(cast("JSON", selected), where, names)
        name = self._name(data, where, names) or "item"
        steps, _ = self.steps(data.get("do"), f"{where}/do", names | {name})
        return ForEach(where.rpartition("/")[0], when, selection, name, steps)

    def _later(self, node: JSON, where: str, when: EffectCondition | None, names: Names) -> RunLater:
        data = self.members(node, where, (*UNITS, "at", "repeat", "do"))
        units = [unit for unit in UNITS if unit in data]
        if bool(units) == ("at" in data):
            actual = "both at and " + ", ".join(units) if units else "no time"
            raise self.refusal(where, actual, "at, or some of " + ", ".join(UNITS))
        due = (
            self.value(data["at"], f"{where}/at", names)
            if "at" in data
            else ClockValue(shifts=tuple((unit, self.value(data[unit], f"{where}/{unit}", names)) for unit in units))
        )
        steps, _ = self.steps(data.get("do"), f"{where}/do", names)
        repeats = self.flag(data, "repeat", where)
        return RunLater(where.rpartition("/")[0], when, due, repeats, steps, reads_body((when, due, steps)))
