"""Constraints of objects, and the schemas of their members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mock_server.core.types import JSON
from mock_server.generation.constraints.keywords import length_of, list_of, mapping_of
from mock_server.generation.constraints.values import Constraints, Goal
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.ecma_regex import matches
from mock_server.generation.negation import STRANGER
from mock_server.generation.schema_document import SchemaNode


@dataclass(slots=True)
class ObjectConstraints(Constraints):
    """The constraints of an object; ``least`` and ``most`` bound its members."""

    forbidden: frozenset[str] = frozenset()
    """Names that no member may have, since a schema that depends on them is not kept."""
    least: int = 0
    most: int | None = None
    required: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    """The names of members that the schemas describe."""
    dependent: dict[str, list[str]] = field(default_factory=dict)
    name_goal: Goal = ()
    wants_stranger: bool = False
    hidden: frozenset[str] = frozenset()
    """Names that are left out because of readOnly or writeOnly."""
    members: dict[str, Goal] = field(default_factory=dict)
    """The goals of members, worked out so far."""
    is_map: bool = False
    """Whether it has members that are described without being named."""
    needs: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """For a member, all that must be there with it, itself included; None for one that cannot be there."""

    def member(self, name: str) -> Goal:
        """Return the schemas of the member of that name."""
        if name not in self.members:
            self.members[name] = self._member(name)
        return self.members[name]

    def _member(self, name: str) -> Goal:
        # Nothing can be left unevaluated, so the loop below is not needed.
        if len(self.atoms) == 1 and not self.reaches:  # nearly always
            return tuple(node for node in _said_of_member(self.atoms[0], name) or () if node.schema is not True)
        said = [_said_of_member(atom, name) for atom in self.atoms]
        goal = [node for nodes in said for node in nodes or ()]
        evaluated = [nodes is not None for nodes in said]
        for reach in self.reaches:
            # Inner keywords come first; what one of them evaluates is evaluated for the outer ones.
            if "unevaluatedProperties" in reach.node.keywords and not any(evaluated[reach.start : reach.end]):
                goal.append(reach.node.child("unevaluatedProperties"))
                evaluated[reach.start] = True
        return tuple(dict.fromkeys(node for node in goal if node.schema is not True))

    def open_patterns(self) -> list[str]:
        """Return the patterns of member names that some schema describes."""
        return [name for atom in self.atoms for name in mapping_of(atom, "patternProperties")]

    def _gather(self) -> None:
        hidden: set[str] = set()
        for atom in self.atoms:
            self.required |= dict.fromkeys(str(name) for name in list_of(atom, "required"))
            self.names |= dict.fromkeys(mapping_of(atom, "properties"))
            self.wants_stranger |= atom.keywords.get(STRANGER) is True
            for name, needed in mapping_of(atom, "dependentRequired").items():
                if isinstance(needed, list):
                    self.dependent.setdefault(name, []).extend(map(str, needed))
            hidden |= _hidden_of(atom)
            if "propertyNames" in atom.keywords:
                self.name_goal = (*self.name_goal, atom.child("propertyNames"))
        self._require_dependent()
        self.hidden = frozenset(hidden - self.required.keys())
        for name in self.required:
            if name in self.forbidden or any(node.schema is False for node in self.member(name)):
                raise Unsatisfiable("required", "dependentSchemas" if name in self.forbidden else self._closing(name))
        self.least, self.most = length_of(self.atoms, "minProperties", "maxProperties")
        self.is_map = self._is_map()

    def _require_dependent(self) -> None:
        """Require what required members require (dependentRequired), and what these do."""
        grown = True
        while grown:
            before = len(self.required)
            for name in list(self.required):
                self.required |= dict.fromkeys(self.dependent.get(name, ()))
            grown = len(self.required) > before

    def _closing(self, name: str) -> str:
        """Return the keyword that forbids a member."""
        for atom in self.atoms:
            if mapping_of(atom, "properties").get(name) is False:
                return "properties"
            if name not in mapping_of(atom, "properties") and atom.keywords.get("additionalProperties") is False:
                return "additionalProperties"
        return "unevaluatedProperties" if self.reaches else "patternProperties"

    def _is_map(self) -> bool:
        described = any(
            isinstance(atom.keywords.get("additionalProperties"), dict) or mapping_of(atom, "patternProperties")
            for atom in self.atoms
        )
        return described and not any("properties" in atom.keywords for atom in self.atoms)


def _said_of_member(atom: SchemaNode, name: str) -> list[SchemaNode] | None:
    """Return the schemas that an atom has for a member; None where it leaves it unevaluated."""
    keywords = atom.keywords
    properties = keywords.get("properties")
    nodes = [atom.child("properties", name)] if isinstance(properties, dict) and name in properties else []
    if "patternProperties" in keywords:
        patterns = mapping_of(atom, "patternProperties")
        nodes += [atom.child("patternProperties", pattern) for pattern in patterns if matches(pattern, name)]
    if nodes:
        return nodes
    return [atom.child("additionalProperties")] if "additionalProperties" in keywords else None


def _hidden_of(atom: SchemaNode) -> set[str]:
    """Return the names of the members that an atom has for the other direction only."""
    if not atom.document.hides:
        return set()
    properties = mapping_of(atom, "properties")
    return {name for name, schema in properties.items() if isinstance(schema, dict) and _is_hidden(atom, name, schema)}


def _is_hidden(atom: SchemaNode, name: str, schema: Mapping[str, JSON]) -> bool:
    keyword = atom.document.hidden
    if "$ref" not in schema:
        return schema.get(keyword) is True
    node = atom.child("properties", name)
    for _ in range(10):
        if node.keywords.get(keyword) is True:
            return True
        if not isinstance(node.keywords.get("$ref"), str):
            return False
        node = node.reference("$ref")
    return False
