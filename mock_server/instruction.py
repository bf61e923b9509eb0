"""Reading what a test tells the server to do: JSON that is checked member by member.

An instruction that is not understood is refused whole, with the JSON Pointer (RFC 6901) of the part that is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mock_server.contract.source import pointer_of
from mock_server.errors import InstructionError
from mock_server.exchange import JSON, Finding
from mock_server.settings import suggestion

_SHOWN = 80
"""Characters of a wrong value that a message repeats."""


@dataclass(frozen=True, slots=True)
class Part:
    """A value within an instruction, and where it is. Every method raises :class:`InstructionError`."""

    value: JSON
    pointer: str = ""

    def members(self, known: Iterable[str]) -> dict[str, Part]:
        """The members of an object with no keys but the known. A member that is null is as good as absent."""
        names = tuple(known)
        for key, part in self.entries().items():
            if key not in names:
                expected = "one of " + ", ".join(names)
                raise part.refusal("unknown-key", f"the key {key!r}{suggestion(key, names)}", expected)
        return {key: part for key, part in self.entries().items() if part.value is not None}

    def entries(self) -> dict[str, Part]:
        """The members of an object with keys of any name."""
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return {key: Part(member, self.pointer + pointer_of(key)) for key, member in self.value.items()}

    def items(self, most: int) -> Iterator[Part]:
        """The items of a list that has at least one and not too many."""
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("a list of at least one")
        if len(self.value) > most:
            raise self.refusal("limit", f"{len(self.value)} items", f"at most {most}")
        for index, item in enumerate(self.value):
            yield Part(item, f"{self.pointer}/{index}")

    def text(self) -> str:
        """A text."""
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.wrong("true or false")
        return self.value

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not low <= self.value <= high:
            raise self.wrong(f"a whole number from {low} to {high}")
        return self.value

    def number(self, low: float, high: float) -> float:
        """A number from ``low`` to ``high``."""
        if not isinstance(self.value, (int, float)) or isinstance(self.value, bool) or not low <= self.value <= high:
            raise self.wrong(f"a number from {low} to {high}")
        return float(self.value)

    def choice(self, choices: Iterable[str]) -> str:
        """One of a few words."""
        words = tuple(choices)
        if self.value not in words:
            near = suggestion(self.value, words) if isinstance(self.value, str) else ""
            raise self.refusal("value", shown(self.value) + near, "one of " + ", ".join(words))
        return str(self.value)

    def made(self, make: Callable[[JSON], object], expected: str) -> None:
        """Nothing, where ``make`` takes the value without a :class:`ValueError`."""
        try:
            make(self.value)
        except ValueError as error:
            raise self.refusal("value", f"{shown(self.value)} ({error})", expected) from None

    def wrong(self, expected: str) -> InstructionError:
        """The refusal of this value."""
        return self.refusal("value", shown(self.value), expected)

    def refusal(self, rule: str, actual: str, expected: str, remedy: str = "") -> InstructionError:
        """The refusal of this part; ``rule`` is a stable name."""
        finding = Finding(rule, "body", actual, expected, self.pointer, remedy)
        return InstructionError(f"{self.pointer or 'the whole'}: found {actual}; expected {expected}.", (finding,))


def shown(value: JSON) -> str:
    """A value as a message repeats it, on one line and not for ever."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
