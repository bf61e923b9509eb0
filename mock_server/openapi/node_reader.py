"""Read members of the ``x-mock-*`` data of a document, and refuse what is not of their types.

An unknown key is refused with a suggestion, so that a typing error does not go unnoticed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON

if TYPE_CHECKING:
    from mock_server.openapi.loading.source_map import LazySourceMap


class NodeReader:
    """Reads members of nodes and checks their types. Every error says where the node is."""

    def __init__(self, source: LazySourceMap) -> None:
        self.source = source

    def table(self, data: Mapping[str, JSON], key: str) -> list[tuple[str, JSON]]:
        node = data.get(key, {})
        if not isinstance(node, dict):
            raise self.refusal(pointer_of(key), repr(node), "an object")
        return [*node.items()]

    def object(self, data: Mapping[str, JSON], key: str, where: str, known: tuple[str, ...]) -> Mapping[str, JSON]:
        return self.members(data.get(key, {}), where + pointer_of(key), known)

    def members(self, node: JSON, where: str, known: tuple[str, ...]) -> Mapping[str, JSON]:
        if not isinstance(node, dict):
            raise self.refusal(where, repr(node), "an object")
        for key in node:
            self.known(key, known, where)
        return node

    def known(self, key: str, known: tuple[str, ...], where: str) -> None:
        if key not in known:
            where += pointer_of(key)
            raise self.refusal(where, f"{key!r}{did_you_mean(key, known)}", "one of " + ", ".join(known))

    def items(self, data: Mapping[str, JSON], key: str, where: str) -> list[JSON]:
        value = data.get(key, [])
        if not isinstance(value, list):
            raise self.refusal(where + pointer_of(key), repr(value), "a list")
        return value

    def texts(self, data: Mapping[str, JSON], key: str, where: str) -> list[str]:
        values = self.items(data, key, where)
        if not all(isinstance(value, str) for value in values):
            raise self.refusal(where + pointer_of(key), repr(values), "a list of texts")
        return cast("list[str]", values)

    def text(self, data: Mapping[str, JSON], key: str, where: str, default: str | None = None) -> str:
        value = data.get(key, default)
        if not isinstance(value, str):
            raise self.refusal(where + pointer_of(key), "nothing" if value is None else repr(value), "a text")
        return value

    def whole(self, data: Mapping[str, JSON], key: str, where: str, default: int) -> int:
        value = data.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.refusal(where + pointer_of(key), repr(value), "a whole number of at least 0")
        return value

    def flag(self, data: Mapping[str, JSON], key: str, where: str, *, default: bool = False) -> bool:
        value = data.get(key, default)
        if not isinstance(value, bool):
            raise self.refusal(where + pointer_of(key), repr(value), "true or false")
        return value

    def choice(self, data: Mapping[str, JSON], key: str, where: str, choices: tuple[str, ...]) -> str:
        value = self.text(data, key, where, choices[0])
        if value not in choices:
            found = f"{value!r}{did_you_mean(value, choices)}"
            raise self.refusal(where + pointer_of(key), found, " or ".join(choices))
        return value

    def pointer(self, value: JSON, where: str) -> str:
        """Return a JSON Pointer that is not empty."""
        if not isinstance(value, str) or not value.startswith("/"):
            raise self.refusal(where, repr(value), "a JSON Pointer such as '/name'")
        return value

    def refusal(self, pointer: str, actual: str, expected: str) -> ContractError:
        return ContractError(
            f"{self.source.place(pointer)}: found {actual}; expected {expected}. Fix the overlay or the contract."
        )
