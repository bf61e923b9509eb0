"""From schemas to shapes: references are followed, ``allOf`` is merged, and alternatives become choices.

An expansion is a pure function of the schemas and the options taken so far. It is computed once and cached; making a
value then only follows cached expansions.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from mock_server.core.deadline import check, current
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.constraints.gathering import gather
from mock_server.generation.constraints.numbers import NumberConstraints
from mock_server.generation.constraints.types import ALL_TYPES, possible
from mock_server.generation.constraints.values import Constraints, Goal, Reach, ValueConstraints
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.min_depth import ENDLESS, min_depth
from mock_server.generation.negation import TYPES, complements
from mock_server.generation.schema_document import SchemaDocument, SchemaNode


@value_class
class Branch:
    """One option of a choice. Lower ranks are tried first; ``height`` is the least depth of its values."""

    label: str
    rank: int = 0
    height: int = 0
    is_null: bool = False


@value_class(slots=False)
class BranchPoint:
    """A point where a value can be one thing or another. ``name`` is unique within one expansion."""

    keyword: str
    name: str
    options: tuple[Branch, ...]

    @cached_property
    def smallest_first(self) -> tuple[int, ...]:
        """The indexes of the options by rank, and within a rank by the height of their values, null first."""
        ranked = [(option.rank, option.height, not option.is_null, i) for i, option in enumerate(self.options)]
        return tuple(i for *_, i in sorted(ranked))

    @cached_property
    def ranks(self) -> tuple[tuple[list[int], list[int]], ...]:
        """For each rank, the indexes of the options that are null, and of the others."""
        levels = []
        for rank in sorted({option.rank for option in self.options}):
            level = [i for i, option in enumerate(self.options) if option.rank == rank]
            nulls = [i for i in level if self.options[i].is_null]
            levels.append((nulls, [i for i in level if not self.options[i].is_null]))
        return tuple(levels)


class _Undecided(Exception):  # noqa: N818  (not a failure)
    def __init__(self, choice: BranchPoint) -> None:
        self.choice = choice


Outcome = Constraints | BranchPoint | Unsatisfiable
MANY = 500
"""Schemas that hold for one value, as often as they are named, after which each of them counts once. Before that a
schema that is named twice may be kept in two ways."""
_OUTCOMES: CacheKey[Goal, dict[tuple[int, ...], Outcome]] = CacheKey()
"""By the schemas that hold, and the options taken: what they lead to."""
_DERIVED: CacheKey[tuple[SchemaNode, tuple[str, ...]], SchemaNode] = CacheKey()
"""By schema of the contract, and its use: the schema that follows from it."""


def expand(document: SchemaDocument, goal: Goal, path: tuple[int, ...]) -> Outcome:
    """Return what the options taken lead to: a shape, the next choice, or a contradiction."""
    outcomes = document.caches[_OUTCOMES]
    known = outcomes.get(goal)
    if known is None:
        known = outcomes[goal] = {}
    points = known.get(path)
    if points is None:
        check(current())
        points = known[path] = _found(goal, path)
    return points


def _found(goal: Goal, path: tuple[int, ...]) -> Outcome:
    try:
        return _Expansion(goal, path).shape()
    except _Undecided as undecided:
        return undecided.choice
    except Unsatisfiable as nothing:
        return nothing.with_traceback(None)  # a traceback would keep all objects of the stack alive


class _Expansion:
    def __init__(self, goal: Goal, path: tuple[int, ...]) -> None:
        self._goal = goal
        self._taken = path
        self._used = 0
        self._atoms: list[SchemaNode] = []
        self._reaches: list[Reach] = []
        self._open: list[SchemaNode] = []
        self._forbidden: set[str] = set()
        self._required: set[str] = set()
        self._types = ALL_TYPES
        self._typed_by: list[str] = []
        self._is_risky = False

    def shape(self) -> Constraints:
        for node in self._goal:
            self._add(node)
        values = self._values()
        if values is not None:
            return ValueConstraints("value", self._atoms, self._reaches, self._may_be_invalid(), values=values)
        kinds = self._kinds()
        kind = kinds[0] if len(kinds) == 1 else kinds[self._choose("type", "type", _of_types(kinds, self._atoms))]
        shape = gather(kind, self._atoms, self._reaches, self._may_be_invalid(), frozenset(self._forbidden))
        # Integers are refused (not: {type: integer}), so the number needs a fraction.
        if isinstance(shape, NumberConstraints) and kind == "number" and "integer" not in self._types:
            shape.not_steps.append(Fraction(1))
        return shape

    def _may_be_invalid(self) -> bool:
        # Several schemas for one value may contradict each other in ways that a shape does not show.
        return self._is_risky or len(self._goal) > 1

    def _choose(self, keyword: str, name: str, options: Sequence[Branch]) -> int:
        # The options taken so far are used up: the caller picks one for this choice, and expands again.
        if self._used == len(self._taken):
            raise _Undecided(BranchPoint(keyword, f"{name}.{self._used}", tuple(options)))
        self._used += 1
        return self._taken[self._used - 1]

    def _add(self, node: SchemaNode) -> None:
        if node.schema is False:
            raise Unsatisfiable("false")
        if node in self._open:
            return  # a schema that refers to itself in place says no more than it says
        if len(self._atoms) > MANY and not self._is_risky and node in self._atoms:
            return  # nor does one that is named again; forty that double are 2⁴⁰
        self._open.append(node)
        start = len(self._atoms)
        self._atoms.append(node)
        keywords = node.keywords
        if "type" in keywords:
            self._typed_by.append("type")
        self._types = possible(self._types, node)
        if not self._types:
            raise Unsatisfiable(*dict.fromkeys(self._typed_by), "type")
        listed = keywords.get("required")
        self._required |= set(map(str, listed)) if isinstance(listed, list) else set()
        self._in_place(node)
        if "unevaluatedProperties" in keywords or "unevaluatedItems" in keywords:
            self._is_risky = True
            self._reaches.append(Reach(node, start, len(self._atoms)))
        self._open.pop()

    def _in_place(self, node: SchemaNode) -> None:
        keywords = node.keywords
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(keywords.get(keyword), str):
                self._add(node.reference(keyword))
        for part in node.children("allOf"):
            self._add(part)
        if "not" in keywords:
            self._negate(node, node.child("not"))
        if "anyOf" in keywords:
            self._any_of(node)
        if "oneOf" in keywords:
            self._one_of(node)
        if "if" in keywords:
            self._condition(node)
        dependent = keywords.get("dependentSchemas")
        for name in dependent if isinstance(dependent, dict) else ():
            self._depend(node, name)

    def _any_of(self, node: SchemaNode) -> None:
        branches = node.children("anyOf")
        plain = _of_branches(branches)
        # With a discriminator each branch comes twice: with its name and, at a higher rank, without it.
        options = [*plain, *_undiscriminated(node, plain)]
        index = 0 if len(options) == 1 else self._choose("anyOf", _named(node, "anyOf"), options)
        if index < len(branches):
            self._discriminate(node, branches[index])
        self._add(branches[index % len(branches)])

    def _one_of(self, node: SchemaNode) -> None:
        """Take one branch, assuming that the others refuse the value; only at a higher rank make sure that they do."""
        branches = node.children("oneOf")
        plain = _of_branches(branches)
        careful = [Branch(option.label, 1, option.height, option.is_null) for option in plain]
        if len(branches) == 1:
            self._add(branches[0])
            return
        if len({branch.settled() for branch in branches}) == 1:
            raise Unsatisfiable("oneOf")  # what keeps one of them keeps the others
        self._is_risky = True
        # Each branch comes up to three times: alone, with all others negated, and without the discriminator.
        options = [*plain, *careful, *_undiscriminated(node, plain)]
        index = self._choose("oneOf", _named(node, "oneOf"), options)
        chosen = branches[index % len(branches)]
        if index < 2 * len(branches):
            self._discriminate(node, chosen)
        self._add(chosen)
        for other in branches if index >= len(branches) else ():
            if other is not chosen:
                self._negate(node, other)

    def _discriminate(self, node: SchemaNode, branch: SchemaNode) -> None:
        """Require the name that the discriminator has for this branch (OpenAPI 3.1, 4.8.25)."""
        discriminator = node.keywords.get("discriminator")
        reference = branch.keywords.get("$ref")
        if not isinstance(discriminator, dict) or not isinstance(reference, str):
            return
        name, mapping = discriminator.get("propertyName"), discriminator.get("mapping")
        short = reference.rsplit("/", 1)[-1]
        mapped = mapping.items() if isinstance(mapping, dict) else ()
        keys: list[JSON] = [key for key, target in mapped if target in (reference, short)]
        if isinstance(name, str):
            self._add(
                self._kept(
                    node,
                    ("discriminator", reference),
                    {"type": "object", "required": [name], "properties": {name: {"enum": keys or [short]}}},
                )
            )

    def _negate(self, node: SchemaNode, refused: SchemaNode) -> None:
        """Add a ``not`` of the schema ``refused``: one of the ways in which a value can fail it."""
        if refused.schema is True:
            raise Unsatisfiable("not")
        if refused.schema is False:
            return
        self._is_risky = True
        if refused in self._open:
            raise Unsatisfiable("not", "$ref")
        self._open.append(refused)
        keywords = refused.keywords
        for keyword in ("$ref", "$dynamicRef"):
            if isinstance(keywords.get(keyword), str) and set(keywords) & _SAYS <= {keyword}:
                self._negate(node, refused.reference(keyword))
                self._open.pop()
                return
        # To fail a schema, a value has to break one of its keywords: each is an option.
        ways = complements(keywords)
        if not ways:
            raise Unsatisfiable("not")
        options = [Branch(f"not {index}", index) for index in range(len(ways))]
        index = 0 if len(ways) == 1 else self._choose("not", _named(node, "not"), options)
        self._add(self._kept(refused, ("not", str(index)), ways[index]))
        self._open.pop()

    def _condition(self, node: SchemaNode) -> None:
        # Without then and else it refuses nothing, so either way is valid.
        if "then" not in node.keywords and "else" not in node.keywords:
            options = [Branch("if", 1), Branch("not if", 1), Branch("either", 0)]
        else:
            options = [Branch("if", 0), Branch("not if", 0)]
        self._is_risky = True
        index = self._choose("if", _named(node, "if"), options)
        if index == 0:
            self._add(node.child("if"))
        elif index == 1:
            self._negate(node, node.child("if"))
        follows = ("then", "else", "")[index]
        if follows in node.keywords:
            self._add(node.child(follows))

    def _depend(self, node: SchemaNode, name: str) -> None:
        options = (Branch("with", 0), Branch("without", int(name in self._required)))
        if self._choose("dependentSchemas", f"{_named(node, 'dependentSchemas')}/{name}", options) == 1:
            self._forbidden.add(name)
            return
        self._required.add(name)
        self._add(self._kept(node, ("dependentSchemas", name, "with"), {"required": [name]}))
        self._add(node.child("dependentSchemas", name))

    def _kept(self, node: SchemaNode, key: tuple[str, ...], schema: JSON) -> SchemaNode:
        """Return the node of a schema of our own, the same object each time."""
        derived = node.document.caches[_DERIVED]
        if (node, key) not in derived:
            derived[node, key] = node.made(schema)
        return derived[node, key]

    def _values(self) -> list[JSON] | None:
        """Return the values that ``const`` and ``enum`` allow, None where there is neither.

        Raises :class:`Unsatisfiable` where no value is left.
        """
        values: list[JSON] | None = None
        said: list[str] = []
        for atom in self._atoms:
            for keyword in ("const", "enum"):
                if keyword in atom.keywords:
                    listed = atom.keywords[keyword]
                    here = [listed] if keyword == "const" else listed if isinstance(listed, list) else []
                    values = (
                        here
                        if values is None
                        else [value for value in values if any(is_same_schema(value, two) for two in here)]
                    )
                    said.append(keyword)
        if values is None:
            return None
        nodes = [node for node in (*self._goal, *self._atoms) if not _is_enum(node.settled())]
        remaining = [value for value in values if all(_may_be(node, value) for node in nodes)]
        if not remaining:
            raise Unsatisfiable(*dict.fromkeys(said), *self._against(values))
        return remaining

    def _against(self, values: list[JSON]) -> list[str]:
        """Return the keywords that refuse the first of the values, at most three."""
        named = [keyword for node in self._atoms for value in values[:1] for _, keyword in node.faults(value)]
        return list(dict.fromkeys(keyword for keyword in named if keyword not in ("const", "enum")))[:3]

    def _kinds(self) -> list[str]:
        types = [kind for kind in TYPES if kind in self._types]
        if "number" in types and "integer" in types:
            types.remove("integer")
        if len(types) <= 1 or self._typed_by:
            return types
        # Where the type is left open, the keywords tell what was meant.
        kinds = [kind for kind in types if any(_HINTS[kind] & atom.keywords.keys() for atom in self._atoms)]
        kinds = kinds or [kind for kind in types if kind == "string"]
        return [*kinds, *(kind for kind in types if kind not in kinds)]


_SAYS = frozenset(
    {
        "$dynamicRef",
        "$ref",
        "additionalProperties",
        "allOf",
        "anyOf",
        "const",
        "contains",
        "dependentRequired",
        "dependentSchemas",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "if",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "not",
        "oneOf",
        "pattern",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "type",
        "unevaluatedItems",
        "unevaluatedProperties",
        "uniqueItems",
    }
)
"""Keywords that can refuse a value."""

_HINTS = {
    "object": {
        "properties",
        "required",
        "additionalProperties",
        "patternProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "dependentSchemas",
        "unevaluatedProperties",
    },
    "array": {"items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"},
    "string": {"pattern", "minLength", "maxLength", "format", "contentMediaType", "contentEncoding"},
    "number": {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"},
    "integer": {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"},
    "boolean": set[str](),
    "null": set[str](),
}


def _of_types(kinds: list[str], atoms: Sequence[SchemaNode]) -> list[Branch]:
    said = any("type" in atom.keywords for atom in atoms)
    return [
        Branch(kind, 0 if said or index == 0 else index, int(kind in ("object", "array")), kind == "null" and said)
        for index, kind in enumerate(kinds)
    ]


def _undiscriminated(node: SchemaNode, plain: Sequence[Branch]) -> list[Branch]:
    """Return the options again without the discriminator, whose names must not refuse what branches accept."""
    if "discriminator" not in node.keywords:
        return []
    return [Branch(option.label, 3, option.height, option.is_null) for option in plain]


def _of_branches(branches: list[SchemaNode]) -> list[Branch]:
    if all(branch.schema is False for branch in branches):
        raise Unsatisfiable("false")
    if all(min_depth(branch) == ENDLESS for branch in branches):
        raise Unsatisfiable("required", "$ref")
    return [
        Branch(
            _label(branch, index),
            2 * int(min_depth(branch) == ENDLESS or branch.schema is False),
            min_depth(branch),
            _is_null(branch),
        )
        for index, branch in enumerate(branches)
    ]


def _label(branch: SchemaNode, index: int) -> str:
    keywords = branch.keywords
    reference = keywords.get("$ref")
    if isinstance(reference, str):
        return reference.rsplit("/", 1)[-1]
    title, kind, form = keywords.get("title"), keywords.get("type"), keywords.get("format")
    if isinstance(title, str) or not isinstance(kind, str):
        return title if isinstance(title, str) else f"branch {index}"
    return f"{kind} {form}" if isinstance(form, str) else kind


def _is_null(branch: SchemaNode) -> bool:
    for _ in range(10):
        reference = branch.keywords.get("$ref")
        if not isinstance(reference, str):
            break
        branch = branch.reference("$ref")
    kinds = branch.keywords.get("type")
    return kinds in ("null", ["null"]) or ("const" in branch.keywords and branch.keywords["const"] is None)


def _named(node: SchemaNode, keyword: str) -> str:
    return f"{node.location.rpartition('/')[2]}/{keyword}"


def _is_enum(node: SchemaNode) -> bool:
    """Tell whether ``const`` and ``enum`` alone decide which values are valid, and all of them are of its type."""
    keywords = node.keywords.keys() & _SAYS
    if not keywords or not keywords <= {"const", "enum", "type"} or ("const" in keywords and "enum" in keywords):
        return False
    listed = node.keywords.get("enum", [node.keywords.get("const")])
    kinds = possible(ALL_TYPES, node)
    return isinstance(listed, list) and all(any(_is_of(value, kind) for kind in kinds) for value in listed)


def _may_be(node: SchemaNode, value: JSON) -> bool:
    """Tell whether a value is possible; for a schema of the generator's own, only types and values are checked."""
    if not any(key.startswith("x-mock-") for key in node.keywords):
        return node.accepts(value)
    refused = node.keywords.get("x-mock-not-values")
    kinds = possible(ALL_TYPES, node)
    return not (isinstance(refused, list) and any(is_same_schema(value, excluded) for excluded in refused)) and any(
        _is_of(value, kind) for kind in kinds
    )


def _is_of(value: JSON, kind: str) -> bool:
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if isinstance(value, (int, float)):
        return kind == "number" or (kind == "integer" and value == int(value))
    return kind == {str: "string", list: "array", dict: "object"}[type(value)]


def is_same_schema(left: JSON, right: JSON) -> bool:
    """Tell whether two values are equal in JSON Schema: 1 equals 1.0, and neither equals true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            is_same_schema(item, other) for item, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same_schema(left[key], right[key]) for key in left)
    return left == right
