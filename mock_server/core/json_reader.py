"""Reader of the instructions of tests: JSON that is checked member by member.

An instruction that is not understood is refused as a whole, with the JSON Pointer (RFC 6901) of the wrong part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import InstructionError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import describe_value, did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class


@value_class
class JsonReader:
    """A value within an instruction, and its JSON Pointer. Every method raises :class:`InstructionError`."""

    value: JSON
    pointer: str = ""

    def members(self, known: Iterable[str]) -> dict[str, JsonReader]:
        """Return the members of an object that has only known keys. A member that is null counts as absent."""
        names = tuple(known)
        for key, part in self.entries().items():
            if key not in names:
                expected = "one of " + ", ".join(names)
                raise part.refusal("unknown-key", f"the key {key!r}{did_you_mean(key, names)}", expected)
        return {key: part for key, part in self.entries().items() if part.value is not None}

    def entries(self) -> dict[str, JsonReader]:
        """Return the members of an object with keys of any name."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return {key: JsonReader(member, self.pointer + pointer_of(key)) for key, member in self.value.items()}

    def items(self, most: int) -> Iterator[JsonReader]:
        """Yield the items of a list that has from one to ``most`` items."""
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("a list of at least one")
        if len(self.value) > most:
            raise self.refusal("limit", f"{len(self.value)} items", f"at most {most}")
        for index, item in enumerate(self.value):
            yield JsonReader(item, f"{self.pointer}/{index}")

    def text(self) -> str:
        """Return the value as a text."""
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def flag(self) -> bool:
        """Return the value as a boolean."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def whole(self, low: int, high: int) -> int:
        """Return the value as a whole number from ``low`` to ``high``."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            raise self.wrong(f"a whole number from {low} to {high}")
        return self.value

    def number(self, low: float, high: float) -> float:
        """Return the value as a number from ``low`` to ``high``."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool) or not low <= self.value <= high:
            raise self.wrong(f"a number from {low} to {high}")
        return float(self.value)

    def choice(self, choices: Iterable[str]) -> str:
        """Return the value as one of a few words."""
        words = tuple(choices)
        if self.value not in words:
            near = did_you_mean(self.value, words) if isinstance(self.value, str) else ""
            raise self.refusal("value", describe_value(self.value) + near, "one of " + ", ".join(words))
        return str(self.value)

    def made(self, make: Callable[[JSON], object], expected: str) -> None:
        """Check that ``make`` accepts the value without a :class:`ValueError`."""
        try:
            make(self.value)
        except ValueError as error:
            raise self.refusal("value", f"{describe_value(self.value)} ({error})", expected) from None

    def wrong(self, expected: str) -> InstructionError:
        """Return the error for this value."""
        return self.refusal("value", describe_value(self.value), expected)

    def refusal(self, rule: str, actual: str, expected: str, remedy: str = "") -> InstructionError:
        """Return the error for this part; ``rule`` is a stable name."""
        finding = Diagnostic(rule, "body", actual, expected, self.pointer, remedy)
        return InstructionError(f"{self.pointer or 'the whole'}: found {actual}; expected {expected}.", (finding,))
