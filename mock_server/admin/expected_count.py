"""How many of something a verification expects: ``times``, or ``min`` and ``max``."""

from __future__ import annotations

from mock_server.core.json_reader import JsonReader
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class

MOST = 1_000_000


@value_class
class ExpectedCount:
    """The least and the most that are expected of things with this name (``request``)."""

    low: int
    high: int
    noun: str

    @classmethod
    def of(cls, members: JSON, noun: str) -> ExpectedCount:
        """Return what the members of an instruction expect, and remove those members; at least one by default.

        Raises :class:`InstructionError`.
        """
        if not isinstance(members, dict):
            return cls(1, MOST, noun)
        bounds = {
            name: JsonReader(members.pop(name), f"/{name}").whole(0, MOST)
            for name in ("times", "min", "max")
            if name in members
        }
        if "times" in bounds:
            if len(bounds) > 1:
                raise JsonReader(bounds["times"], "/times").refusal(
                    "value", "times in addition to min or max", "one or the other"
                )
            return cls(bounds["times"], bounds["times"], noun)
        low, high = bounds.get("min", 0 if "max" in bounds else 1), bounds.get("max", MOST)
        if low > high:
            raise JsonReader(low, "/min").refusal("value", f"{low}, more than max", f"at most {high}")
        return cls(low, high, noun)

    def has(self, count: int) -> bool:
        """Tell whether so many are as many as expected."""
        return self.low <= count <= self.high

    def number(self, count: int) -> str:
        """Return ``1 request`` or ``3 requests``."""
        return f"1 {self.noun}" if count == 1 else f"{count} {self.noun}s"

    @property
    def words(self) -> str:
        """What is expected, in words."""
        if self.low == self.high:
            return self.number(self.low)
        if self.low == 0:
            return f"at most {self.high}"
        return f"at least {self.low}" if self.high == MOST else f"{self.low} to {self.high}"
