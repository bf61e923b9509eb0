"""Where randomness comes from: every value has a source of its own, named by where it stands.

So adding a field or a record changes no other value, and neither the order of calls nor Python's hash
seed changes any.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Draw:
    """The seed of one generated value: which run, which resource or operation, whose."""

    seed: int
    resource: str
    identity: str

    def number(self, pointer: str) -> int:
        """A number of 64 bits for a JSON Pointer (or another name) within the value."""
        name = f"{self.seed}\x1f{self.resource}\x1f{self.identity}\x1f{pointer}"
        return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())

    def at(self, pointer: str) -> Random:
        """A source of randomness for a JSON Pointer (or another name) within the value."""
        return Random(self.number(pointer))  # noqa: S311  (data, not secrets)
