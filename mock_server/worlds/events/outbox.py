"""The outbox: where events wait for delivery, stored in one transaction with the change that they tell of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from mock_server.scenarios.delivery_fault import EventFault
from mock_server.storage import DELIVERIES, RecordChange, RecordReader
from mock_server.worlds.events.event import Event

if TYPE_CHECKING:
    from mock_server.worlds.state.computed_records import ComputedRecords
    from mock_server.worlds.world import World


__all__ = ["DELIVERIES", "Outbox"]


class Outbox(Protocol):
    """Plans deliveries of events to the endpoints of a world."""

    def rows(self, event: Event, world: World, records: RecordReader) -> Sequence[RecordChange]:
        """Return the rows of the deliveries that an event asks for, none where no endpoint wants it.

        They are stored with the event, or neither is. Their name is :data:`mock_server.storage.DELIVERIES`. An event
        leaves for newer ones, so that what is to be sent has to stand in the rows. Raises :class:`StoreError`.
        """

    def spoilt(self, changes: Sequence[RecordChange], faults: Sequence[EventFault]) -> Sequence[RecordChange]:
        """Return changes whose new deliveries go wrong: each by the first of the faults that is for its event."""

    def once_more(self, meaning: str, text: str, world: World, records: RecordReader) -> Sequence[RecordChange]:
        """Return the rows of deliveries that are made once more: those of an event, one, or that of a try.

        ``meaning`` is one of :data:`mock_server.openapi.delivery_extensions.MEANINGS`, ``text`` the id. None where
        there is none. Raises :class:`StoreError`.
        """

    @property
    def computed(self) -> Mapping[str, ComputedRecords]:
        """The records that show deliveries, by their resource; none where data names no such resource."""

    def wake(self, world: World, changes: Sequence[RecordChange] = ()) -> None:
        """Have what was stored for a world delivered; callable from any thread, returns at once.

        ``changes`` are those that were just stored; without any, all is looked at that a world has waiting.
        """

    def expect(self, world: World, due: float | None) -> None:
        """Have steps of effects taken when they are due, in seconds since 1970 by the world's clock; None for never.

        Callable from any thread, returns at once.
        """

    def is_settled(self, world: World) -> bool:
        """Return whether nothing of a world is under way or due; callable from any thread."""
