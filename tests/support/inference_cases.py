"""What a careful reader takes operations of published contracts for: the tables of `tests/cases/inference`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal, TypeAlias, get_args

from tests.support.case_files import CASES, read_cases

Verb: TypeAlias = Literal[
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
"""What an operation does to records; ``none`` where a reader is not sure and a mock had better keep no state."""
VERBS: tuple[Verb, ...] = get_args(Verb)
STATELESS: frozenset[Verb] = frozenset({"view", "action", "none"})
"""Verbs under which no record is looked up or changed, so that nothing depends on the resource or the key."""
TABLES: tuple[str, ...] = tuple(sorted(file.stem for file in (CASES / "inference").glob("*.yaml")))
"""The names of the tables, one for each contract."""


@dataclass(frozen=True)
class InferenceCase:
    """One operation and what a reader takes it for."""

    operation: str
    """Method and path: ``GET /pets/{id}``."""
    verb: Verb
    resource: str
    """A plural noun, the same for the same thing throughout the contract."""
    why: str
    also: frozenset[Verb] = frozenset()
    """Verbs that a reader would accept as well."""
    akin: frozenset[str] = frozenset()
    """Nouns of things that a reader may as well take for this one."""
    keys: frozenset[str] = frozenset()
    """The members by which path or body find the record, any of which is right; empty where it has no key to name."""
    parent: str | None = None
    """The noun of what another parameter of the path names."""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> InferenceCase:
        """Return the case that an entry of a file describes."""
        key = data.get("key", [])
        return cls(
            operation=data["operation"],
            verb=data["verb"],
            resource=data["resource"],
            why=data["why"],
            also=frozenset(data.get("also", [])),
            akin=frozenset(data.get("akin", [])),
            keys=frozenset([key] if isinstance(key, str) else key),
            parent=data.get("parent"),
        )

    @property
    def keeps_state(self) -> bool:
        """Return whether the verb looks up or changes records of the resource."""
        return self.verb not in STATELESS

    def accepts(self, verb: Verb) -> bool:
        """Return whether a claim of this verb is no mistake.

        A claim of ``none`` never is one: the operation is then answered without state, which is a miss at most.
        """
        return verb == "none" or verb == self.verb or verb in self.also

    def is_akin(self, other: InferenceCase) -> bool:
        """Return whether a reader leaves open that the resources of two cases are the same."""
        return other.resource in self.akin or self.resource in other.akin


@dataclass(frozen=True)
class InferenceTable:
    """The cases of one contract. Title, version and number of all operations say which edition was read."""

    name: str
    """The name of the table: ``stripe``."""
    contract: str
    """The name of the contract among the published ones: ``stripe-2026-08``."""
    title: str
    version: str
    operations: int
    source: str | None
    """Where the contract is published, if no package brings it."""
    cases: tuple[InferenceCase, ...]

    @classmethod
    def read(cls, name: str) -> InferenceTable:
        """Return the table with this name, one of :data:`TABLES`."""
        data = read_cases(f"inference/{name}")
        return cls(
            name=name,
            contract=data["contract"],
            title=data["title"],
            version=data["version"],
            operations=data["operations"],
            source=data.get("source"),
            cases=tuple(InferenceCase.read(case) for case in data["cases"]),
        )

    def pairs(self) -> Iterator[tuple[InferenceCase, InferenceCase, bool]]:
        """Yield pairs of cases that keep state, and whether both are about one resource; none that are akin."""
        for first, second in combinations((case for case in self.cases if case.keeps_state), 2):
            if not first.is_akin(second):
                yield first, second, first.resource == second.resource
