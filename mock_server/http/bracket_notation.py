"""Lists and objects that are written member by member, in brackets: ``include[]=a``, ``filter[price][from]=3``.

OpenAPI has one level of it, for objects in a query (3.1, "Style Values", ``deepObject``). Clients write more in
queries, forms and multipart bodies alike, whatever style a contract names: ``tags[]=a``, ``tags[0]=a``,
``lines[0][price]=3``, ``lines[][price]=3``, and a name that is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Generic, TypeAlias, TypeVar

Leaf = TypeVar("Leaf")
Tree: TypeAlias = "Leaf | list[Tree[Leaf]] | dict[str, Tree[Leaf]]"
"""What names with brackets describe: objects and lists, with the values that were sent as leaves."""

DEEPEST = 32
"""Most brackets of one name that are read."""
LARGEST_INDEX = 9_999
"""The largest number in brackets that is an index of a list; a larger one is the name of a member."""

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_INDEX = re.compile(rf"[0-9]{{1,{len(str(LARGEST_INDEX))}}}")


class BracketError(ValueError):
    """Raised for a name whose brackets cannot be read.

    The message says what was found, ``expected`` what was expected.
    """

    def __init__(self, actual: str, expected: str) -> None:
        super().__init__(actual)
        self.expected = expected


def name_and_steps(key: str) -> tuple[str, list[str]]:
    """Split ``filter[price][from]`` into ``filter`` and ``["price", "from"]``.

    A key without brackets, or that begins with one, is a name without steps. Brackets that do not pair are part of a
    member's name where a pair is around them: ``filter[a[b]`` has the member ``a[b``. Raises :class:`BracketError` for
    brackets that do not close or are more than :data:`DEEPEST`; takes time linear in the key.
    """
    name, bracket, _ = key.partition("[")
    if not name or not bracket:
        return key, []
    rest = key[len(name) :]
    steps = _BRACKETS.findall(rest)
    if sum(map(len, steps)) + 2 * len(steps) != len(rest):
        if not rest.endswith("]"):
            raise BracketError(f"the name {key[:100]}", "brackets that close")
        return name, [rest[1:-1]]
    if len(steps) > DEEPEST:
        raise BracketError(f"a name with {len(steps):,} brackets", f"at most {DEEPEST}")
    return name, steps


def tree_of(entries: Iterable[tuple[Sequence[str], Leaf]]) -> Tree[Leaf]:
    """Return the tree of one or more leaves, each with the steps that lead to it."""
    root: _Node[Leaf] = _Node()
    for steps, leaf in entries:
        root.put(steps, leaf)
    return root.tree()


def indexed(members: dict[str, Tree[Leaf]]) -> Tree[Leaf]:
    """Return ``{"0": …, "1": …}`` as the list that its indexes make, gaps closed; anything else as it is."""
    if not members or not all(_INDEX.fullmatch(name) for name in members):
        return members
    return [members[name] for name in sorted(members, key=lambda name: (int(name), name))]


class _Node(Generic[Leaf]):
    """A node of a tree: the leaves that were sent for it, its items, and its members."""

    __slots__ = ("items", "leaves", "members")

    def __init__(self) -> None:
        self.leaves: list[Leaf] = []
        self.items: list[_Node[Leaf]] = []
        self.members: dict[str, _Node[Leaf]] = {}

    def put(self, steps: Sequence[str], leaf: Leaf) -> None:
        if not steps:
            self.leaves.append(leaf)
        elif steps[0]:
            self.members.setdefault(steps[0], _Node()).put(steps[1:], leaf)
        else:
            # `lines[][price]=1&lines[][count]=2` is one line; what it has already begins the next (as Rack reads it).
            if not self.items or len(steps) == 1 or self.items[-1]._has(steps[1:]):
                self.items.append(_Node())
            self.items[-1].put(steps[1:], leaf)

    def _has(self, steps: Sequence[str]) -> bool:
        if not steps:
            return bool(self.leaves)
        member = self.members.get(steps[0])
        return member is not None and member._has(steps[1:])

    def tree(self) -> Tree[Leaf]:
        members: dict[str, Tree[Leaf]] = {name: node.tree() for name, node in self.members.items()}
        items: list[Tree[Leaf]] = [node.tree() for node in self.items]
        if members and items:  # an object, one of whose members has no name
            members[""] = items[0] if len(items) == 1 else items
            items = []
        listed = [*self.leaves, *items]
        if members:
            return [*listed, members] if listed else members
        return listed[0] if len(listed) == 1 and not self.items else listed
