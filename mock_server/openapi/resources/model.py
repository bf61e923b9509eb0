"""The model of a contract's resources: what has identity, how paths find it, and what each operation does to it.

All of it is inferred from the contract, corrected by its ``x-mock-*`` data, frozen, and explained: a verdict names its
witnesses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.state_extensions import DerivedMember, RecordFilter, RelatedFilter, UniqueMembers

Verb = Literal[
    "create",
    "read",
    "list",
    "update",
    "delete",
    "link",
    "unlink",
    "singleton-read",
    "singleton-write",
    "view",
    "transition",
    "action",
    "export",
    "none",
]
Witness = Literal["shape", "schema", "word", "data"]
"""``shape``: method, path and siblings; ``schema``: identity and members; ``word``: operationId or summary; ``data``:
what ``x-mock-*`` data says of the operation."""

STATEFUL: frozenset[Verb] = frozenset(
    {"create", "read", "list", "update", "delete", "link", "unlink", "singleton-read", "singleton-write", "export"}
)
"""The verbs that work on records alone; the others need to be told a formula or an effect to do so."""

READING: frozenset[Verb] = frozenset({"read", "list", "export", "singleton-read", "view"})
"""The verbs that change nothing."""

ParameterRole = Literal[
    "page", "size", "offset", "cursor", "sort", "direction", "filter", "relation", "range", "search", "metadata"
]
Operator = Literal["", "eq", "in", "gt", "gte", "lt", "lte", "contains"]


@value_class
class ListParameter:
    """A query parameter of a list, and what it does. ``member`` is the member that it compares, where it compares."""

    name: str
    role: ParameterRole
    member: str = ""
    operator: Operator = ""
    sorts: tuple[str, ...] = ()
    """The values of a sort parameter that the contract lists, such as ``-created_at``."""
    noun: str = ""
    """What a relation names where no member of the record does: its resource, in the singular."""


@value_class
class Parent:
    """A path parameter before the last resource of a path: what it names, by which member; None where unknown."""

    parameter: str
    resource: str | None = None
    member: str | None = None


@value_class
class RecordKey:
    """A member by which paths find a record; ``is_integer`` tells the type of the path parameter.

    A hidden key is no member: the path parameter of that name is remembered with the record that PUT made.
    ``pointer`` is set where the key stands deeper in a record (``/organization/slug``).
    """

    member: str
    is_integer: bool = False
    is_hidden: bool = False
    pointer: str = ""

    @property
    def place(self) -> str:
        """The JSON Pointer of the key in a record."""
        return self.pointer or pointer_of(self.member)


@value_class
class Collection:
    """A path that lists or creates records.

    ``envelope`` is the JSON Pointer of the array in an answer: empty where the answer is the array itself, None where
    nothing lists. ``ignored`` are the query parameters that nothing explains.
    """

    path: str
    envelope: str | None = None
    parents: tuple[Parent, ...] = ()
    parameters: tuple[ListParameter, ...] = ()
    ignored: tuple[str, ...] = ()


@value_class
class ItemPath:
    """A path that ends in the key of a record, or in a word for the caller's own (``me``); then there is no key."""

    path: str
    parameter: str | None
    key: RecordKey | None
    parents: tuple[Parent, ...] = ()


@value_class
class View:
    """A schema that shows a record in the answer of an operation.

    ``schema`` is the name of the component, empty where it is written in place; ``pointer`` says where the record
    stands in the answer, or the array of records (``is_list``).
    """

    operation: str
    status: str
    media: str
    schema: str = ""
    pointer: str = ""
    is_list: bool = False


@value_class
class Relation:
    """A member that names a record of another resource, or several (``is_list``)."""

    member: str
    resource: str
    is_list: bool = False


@value_class
class Embed:
    """A member that shows a record of another resource inside; ``relation`` is the member that names it, if any."""

    member: str
    resource: str
    relation: str | None = None
    is_list: bool = False


@value_class
class InferredResource:
    """Things with identity, whatever paths and schemas show them; of a singleton there is one for each parent.

    ``schema`` is the name of the schema that shows most of a record; empty where it has none. What stands from
    ``unique`` on is never inferred: ``owner`` is the resource that a caller's token selects; ``initial`` has values of
    members of a new record, ``derived`` how members are computed, ``sort`` a JSON Pointer for each word to sort by,
    ``order`` the words by which lists are sorted where nothing is asked for, ``hidden`` members that no answer shows,
    ``lists`` which records of others a member of a view lists, ``filters`` what parameters ask for; ``records`` is how
    many there are to begin with, None for the setting. ``missing`` names the failure of a relation that leads nowhere,
    by its member.
    """

    name: str
    schema: str = ""
    is_singleton: bool = False
    collections: tuple[Collection, ...] = ()
    items: tuple[ItemPath, ...] = ()
    keys: tuple[RecordKey, ...] = ()
    views: tuple[View, ...] = ()
    relations: tuple[Relation, ...] = ()
    embeds: tuple[Embed, ...] = ()
    unique: tuple[UniqueMembers, ...] = ()
    owner: str = ""
    initial: Mapping[str, JSON] = field(default_factory=dict, hash=False)
    derived: Mapping[str, DerivedMember] = field(default_factory=dict, hash=False)
    sort: Mapping[str, str] = field(default_factory=dict, hash=False)
    order: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    lists: Mapping[str, RelatedFilter] = field(default_factory=dict, hash=False)
    filters: Mapping[str, RelatedFilter | RecordFilter] = field(default_factory=dict, hash=False)
    records: int | None = None
    missing: Mapping[str, str] = field(default_factory=dict, hash=False)


@value_class
class SentRecords:
    """Where a body has several records at once: the JSON Pointer of the array, empty where that is the body itself.

    ``member`` is what texts in it are the values of (``{"emails": ["a@example.com"]}``); empty for objects.
    """

    pointer: str
    member: str = ""


@value_class
class Verdict:
    """What an operation does: the verb, to which resource, found by which key, and why it is believed.

    ``sends`` says where what creates has its records, where it creates several at once. An operation that is not
    ``is_sure`` keeps no state. ``reasons`` are phrases, a witness or a contradiction each.
    """

    operation: str
    verb: Verb
    resource: str | None = None
    key: str | None = None
    witnesses: tuple[Witness, ...] = ()
    reasons: tuple[str, ...] = ()
    is_sure: bool = True
    sends: SentRecords | None = None

    @property
    def is_stateful(self) -> bool:
        """Whether the operation keeps state without being told more."""
        return self.is_sure and self.verb in STATEFUL

    @property
    def claim(self) -> str:
        """The verdict in a few words: ``read customers by id``."""
        key = f" by {self.key}" if self.key else ""
        claim = f"{self.verb} {self.resource or ''}".rstrip() + key
        return claim if self.is_sure else f"UNSURE {claim}"

    @property
    def why(self) -> str:
        """The reasons as one line."""
        return "; ".join(self.reasons)


@value_class
class ResourceModel:
    """The resources of a contract by name, and the verdict of each operation by its key (``GET /pets/{id}``).

    ``findings`` are corrections that contradict the contract.
    """

    resources: Mapping[str, InferredResource] = field(default_factory=dict)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    findings: tuple[Diagnostic, ...] = ()

    @property
    def stateful(self) -> int:
        """The number of operations that keep state without being told more."""
        return sum(verdict.is_stateful for verdict in self.verdicts.values())
