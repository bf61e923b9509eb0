"""What a contract or an overlay says of deliveries that it shows itself: as records, and how one is asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.effects.value_reader import Names, ValueReader
from mock_server.openapi.effects.values import Place, RecordSelection, Value

if TYPE_CHECKING:
    from mock_server.openapi.model import Operation

FACTS: Mapping[str, tuple[str, ...]] = {
    "try": ("id", "number", "at", "status", "status_class", "succeeded", "response", "error"),
    "delivery": (
        "id",
        "event",
        "type",
        "endpoint",
        "url",
        "body",
        "created",
        "modified",
        "tries",
        "last_status",
        "succeeded",
        "skipped",
    ),
}
"""What values may point to: ``/try/status``, ``/delivery/body``."""
_NAMES: Names = frozenset(FACTS)
MEANINGS = ("event", "delivery", "try")
"""What a parameter of an operation may name that has deliveries made once more."""


@value_class
class ShownDeliveries:
    """The resource whose records are the tries of deliveries, and the values of their members.

    Members that the resource does not have are shown nowhere; lists may be filtered by them.
    """

    resource: str
    members: tuple[tuple[str, Value], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the members."""
        return tuple(name for name, _ in self.members)


@value_class
class Redelivery:
    """An operation that has deliveries made once more: what its path parameter names is one of :data:`MEANINGS`."""

    operation: str
    parameter: str
    meaning: str

    def is_of(self, operation: Operation) -> bool:
        """Tell whether it is what an operation does."""
        return self.operation in (operation.operation_id, operation.key)


class DeliveryReader(ValueReader):
    """Reads ``deliveries`` and ``redeliver`` of ``x-mock-webhooks``. Values lead into a try and its delivery alone."""

    def deliveries(self, node: JSON, where: str) -> ShownDeliveries:
        """Return what shows deliveries; raises :class:`ContractError`."""
        data = self.members(node, where, ("resource", "members"))
        at = f"{where}/members"
        nodes = self.members_of(data.get("members"), at)
        members = tuple((name, self.value(inner, at + pointer_of(name), _NAMES)) for name, inner in nodes)
        if not members:
            raise self.refusal(at, "an empty object", "members of a record, each with its value")
        return ShownDeliveries(self.text(data, "resource", where), members)

    def redeliveries(self, node: JSON, where: str) -> tuple[Redelivery, ...]:
        """Return the operations that have deliveries made once more: one, or each of a list."""
        if not isinstance(node, list):
            return (self._redelivery(node, where),)
        return tuple(self._redelivery(item, f"{where}/{index}") for index, item in enumerate(node))

    def _redelivery(self, node: JSON, where: str) -> Redelivery:
        data = self.members(node, where, ("operation", *MEANINGS))
        named = [meaning for meaning in MEANINGS if meaning in data]
        if len(named) != 1:
            expected = "one of " + ", ".join(MEANINGS) + ", with the path parameter that names it"
            raise self.refusal(where, " and ".join(map(repr, named)) or "no parameter", expected)
        return Redelivery(self.text(data, "operation", where), self.text(data, named[0], where), named[0])

    def place(self, node: JSON, where: str, names: Names) -> Place:
        """Return a pointer to a fact of a try or of its delivery."""
        pointer = self.pointer(node, where)
        head, *rest = pointer_parts(pointer)
        facts = FACTS.get(head)
        if facts is None or rest[:1] == [] or rest[0] not in facts or len(rest) != 1:
            known = [f"/{name}/{fact}" for name, listed in FACTS.items() for fact in listed]
            expected = f"one of {', '.join(known)}; or {{literal: {pointer}}} for the text itself"
            raise self.refusal(where, f"{pointer!r}{did_you_mean(pointer, known)}", expected)
        return Place((head, *rest))

    def selection(self, node: JSON, where: str, names: Names, further: tuple[str, ...] = ()) -> RecordSelection:
        """Return a selection of items of a list: a delivery knows of no records."""
        if isinstance(node, dict) and "records" in node:
            raise self.refusal(f"{where}/records", "records", "in: a delivery knows of no other records")
        return super().selection(node, where, names, further)

    def value(self, node: JSON, where: str, names: Names) -> Value:
        """Return a value, which nothing is drawn for: a record has to be the same whenever it is read."""
        if isinstance(node, dict) and "make" in node:
            raise self.refusal(f"{where}/make", "make", "/try/id or another value that stays the same")
        return super().value(node, where, names)
