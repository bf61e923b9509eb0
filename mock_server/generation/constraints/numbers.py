"""Constraints of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from mock_server.generation.constraints.keywords import list_of
from mock_server.generation.constraints.values import Constraints
from mock_server.generation.contradiction import Unsatisfiable
from mock_server.generation.fake.faker_bridge import method_of
from mock_server.generation.negation import NOT_STEPS
from mock_server.generation.number_range import NumberRange, common_multiple, exact
from mock_server.generation.schema_document import SchemaNode

_WIDTHS: Mapping[str, tuple[int, int]] = {
    **{f"int{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
}
"""Formats of the OpenAPI registry that bound a number: the least and the greatest."""
_BOUNDS = (("minimum", 0), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 1))
"""Keywords, and which end of the range each bounds."""
_ANY = NumberRange(None, None, False, False, None)
_Bound = tuple[Fraction, bool, str]
"""A number, whether it is excluded itself, and the keyword."""


@dataclass(slots=True)
class NumberConstraints(Constraints):
    """The constraints of a number, or of a whole one where ``kind`` is ``integer``."""

    span: NumberRange = _ANY
    not_steps: list[Fraction] = field(default_factory=list)
    """Numbers of which it must be no multiple."""
    faker: str | None = None

    def _gather(self) -> None:
        lows: list[_Bound] = []
        highs: list[_Bound] = []
        steps: list[Fraction] = []
        for atom in self.atoms:
            _add_bounds(atom, lows, highs)
            step = atom.keywords.get("multipleOf")
            if isinstance(step, (int, float)) and not isinstance(step, bool) and step > 0:
                steps.append(exact(step))
            self.not_steps += [exact(cast("float", excluded)) for excluded in list_of(atom, NOT_STEPS)]
            if "x-faker" in atom.keywords:
                self.faker = method_of(atom.keywords["x-faker"]) or self.faker
        if self.kind == "integer":
            steps.append(Fraction(1))
        bottom = max(lows, key=lambda bound: bound[:2], default=None)
        top = min(highs, key=lambda bound: (bound[0], not bound[1]), default=None)
        self.span = NumberRange(
            bottom and bottom[0],
            top and top[0],
            bool(bottom and bottom[1]),
            bool(top and top[1]),
            common_multiple(steps),
        )
        if self.span.is_empty:
            named = [bound[2] for bound in (bottom, top) if bound]
            raise Unsatisfiable(*named, *(["multipleOf"] if any(step != 1 for step in steps) else []))


def _add_bounds(atom: SchemaNode, lows: list[_Bound], highs: list[_Bound]) -> None:
    """Add what an atom says of the lower end and of the upper end."""
    for keyword, end in _BOUNDS:
        value = atom.keywords.get(keyword)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            (lows, highs)[end].append((exact(value), keyword.startswith("e"), keyword))
    # Formats such as int32 bound a number like minimum and maximum.
    low, high = _WIDTHS.get(str(atom.keywords.get("format")), (None, None))
    if low is not None and high is not None:
        lows.append((Fraction(low), False, "format"))
        highs.append((Fraction(high), False, "format"))
