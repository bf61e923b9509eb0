"""What a contract or an overlay says of state: corrections of resources and operations, checked and frozen.

Only what can be seen without the rest of the contract is checked here; whether members, parameters and resources exist
is seen where the corrections are applied (``openapi.resources.correction``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, fields, is_dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.effect_names import ABSENT
from mock_server.openapi.effects.values import ITEM, EffectCondition, Place, Value
from mock_server.openapi.node_reader import NodeReader

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap

StateMode = Literal["auto", "strict", "off"]
STATE_MODES: tuple[StateMode, ...] = ("auto", "strict", "off")
TellableVerb = Literal["create", "read", "list", "update", "delete", "link", "unlink", "view", "transition", "none"]
TELLABLE_VERBS: tuple[TellableVerb, ...] = (
    "create",
    "read",
    "list",
    "update",
    "delete",
    "link",
    "unlink",
    "view",
    "transition",
    "none",
)
NONE = "none"
"""What takes an operation, a relation or an embed out of state."""
RESOURCE_KEYS = (
    "views",
    "keys",
    "unique",
    "owner",
    "relations",
    "missing",
    "embeds",
    "initial",
    "derived",
    "sort",
    "order",
    "filters",
    "hidden",
    "lists",
    "records",
)
"""The keys of a resource in ``x-mock-resources`` that are about state."""
OPERATION_KEYS = ("x-mock-resource", "x-mock-does", "x-mock-key")
"""The keys of an operation that are about state."""
Fold = Literal["none", "case"]


@value_class
class UniqueMembers:
    """Members whose values no two records of a resource share.

    ``fold`` is ``case`` where capital letters make no difference. ``failure`` names the refusal of
    ``x-mock-failures``; empty for the one that the contract documents. Where it ``answers_existing``, a create with the
    same values answers the record that is there, and changes nothing.
    """

    members: tuple[str, ...]
    fold: Fold = "none"
    failure: str = ""
    answers_existing: bool = False


@value_class
class DerivedMember:
    """A member that is computed of others; ``reads`` are the members that it is computed of."""

    value: Value
    reads: tuple[str, ...] = ()


@value_class
class RelatedFilter:
    """A parameter that asks for records with a related one whose members have one of the given values each."""

    related: str
    where: Mapping[str, tuple[JSON, ...]] = field(default_factory=dict)


Comparison = Literal["at_least", "at_most", "greater", "less"]
COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)
"""How a value of a record compares with what is sent: numbers, times, else texts."""


@value_class
class RecordFilter:
    """What a parameter asks of records, by values of each.

    ``when`` holds for those that ``true`` selects, ``words`` for those that each word does; ``equal`` has one of the
    texts that are sent, ``differs`` none; ``contains`` have a text as a part, ``begins`` as their beginning, whatever
    its case; ``compared`` are on that side of what is sent.
    """

    when: EffectCondition | None = None
    words: tuple[tuple[str, EffectCondition], ...] = ()
    equal: Value | None = None
    differs: Value | None = None
    contains: tuple[Value, ...] = ()
    begins: tuple[Value, ...] = ()
    compared: tuple[tuple[Comparison, Value], ...] = ()


@value_class
class ResourceCorrection:
    """What is said of one resource. Empty parts say nothing; ``schema`` and ``views`` are references.

    ``relations`` names the resource of a member, ``embeds`` the member that names what another shows; either may be
    ``none``. ``missing`` names the failure of a relation that leads nowhere, by its member. ``sort`` has a JSON Pointer
    for each word, ``filters`` are by parameter. ``order`` are the words by which lists are sorted where a request says
    nothing of it, ``hidden`` the members that records have and no answer shows,
    ``lists`` the records of others that a member of a view lists.
    """

    name: str
    schema: str = ""
    views: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    unique: tuple[UniqueMembers, ...] = ()
    owner: str = ""
    relations: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    embeds: Mapping[str, str] = field(default_factory=dict)
    initial: Mapping[str, JSON] = field(default_factory=dict)
    derived: Mapping[str, DerivedMember] = field(default_factory=dict)
    sort: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, RelatedFilter | RecordFilter] = field(default_factory=dict)
    records: int | None = None
    order: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    lists: Mapping[str, RelatedFilter] = field(default_factory=dict)


@value_class
class OperationCorrection:
    """What is said of one operation: its resource or ``none``, its verb, the place of its key in a record.

    ``parameter`` is the path parameter that finds the record, or the JSON Pointer of a member of the body that does
    (``/request/body/key``); ``pointer`` is the JSON Pointer of what it compares.
    """

    resource: str | None = None
    verb: TellableVerb | None = None
    parameter: str = ""
    pointer: str = ""

    @property
    def is_stateless(self) -> bool:
        """Whether the operation is said to have nothing to do with state."""
        return self.resource == NONE or self.verb == NONE

    @property
    def sent_key(self) -> tuple[str, ...]:
        """The parts of the pointer into the body that leads to the key; empty where the body does not have it."""
        return tuple(pointer_parts(self.parameter)[2:]) if self.parameter.startswith("/") else ()


_FILTER_WORDS = ("when", "words", "equal", "differs", "contains", "begins", *COMPARISONS)
"""What a filter may ask of values of each record."""


def members_read(node: object) -> Iterator[str]:
    """Yield the JSON Pointers into a record that a value is computed of."""
    if isinstance(node, Place):
        if node.parts[0] != ITEM:
            yield pointer_of(*node.parts[1:])
    elif isinstance(node, tuple):
        for part in node:
            yield from members_read(part)
    elif is_dataclass(node):
        for part in fields(node):
            yield from members_read(getattr(node, part.name))


def read_state_mode(document: Mapping[str, JSON], source: LazySourceMap) -> StateMode | None:
    """Return the mode that a document asks for; None where it asks for none."""
    if "x-mock-state" not in document:
        return None
    return cast("StateMode", NodeReader(source).choice(document, "x-mock-state", "", STATE_MODES))


def read_resource_correction(
    name: str, data: Mapping[str, JSON], source: LazySourceMap, failures: tuple[str, ...]
) -> ResourceCorrection | None:
    """Return what an entry of ``x-mock-resources`` says of state; None where it says nothing of it.

    ``failures`` are the names that a refusal may have. Raises :class:`ContractError` for a wrong value.
    """
    if not any(key in data for key in RESOURCE_KEYS):
        return None
    reader = _CorrectionReader(source)
    where = pointer_of("x-mock-resources", name)
    return ResourceCorrection(
        name=name,
        schema=reader.text(data, "schema", where, ""),
        views=reader.names(data, "views", where),
        keys=reader.names(data, "keys", where),
        unique=tuple(
            reader.unique(node, f"{where}/unique/{index}", failures)
            for index, node in enumerate(reader.items(data, "unique", where))
        ),
        owner=reader.text(data, "owner", where, ""),
        relations=reader.text_table(data, "relations", where),
        missing=reader.missing(data, where, failures),
        embeds=reader.text_table(data, "embeds", where),
        initial=reader.mapping(data, "initial", where),
        derived={member: reader.derived(node, at) for member, node, at in reader.entries(data, "derived", where)},
        sort={word: reader.pointer(node, at) for word, node, at in reader.entries(data, "sort", where)},
        order=reader.names(data, "order", where),
        hidden=reader.names(data, "hidden", where),
        lists={name: reader.related(node, at) for name, node, at in reader.entries(data, "lists", where)},
        filters={name: reader.filter(node, at) for name, node, at in reader.entries(data, "filters", where)},
        records=reader.whole(data, "records", where, 0) if "records" in data else None,
    )


def referred_failures(resources: JSON) -> set[str]:
    """Return the names of failures that ``x-mock-resources`` refers to; wrong data has none."""
    entries = [entry for entry in resources.values() if isinstance(entry, dict)] if isinstance(resources, dict) else []
    rules = [entry.get("unique") for entry in entries]
    named = [
        rule.get("failure") for listed in rules if isinstance(listed, list) for rule in listed if isinstance(rule, dict)
    ]
    tables = [entry.get("missing") for entry in entries]
    named += [name for table in tables if isinstance(table, dict) for name in table.values()]
    return {name for name in named if isinstance(name, str)}


def read_operation_correction(
    operation: Mapping[str, JSON], pointer: str, source: LazySourceMap
) -> OperationCorrection | None:
    """Return what an operation says of its part in state; None where it says nothing."""
    if not any(key in operation for key in OPERATION_KEYS):
        return None
    reader = _CorrectionReader(source)
    resource = reader.text(operation, "x-mock-resource", pointer) if "x-mock-resource" in operation else None
    verb = reader.choice(operation, "x-mock-does", pointer, TELLABLE_VERBS) if "x-mock-does" in operation else None
    parameter, place = reader.key(operation, pointer) if "x-mock-key" in operation else ("", "")
    if resource == NONE and verb not in (None, NONE):
        raise reader.refusal(f"{pointer}/x-mock-does", repr(verb), "none, since x-mock-resource is none")
    return OperationCorrection(resource, cast("TellableVerb | None", verb), parameter, place)


def read_absent(operation: Mapping[str, JSON], pointer: str, source: LazySourceMap) -> Mapping[str, str]:
    """Return the failures that an operation has for records that are not there, by their resources."""
    return _CorrectionReader(source).text_table(operation, ABSENT, pointer)


class _CorrectionReader(NodeReader):
    """Reads the parts of corrections."""

    def names(self, data: Mapping[str, JSON], key: str, where: str) -> tuple[str, ...]:
        """Return a list of texts without repetition."""
        names = self.texts(data, key, where)
        if len({*names}) != len(names):
            raise self.refusal(where + pointer_of(key), repr(names), "each name once")
        return tuple(names)

    def mapping(self, data: Mapping[str, JSON], key: str, where: str) -> Mapping[str, JSON]:
        """Return an object with members of any name."""
        node = data.get(key, {})
        if not isinstance(node, dict):
            raise self.refusal(where + pointer_of(key), repr(node), "an object")
        return node

    def entries(self, data: Mapping[str, JSON], key: str, where: str) -> Iterator[tuple[str, JSON, str]]:
        """Yield name, value and pointer of each member of an object."""
        for name, node in self.mapping(data, key, where).items():
            yield name, node, where + pointer_of(key, name)

    def text_table(self, data: Mapping[str, JSON], key: str, where: str) -> Mapping[str, str]:
        """Return an object of texts."""
        table = self.mapping(data, key, where)
        return {name: self.text(table, name, where + pointer_of(key)) for name in table}

    def missing(self, data: Mapping[str, JSON], where: str, failures: tuple[str, ...]) -> Mapping[str, str]:
        """Return the failures of relations that lead nowhere, by their members."""
        table = self.text_table(data, "missing", where)
        for member, failure in table.items():
            self.failure_name(failure, where + pointer_of("missing", member), failures)
        return table

    def failure_name(self, name: str, where: str, failures: tuple[str, ...]) -> None:
        """Raise :class:`ContractError` where there is no failure of that name."""
        if name not in failures:
            found = f"the failure {name!r}{did_you_mean(name, failures)}"
            raise self.refusal(where, found, "a name of x-mock-failures")

    def unique(self, node: JSON, where: str, failures: tuple[str, ...]) -> UniqueMembers:
        data = self.members(node, where, ("members", "fold", "failure", "existing"))
        members = self.names(data, "members", where)
        if not members:
            raise self.refusal(f"{where}/members", repr(data.get("members", "nothing")), "at least one member")
        failure = self.text(data, "failure", where, "")
        if failure:
            self.failure_name(failure, f"{where}/failure", failures)
        fold = cast("Fold", self.choice(data, "fold", where, ("none", "case")))
        answers_existing = self.choice(data, "existing", where, ("refuse", "answer")) == "answer"
        return UniqueMembers(members, fold, failure, answers_existing)

    def derived(self, node: JSON, where: str) -> DerivedMember:
        """Return how a member is computed, of the record alone."""
        from mock_server.openapi.effects.record_values import RecordValueReader  # for contracts that have some

        value = RecordValueReader(self.source, follows=False).of_record(node, where)
        return DerivedMember(value, (*members_read(value),))

    def filter(self, node: JSON, where: str) -> RelatedFilter | RecordFilter:
        data = self.members(node, where, ("related", "where", *_FILTER_WORDS))
        if not data.keys() & {"related", "where"}:
            return self.record_filter(data, where)
        return self.related(node, where)

    def related(self, node: JSON, where: str) -> RelatedFilter:
        """Return which records of another resource are meant."""
        data = self.members(node, where, ("related", "where"))
        conditions = {name: self.values(values, at) for name, values, at in self.entries(data, "where", where)}
        return RelatedFilter(self.text(data, "related", where), conditions)

    def record_filter(self, data: Mapping[str, JSON], where: str) -> RecordFilter:
        """Return what a parameter asks of records, by values of each."""
        from mock_server.openapi.effects.record_values import RecordValueReader  # for contracts that have some

        reader = RecordValueReader(self.source, follows=True)
        if not data:
            raise self.refusal(where, "an empty filter", "related and where, or one of " + ", ".join(_FILTER_WORDS))
        values = {
            word: tuple(
                reader.of_record(item, f"{where}/{word}/{index}")
                for index, item in enumerate(self.items(data, word, where))
            )
            for word in ("contains", "begins")
        }
        return RecordFilter(
            reader.condition_of_record(data["when"], f"{where}/when") if "when" in data else None,
            tuple(
                (word, reader.condition_of_record(node, at)) for word, node, at in self.entries(data, "words", where)
            ),
            reader.of_record(data["equal"], f"{where}/equal") if "equal" in data else None,
            reader.of_record(data["differs"], f"{where}/differs") if "differs" in data else None,
            **values,
            compared=tuple(
                (word, reader.of_record(data[word], f"{where}/{word}")) for word in COMPARISONS if word in data
            ),
        )

    def values(self, node: JSON, where: str) -> tuple[JSON, ...]:
        """Return a list of scalars of which one has to fit."""
        if not isinstance(node, list) or not node or any(isinstance(value, (dict, list)) for value in node):
            raise self.refusal(where, repr(node), "a list of texts, numbers, booleans or null, at least one")
        return tuple(node)

    def key(self, operation: Mapping[str, JSON], pointer: str) -> tuple[str, str]:
        """Return the path parameter of a key, and the place in a record that it compares."""
        where = f"{pointer}/x-mock-key"
        entries = [*self.entries(operation, "x-mock-key", pointer)]
        if len(entries) != 1:
            raise self.refusal(where, repr(operation["x-mock-key"]), "one path parameter with a JSON Pointer")
        ((parameter, node, at),) = entries
        if parameter.startswith("/") and not re.match("/request/body/.", parameter):
            raise self.refusal(at, repr(parameter), "a path parameter, or /request/body/MEMBER")
        return parameter, self.pointer(node, at)
