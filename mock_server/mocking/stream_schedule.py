"""The order of the items of a stream: a slot for each item, for any number of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cached_property

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.mocking.event_lifecycle import LifecycleStage, stage_of


@value_class
class Slot:
    """The place of an item: the name of its branch of a union (empty: any), and its value where one is given.

    ``values`` has the one value, or none; ``parts`` are members that an item of this place is known to have.
    """

    name: str = ""
    values: tuple[JSON, ...] = ()
    parts: Mapping[str, JSON] = field(default_factory=dict)


class StreamSchedule:
    """The slots of a stream of the usual length; longer ones repeat the middle, shorter ones leave parts of it out."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = tuple(slots)

    def slot(self, index: int, count: int) -> Slot:
        """Return the slot of the item at ``index`` in a stream of ``count`` items."""
        slots, usual = self.slots, len(self.slots)
        if not usual:
            return Slot()
        head, tail = self._bounds
        if count <= usual:
            closing = min(tail, count - 1)
            return slots[index] if index < count - closing else slots[usual - (count - index)]
        if index < usual - tail:
            return slots[index]
        if index >= count - tail:
            return slots[index - count + usual]
        repeated = slots[head : usual - tail] or slots
        return Slot(repeated[(index - (usual - tail)) % len(repeated)].name)  # without values, so that each one differs

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The number of slots that begin the stream, and of those that end it.

        The names of the slots tell; without such names it is one of each.
        """
        stages = [stage_of(slot.name) for slot in self.slots]
        on = [index for index, stage in enumerate(stages) if stage is LifecycleStage.GOES_ON]
        if on and any(slot.name for slot in self.slots):
            return on[0], len(stages) - 1 - on[-1]
        return (1, 1) if len(stages) > 2 else (0, min(1, len(stages) - 1))
