"""One record from its creation to its end: created, read, listed, filtered, sorted, changed, deleted, gone.

A step is taken where the contract has the operation, and what it answers has to agree with the steps before it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.core.json_pointer import pointer_of, pointer_parts, value_at, with_value_at
from mock_server.openapi.resources.model import Collection, ListParameter, RecordKey
from tests.support.cycle_lists import ListClient, Reading
from tests.support.cycle_plans import CyclePlan, PlannedOperation, Planner, Surroundings
from tests.support.cycle_relatives import Relatives
from tests.support.cycle_requests import ContractCaller, Exchange, UnsentError
from tests.support.record_comparison import differences, is_of_one_kind, is_same, is_scalar

STEPS = ("create", "read", "list", "filter", "sort", "update", "delete")


@dataclass(frozen=True)
class StepOutcome:
    """What came of a step: nothing to say where it passed."""

    cycle: str
    step: str
    fault: str = ""
    exchanges: tuple[Exchange, ...] = ()

    def __str__(self) -> str:
        shown = "\n".join(f"    {exchange}" for exchange in self.exchanges[-2:])
        return f"{self.step} of {self.cycle}: {self.fault}\n{shown}"


class StepError(Exception):
    """A step whose answer is not what the steps before it promise."""

    def __init__(self, fault: str, *exchanges: Exchange) -> None:
        super().__init__(fault)
        self.exchanges = exchanges


class RecordCycle:
    """The cycle of one record, in a world of its own."""

    def __init__(
        self, caller: ContractCaller, planner: Planner, plan: CyclePlan, world: str, *, is_strict: bool = False
    ) -> None:
        self.outcomes: list[StepOutcome] = []
        self._caller = caller
        self._planner = planner
        self._plan = plan
        self._relatives = Relatives(caller, planner, world, is_strict=is_strict)
        self._world = world
        self._around = Surroundings()
        self._record: dict[str, Any] = {}
        self._key: Any = None
        self._sent: Any = None

    def run(self) -> list[StepOutcome]:
        """Return the outcomes of all steps that the contract has operations for."""
        plan = self._plan
        self._step("parents", self._meet_parents)
        if plan.create is not None:
            if not self._step("create", self._create):
                return self.outcomes
        elif plan.list is not None and not self._step("list", self._take_first):
            return self.outcomes
        if not self._record and self._key is None:
            return self.outcomes
        if plan.read is not None and plan.read.parameter is not None:
            self._step("read", self._read)
        if plan.list is not None and self._around.path(plan.list) is not None:
            if plan.create is not None and not self._step("list", self._list):
                pass
            else:
                self._filters()
                self._sorts()
        if plan.update is not None:
            self._step("update", self._update)
        if plan.delete is not None:
            self._step("delete", self._delete)
        return self.outcomes

    def _step(self, step: str, take: Any, *arguments: Any) -> bool:
        try:
            applies = take(*arguments)
        except StepError as failure:
            self.outcomes.append(StepOutcome(self._plan.name, step, str(failure), failure.exchanges))
            return False
        except UnsentError:
            if step in ("parents", "create"):
                raise
            return True
        if applies is not False:
            self.outcomes.append(StepOutcome(self._plan.name, step))
        return True

    # Creation.

    def _meet_parents(self) -> bool:
        first = self._plan.create or self._plan.list or self._plan.read
        if first is not None and first.parents:
            self._around = self._relatives.surroundings(first)
        return False

    def _create(self) -> None:
        create = self._plan.create
        assert create is not None
        path = self._around.path(create) or {}
        bodies = (self._caller.body(create.key, turn) for turn in range(0, -8, -1))
        body = next((candidate for candidate in bodies if create.first_sent(candidate) is not None), None)
        if body is None and create.sends is not None:
            raise UnsentError(f"{create.key}: found no body with records in it")
        if isinstance(body, dict):
            body = self._caller.body(create.key, 0, self._relatives.pins(self._plan.resource, self._around, body))
            body = self._without_strange_keys(create.key, body)
        exchange = self._caller.ask(self._world, create.key, path, None, body)
        if not exchange.is_success:
            raise StepError(f"{exchange.status}", exchange)
        self._sent = create.first_sent(body) or {}
        record = create.record(exchange.json)
        self._record = dict(record or {})
        self._key = self._key_of(self._record, exchange)
        self._expect_sent(create, exchange)
        if record is not None and self._key is None and self._plan.read is not None:
            raise StepError("no key in the answer", exchange)

    def _without_strange_keys(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return a body without keys that no path of the record takes, as far as they are optional."""
        entry = self._caller.entry(operation)
        for found_by in (self._plan.read, self._plan.update, self._plan.delete):
            member = found_by.member.member if found_by is not None and found_by.member is not None else ""
            if found_by is None or found_by.parameter is None or member not in body or entry is None:
                continue
            others = {name: value for name, value in body.items() if name != member}
            is_taken = self._caller.parameter_takes(found_by.key, "path", found_by.parameter, body[member])
            if not is_taken and self._caller.accepts(entry, others):
                body = others
        return body

    def _expect_sent(self, operation: PlannedOperation, exchange: Exchange) -> None:
        """Expect an answer to show what was sent, wherever it would be a valid answer with that in its place."""
        record = operation.record(exchange.json)
        if record is None or operation.view is None:
            return
        shape = self._planner.sites[operation.key].answer.shape
        # What is missing may be a member of another branch of a union than that which was created.
        expected = [] if len(shape.branches) > 1 else shape.members
        faults = [
            difference
            for difference in differences(self._sent, record, expected=expected)
            if self._could_show(exchange, operation.view.pointer + difference.pointer, difference.sent)
        ]
        if faults:
            raise StepError(f"not what was sent: {'; '.join(map(str, faults[:3]))}", exchange)

    def _could_show(self, exchange: Exchange, pointer: str, value: Any) -> bool:
        answer = with_value_at(exchange.json, pointer_parts(pointer), value)
        return self._caller.answer_takes(exchange.operation, exchange.status, answer)

    def _key_of(self, record: Mapping[str, Any], exchange: Exchange) -> Any:
        """Return what finds a record by the path of the cycle: of the answer, of what was sent, or of ``Location``."""
        found_by = next((item for item in (self._plan.read, self._plan.update, self._plan.delete) if item), None)
        keys = self._plan.resource.keys
        member = found_by.member if found_by is not None and found_by.member is not None else keys[0] if keys else None
        key = _at(record, member)
        if key is None and isinstance(self._sent, dict):
            key = _at(self._sent, member)
        if key is None:
            key = exchange.headers.get("location", "").rstrip("/").rpartition("/")[2] or None
        return key

    def _path(self, operation: PlannedOperation) -> dict[str, Any] | None:
        """Return the path parameters that find the record by an operation; None where one is not known."""
        key = _at(self._record, operation.member)
        return self._around.path(operation, self._key if key is None else key)

    # Reading.

    def _got(self) -> tuple[Exchange, Mapping[str, Any] | None]:
        read = self._plan.read
        assert read is not None
        path = self._path(read)
        if path is None:
            raise UnsentError(f"{read.key}: a parent is not known")
        exchange = self._caller.ask(self._world, read.key, path)
        return exchange, read.record(exchange.json)

    def _read(self) -> None:
        exchange, record = self._got()
        if not exchange.is_success:
            raise StepError(f"{exchange.status} for what was created", exchange)
        faults = [*differences(self._record, record or {})]
        if faults:
            raise StepError(f"not what was created: {'; '.join(map(str, faults[:3]))}", exchange)

    def _list_operation(self) -> PlannedOperation:
        assert self._plan.list is not None
        return self._plan.list

    def _collection(self) -> Collection:
        collection = self._list_operation().collection
        assert collection is not None
        return collection

    def _client(self) -> ListClient:
        operation = self._list_operation()
        return ListClient(self._caller, operation, self._identity())

    def _identity(self) -> str:
        """Return the member that tells records apart in lists."""
        members = [key.member for key in self._plan.resource.keys]
        return next((member for member in members if member in self._record), members[0] if members else "id")

    def _listed(self, query: Mapping[str, Any] | None = None) -> Reading:
        operation = self._list_operation()
        reading = self._client().read(
            self._world, self._around.path(operation) or {}, {**self._required(), **(query or {})}
        )
        if reading.fault:
            raise StepError(reading.fault, *reading.exchanges[-1:])
        return reading

    def _required(self) -> dict[str, Any]:
        """Return required filters with the record's own values."""
        operation, collection = self._list_operation(), self._collection()
        required = {
            node["name"]
            for node, _ in self._caller.operations[operation.key].parameters
            if node["in"] == "query" and node.get("required") is True
        }
        own = {
            parameter.name: self._own(parameter)
            for parameter in collection.parameters
            if parameter.name in required and parameter.role in ("filter", "relation")
        }
        if any(value is None for value in own.values()):
            raise UnsentError(f"{operation.key}: the record has no value for what is required")
        return own

    def _take_first(self) -> None:
        """Take the first record of a list for one that was created."""
        reading = self._listed()
        self._expect_once(reading)
        if not reading.records:
            return
        self._record = dict(reading.records[0])
        read = self._plan.read
        member = read.member if read is not None and read.member is not None else None
        self._key = self._record.get(member.member if member is not None else self._identity())

    def _list(self) -> None:
        reading = self._listed()
        self._expect_once(reading)
        own = self._mine(reading)
        if not own:
            raise StepError(f"not among {len(reading.records)} records of the list", *reading.exchanges[-1:])
        faults = [*differences(self._record, own[0])]
        if faults:
            raise StepError(f"listed otherwise: {'; '.join(map(str, faults[:3]))}", *reading.exchanges[-1:])

    def _expect_once(self, reading: Reading) -> None:
        keys = [str(record[self._identity()]) for record in reading.records if self._identity() in record]
        twice = [key for key, count in Counter(keys).items() if count > 1]
        if twice:
            raise StepError(f"listed twice: {twice[0]}", *reading.exchanges[-2:])

    def _mine(self, reading: Reading) -> list[Mapping[str, Any]]:
        identity = self._identity()
        key = self._record.get(identity, self._key)
        return [record for record in reading.records if is_same(key, record.get(identity))]

    # Filters and sorting.

    def _own(self, parameter: ListParameter) -> Any:
        """Return the record's own value for a parameter that compares; None where it has none that can be asked for."""
        operation = self._list_operation()
        value = self._record.get(parameter.member)
        if isinstance(value, dict):
            value = value.get("id")
        if isinstance(value, list):
            value = value[0] if value and is_scalar(value[0]) else None
        if value is None or value == "" or not is_scalar(value):
            return None
        for candidate in (value, [value], str(value)):
            if self._caller.parameter_takes(operation.key, "query", parameter.name, candidate):
                return candidate
        return None

    def _filters(self) -> None:
        for parameter in self._collection().parameters:
            if parameter.role in ("filter", "relation") or (
                parameter.role == "range" and parameter.operator in ("gte", "lte")
            ):
                value = self._own(parameter)
                if value is not None:
                    self._step("filter", self._filter, parameter, value)

    def _filter(self, parameter: ListParameter, value: Any) -> None:
        reading = self._listed({parameter.name: value})
        if not self._mine(reading):
            raise StepError(
                f"{parameter.name}={value} ({parameter.role} {parameter.operator}) does not find it",
                *reading.exchanges[-1:],
            )
        if parameter.role != "filter" or parameter.operator not in ("eq", "in"):
            return
        wanted = value[0] if isinstance(value, list) else value
        for record in reading.records:
            shown = record.get(parameter.member, wanted)
            if is_scalar(shown) and not is_same(wanted, shown):
                raise StepError(f"{parameter.name}={value} finds one with {shown!r}", *reading.exchanges[-1:])

    def _sorts(self) -> None:
        collection = self._collection()
        directions = [parameter for parameter in collection.parameters if parameter.role == "direction"]
        for parameter in collection.parameters:
            if parameter.role != "sort":
                continue
            for word in parameter.sorts:
                if f"-{word}" in parameter.sorts:
                    self._step("sort", self._sort, word, {parameter.name: word}, {parameter.name: f"-{word}"})
                elif directions and {"asc", "desc"} <= {*directions[0].sorts}:
                    up, down = ({parameter.name: word, directions[0].name: way} for way in ("asc", "desc"))
                    self._step("sort", self._sort, word, up, down)

    def _sort(self, word: str, up: Mapping[str, Any], down: Mapping[str, Any]) -> None:
        operation = self._list_operation()
        queries = []
        for query in (up, down):
            fitted = {}
            for name, value in query.items():
                takes = self._caller.parameter_takes(operation.key, "query", name, value)
                fitted[name] = value if takes else [value]
            queries.append(fitted)
        first, second = (self._listed(query) for query in queries)
        identity = self._identity()
        if {str(record.get(identity)) for record in first.records} != {
            str(record.get(identity)) for record in second.records
        }:
            raise StepError(f"{word}: other records up than down", *first.exchanges[-1:], *second.exchanges[-1:])
        member = next((name for name in (word, f"{word}_at", f"{word}_time") if name in self._record), None)
        ups, downs = (
            [record[member] for record in reading.records if record.get(member) is not None] if member else []
            for reading in (first, second)
        )
        if all(map(is_scalar, ups)) and ups != downs[::-1]:  # null stands last either way, as in SQL
            raise StepError(f"{word}: {ups} up, {downs} down", *first.exchanges[-1:], *second.exchanges[-1:])

    # Changing and deleting.

    def _change(self) -> tuple[str, Any, Any] | None:
        """Return a member of the record that can be changed, its new value, and the body that does it."""
        update = self._plan.update
        assert update is not None
        body = self._caller.body(update.key, 2)
        entry = self._caller.entry(update.key)
        if not isinstance(body, dict) or entry is None:
            return None
        body = self._caller.body(update.key, 2, self._relatives.pins(self._plan.resource, self._around, body))
        keys = {key.member for key in self._plan.resource.keys}
        relations = {relation.member for relation in self._plan.resource.relations}
        is_found_by_body = update.parameter is None
        stays = {name for name in keys | relations if name in body or (is_found_by_body and name in keys)}
        body |= {
            name: self._record[name] for name in stays if is_scalar(self._record.get(name)) and name in self._record
        }
        for turn in range(3, 12):
            other = self._caller.body(update.key, turn)
            for name, value in other.items():
                current = self._record.get(name)
                if name in keys | relations or current is None or not is_scalar(value) or not is_scalar(current):
                    continue
                if name == "type":  # of which branch it is, stays
                    continue
                if not is_of_one_kind(value, current) or is_same(value, current):
                    continue
                least = {name: value} if update.key.startswith("PATCH ") else {**body, name: value}
                for candidate in (least, {**body, name: value}):
                    if self._caller.accepts(entry, candidate):
                        return name, value, candidate
        return None

    def _update(self) -> bool:
        update = self._plan.update
        assert update is not None
        path = self._path(update)
        change = self._change() if path is not None else None
        if change is None or path is None:
            return False
        name, value, body = change
        exchange = self._caller.ask(self._world, update.key, path, None, body)
        if not exchange.is_success:
            raise StepError(f"{exchange.status}", exchange)
        shown = update.record(exchange.json)
        if update.view is not None and shown is not None and name in shown and not is_same(value, shown[name]):
            if not self._could_show(exchange, update.view.pointer + pointer_of(name), value):
                return False
            raise StepError(f"{name} is {shown[name]!r} in the answer, and {value!r} was sent", exchange)
        if self._plan.read is not None and self._plan.read.parameter is not None:
            again, record = self._got()
            if not again.is_success:
                raise StepError(f"{again.status} after the update", exchange, again)
            view = self._plan.read.view
            could = view is not None and self._could_show(again, view.pointer + pointer_of(name), value)
            if record is not None and name in record and could and not is_same(value, record[name]):
                raise StepError(f"{name} is read as {record[name]!r}, and {value!r} was sent", exchange, again)
        return True

    def _delete(self) -> bool:
        delete = self._plan.delete
        assert delete is not None
        path = self._path(delete)
        if path is None:
            return False
        body = self._caller.body(delete.key, 0) if self._caller.entry(delete.key) is not None else None
        exchange = self._caller.ask(self._world, delete.key, path, None, body)
        if not exchange.is_success:
            raise StepError(f"{exchange.status}", exchange)
        if self._plan.read is not None and self._plan.read.parameter is not None:
            gone, _ = self._got()
            if gone.status not in (404, 410):
                raise StepError(f"{gone.status} for what was deleted", exchange, gone)
        if self._plan.list is not None and self._around.path(self._plan.list) is not None:
            reading = self._listed()
            if self._mine(reading):
                raise StepError("still in the list", exchange, *reading.exchanges[-1:])
        again = self._caller.ask(self._world, delete.key, path, None, body)
        if again.status not in (404, 410) and not self._relatives.has_made_up:
            raise StepError(f"{again.status} for what was deleted before", exchange, again)
        return True


def _at(record: Mapping[str, Any], key: RecordKey | None) -> Any:
    """Return a key of a record; None where it has none."""
    try:
        return value_at(dict(record), key.place) if key is not None else None
    except KeyError:
        return None
