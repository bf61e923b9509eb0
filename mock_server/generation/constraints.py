"""Shapes: all constraints of one value, gathered from the schemas that apply to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from mock_server.core.types import JSON
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.ecma_regex import matches
from mock_server.generation.fake.faker_bridge import method_of
from mock_server.generation.negation import (
    NOT_FORMATS,
    NOT_PATTERNS,
    NOT_STEPS,
    NOT_TYPES,
    NOT_VALUES,
    REPEATED,
    STRANGER,
    TYPES,
)
from mock_server.generation.number_range import NumberRange, common_multiple, exact
from mock_server.generation.schema_document import SchemaNode

Goal = tuple[SchemaNode, ...]
"""Schemas that apply to one value, all of them."""


@dataclass(frozen=True, slots=True)
class Reach:
    """An ``unevaluated`` keyword and the range of atoms whose members and items count as evaluated for it."""

    node: SchemaNode
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Contains:
    """``contains`` with its bounds; None: no upper one."""

    node: SchemaNode
    least: int
    most: int | None


@dataclass(slots=True)
class Constraints:
    """The constraints of a value of one type. Lists are in the order of the schema."""

    goal: Goal
    kind: str
    atoms: Sequence[SchemaNode]
    reaches: Sequence[Reach]
    forbidden: frozenset[str]
    is_risky: bool
    values: list[JSON] | None = None
    not_values: list[JSON] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    not_patterns: list[str] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    not_formats: list[str] = field(default_factory=list)
    faker: str | None = None
    media: SchemaNode | None = None
    """The schema with the ``contentMediaType`` or ``contentEncoding`` of a text."""
    not_steps: list[Fraction] = field(default_factory=list)
    least: int = 0
    most: int | None = None
    """The bounds of length: of characters, items or members."""
    span: NumberRange | None = None
    is_unique: bool = False
    is_repeated: bool = False
    contains: list[Contains] = field(default_factory=list)
    required: dict[str, None] = field(default_factory=dict)
    names: dict[str, None] = field(default_factory=dict)
    """The names of members that the schemas describe."""
    dependent: dict[str, list[str]] = field(default_factory=dict)
    name_goal: Goal = ()
    wants_stranger: bool = False
    hidden: frozenset[str] = frozenset()
    """Names that are left out because of readOnly or writeOnly."""
    children: dict[str | int, Goal] = field(default_factory=dict)
    """The goals of members and items, worked out so far."""
    is_map: bool = False
    """Whether an object has members that are described without being named."""
    is_format_alone: bool = False
    """Whether a text has a format and no other constraint."""
    needs: dict[str, frozenset[str] | None] = field(default_factory=dict)
    """For a member, all that must be there with it, itself included; None for one that cannot be there."""

    def member(self, name: str) -> Goal:
        """Return the schemas of the member of that name."""
        if name not in self.children:
            self.children[name] = self._member(name)
        return self.children[name]

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

    def item(self, index: int, contained: Sequence[SchemaNode] = ()) -> Goal:
        """Return the schemas of the item at an index, with those of ``contained``, which the item has to match."""
        if contained:
            return self._item(index, contained)
        if index not in self.children:
            self.children[index] = self._item(index, ())
        return self.children[index]

    def _item(self, index: int, contained: Sequence[SchemaNode]) -> Goal:
        said = [_said_of_item(atom, index) for atom in self.atoms]
        goal = [node for nodes in said for node in nodes or ()]
        evaluated = [
            nodes is not None or ("contains" in atom.keywords and atom.child("contains") in contained)
            for nodes, atom in zip(said, self.atoms, strict=True)
        ]
        for reach in self.reaches:
            if "unevaluatedItems" in reach.node.keywords and not any(evaluated[reach.start : reach.end]):
                goal.append(reach.node.child("unevaluatedItems"))
                evaluated[reach.start] = True
        return tuple(dict.fromkeys(node for node in (*goal, *contained) if node.schema is not True))

    def open_patterns(self) -> list[str]:
        """Return the patterns of member names that some schema describes."""
        return [name for atom in self.atoms for name in _mapping(atom, "patternProperties")]

    def prefix(self) -> int:
        """Return how many items have a schema of their own."""
        return max((len(_listed(atom, "prefixItems")) for atom in self.atoms), default=0)

    def has_items(self) -> bool:
        """Tell whether items beyond the prefix are described."""
        return any(key in atom.keywords for atom in self.atoms for key in ("items", "contains", "unevaluatedItems"))


def _said_of_member(atom: SchemaNode, name: str) -> list[SchemaNode] | None:
    """Return the schemas that an atom has for a member; None where it leaves it unevaluated."""
    keywords = atom.keywords
    properties = keywords.get("properties")
    nodes = [atom.child("properties", name)] if isinstance(properties, dict) and name in properties else []
    if "patternProperties" in keywords:
        patterns = _mapping(atom, "patternProperties")
        nodes += [atom.child("patternProperties", pattern) for pattern in patterns if matches(pattern, name)]
    if nodes:
        return nodes
    return [atom.child("additionalProperties")] if "additionalProperties" in keywords else None


def _said_of_item(atom: SchemaNode, index: int) -> list[SchemaNode] | None:
    if index < len(_listed(atom, "prefixItems")):
        return [atom.child("prefixItems", str(index))]
    return [atom.child("items")] if "items" in atom.keywords else None


def _mapping(atom: SchemaNode, keyword: str) -> Mapping[str, JSON]:
    value = atom.keywords.get(keyword)
    return value if isinstance(value, dict) else {}


def _listed(atom: SchemaNode, keyword: str) -> list[JSON]:
    value = atom.keywords.get(keyword)
    return value if isinstance(value, list) else []


_LENGTHS = {
    "string": ("minLength", "maxLength"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}


def gather(shape: Constraints) -> Constraints:
    """Fill a shape from its atoms. Raises :class:`Unsatisfiable` where keywords leave nothing."""
    for atom in shape.atoms:
        for keyword, names in (
            (NOT_VALUES, shape.not_values),
            (NOT_PATTERNS, shape.not_patterns),
            (NOT_FORMATS, shape.not_formats),
        ):
            cast("list[JSON]", names).extend(_listed(atom, keyword))
    {"string": _text, "number": _number, "integer": _number, "array": _array, "object": _object}.get(
        shape.kind, lambda _: None
    )(shape)
    if shape.kind in _LENGTHS:
        _length(shape, *_LENGTHS[shape.kind])
    shape.is_map = shape.kind == "object" and _is_map(shape)
    shape.is_format_alone = len(shape.formats) == 1 and _has_no_other_bound(shape)
    return shape


def _is_map(shape: Constraints) -> bool:
    described = any(
        isinstance(atom.keywords.get("additionalProperties"), dict) or _mapping(atom, "patternProperties")
        for atom in shape.atoms
    )
    return described and not any("properties" in atom.keywords for atom in shape.atoms)


def _has_no_other_bound(shape: Constraints) -> bool:
    others = shape.patterns or shape.not_patterns or shape.not_formats or shape.not_values or shape.faker
    return not others and not shape.least and shape.most is None and not shape.media


def _whole(atom: SchemaNode, keyword: str) -> int | None:
    value = atom.keywords.get(keyword)
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _length(shape: Constraints, least: str, most: str) -> None:
    lows = [low for atom in shape.atoms if (low := _whole(atom, least)) is not None]
    highs = [high for atom in shape.atoms if (high := _whole(atom, most)) is not None]
    shape.least, shape.most = max(lows, default=0), min(highs, default=None)
    if shape.most is not None and shape.least > shape.most:
        raise Unsatisfiable(least, most)


def _text(shape: Constraints) -> None:
    for atom in shape.atoms:
        for keyword, names in (("pattern", shape.patterns), ("format", shape.formats)):
            value = atom.keywords.get(keyword)
            if isinstance(value, str) and value not in names:
                names.append(value)
        if "x-faker" in atom.keywords:
            shape.faker = method_of(atom.keywords["x-faker"]) or shape.faker
        if "contentMediaType" in atom.keywords or "contentEncoding" in atom.keywords:
            shape.media = atom


def _number(shape: Constraints) -> None:
    lows: list[tuple[Fraction, bool, str]] = []
    highs: list[tuple[Fraction, bool, str]] = []
    steps: list[Fraction] = []
    for atom in shape.atoms:
        for keyword, bounds in (
            ("minimum", lows),
            ("exclusiveMinimum", lows),
            ("maximum", highs),
            ("exclusiveMaximum", highs),
        ):
            value = atom.keywords.get(keyword)
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                bounds.append((exact(value), keyword.startswith("e"), keyword))
        # Formats such as int32 bound a number like minimum and maximum.
        low, high = _WIDTHS.get(str(atom.keywords.get("format")), (None, None))
        if low is not None and high is not None:
            lows.append((Fraction(low), False, "format"))
            highs.append((Fraction(high), False, "format"))
        step = atom.keywords.get("multipleOf")
        if isinstance(step, (int, float)) and not isinstance(step, bool) and step > 0:
            steps.append(exact(step))
        shape.not_steps += [exact(cast("float", excluded)) for excluded in _listed(atom, NOT_STEPS)]
        if "x-faker" in atom.keywords:
            shape.faker = method_of(atom.keywords["x-faker"]) or shape.faker
    if shape.kind == "integer":
        steps.append(Fraction(1))
    bottom = max(lows, key=lambda bound: bound[:2], default=None)
    top = min(highs, key=lambda bound: (bound[0], not bound[1]), default=None)
    shape.span = NumberRange(
        bottom and bottom[0], top and top[0], bool(bottom and bottom[1]), bool(top and top[1]), common_multiple(steps)
    )
    if shape.span.is_empty:
        named = [bound[2] for bound in (bottom, top) if bound]
        raise Unsatisfiable(*named, *(["multipleOf"] if any(step != 1 for step in steps) else []))


_WIDTHS: Mapping[str, tuple[int, int]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
"""Formats of the OpenAPI registry that bound a number: the least and the greatest."""


def _array(shape: Constraints) -> None:
    for atom in shape.atoms:
        shape.is_unique |= atom.keywords.get("uniqueItems") is True
        shape.is_repeated |= atom.keywords.get(REPEATED) is True
        if "contains" in atom.keywords:
            least = _whole(atom, "minContains")
            most = _whole(atom, "maxContains")
            if most is not None and most < (1 if least is None else least):
                raise Unsatisfiable("minContains", "maxContains")
            shape.contains.append(Contains(atom.child("contains"), 1 if least is None else least, most))
    if shape.is_unique and shape.is_repeated:
        raise Unsatisfiable("uniqueItems", "not")


def _object(shape: Constraints) -> None:
    hidden: set[str] = set()
    for atom in shape.atoms:
        shape.required |= dict.fromkeys(str(name) for name in _listed(atom, "required"))
        shape.names |= dict.fromkeys(_mapping(atom, "properties"))
        shape.wants_stranger |= atom.keywords.get(STRANGER) is True
        for name, needed in _mapping(atom, "dependentRequired").items():
            if isinstance(needed, list):
                shape.dependent.setdefault(name, []).extend(map(str, needed))
        for name, schema in _mapping(atom, "properties").items() if atom.document.hides else ():
            if isinstance(schema, dict) and _is_hidden(atom, name, schema):
                hidden.add(name)
        if "propertyNames" in atom.keywords:
            shape.name_goal = (*shape.name_goal, atom.child("propertyNames"))
    # A required member may require others (dependentRequired), and these yet others.
    grown = True
    while grown:
        before = len(shape.required)
        for name in list(shape.required):
            shape.required |= dict.fromkeys(shape.dependent.get(name, ()))
        grown = len(shape.required) > before
    shape.hidden = frozenset(hidden - shape.required.keys())
    for name in shape.required:
        if name in shape.forbidden or any(node.schema is False for node in shape.member(name)):
            raise Unsatisfiable("required", "dependentSchemas" if name in shape.forbidden else _closing(shape, name))


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


def _closing(shape: Constraints, name: str) -> str:
    """Return the keyword that forbids a member."""
    for atom in shape.atoms:
        if _mapping(atom, "properties").get(name) is False:
            return "properties"
        if name not in _mapping(atom, "properties") and atom.keywords.get("additionalProperties") is False:
            return "additionalProperties"
    return "unevaluatedProperties" if shape.reaches else "patternProperties"


def possible(types: frozenset[str], atom: SchemaNode) -> frozenset[str]:
    """Return the types that an atom allows of those possible so far. Integers are numbers too."""
    kinds = atom.keywords.get("type")
    listed = set(map(str, kinds)) if isinstance(kinds, list) else {str(kinds)} if isinstance(kinds, str) else None
    if listed is not None:
        if "number" in listed:
            listed.add("integer")
        types = types & listed
    refused = set(map(str, _listed(atom, NOT_TYPES)))
    if "number" in refused:
        refused.add("integer")
    return types - refused


ALL_TYPES = frozenset(TYPES)
