"""Deliveries as records of the contract: each try is one, read from the row of its delivery when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import overload

from mock_server.core.timestamp import rfc3339
from mock_server.core.types import JSON
from mock_server.openapi.delivery_extensions import ShownDeliveries
from mock_server.storage import DELIVERIES, Record, RecordReader
from mock_server.webhooks.delivery import LONGEST_FORMER, Delivery, DeliveryTry, delivery_of, id_of


class DeliveryRecords:
    """The records of the resource that shows deliveries, the latest try first. Those of callbacks are not among them.

    ``endpoints`` is the resource whose records are endpoints: below one of these its deliveries alone are listed.
    """

    rows = DELIVERIES

    def __init__(self, shown: ShownDeliveries, endpoints: str = "") -> None:
        self._shown = shown
        self._endpoints = endpoints

    def of(self, reader: RecordReader) -> Sequence[Record]:
        """Return the records of a world, each of them made when it is asked for. Raises :class:`StoreError`."""
        places = [place for row in reader.records(DELIVERIES) for place in _places(row)]
        places.sort(key=lambda place: place[0])
        return TryRecords([(row, index) for _, row, index in reversed(places)], self._record)

    def _record(self, row: Record, index: int) -> Record:
        delivery = delivery_of(row)
        key, attempt = [*tries_by_id(delivery).items()][index]
        facts = TryFacts(attempt, {"try": _of_try(attempt, key, index + 1), "delivery": _of_delivery(delivery)})
        value = {name: told.evaluate(facts) for name, told in self._shown.members}
        endpoint = delivery.endpoint
        scope: JSON = {self._endpoints: endpoint} if self._endpoints and endpoint else {}
        return Record(self._shown.resource, key, value, hidden={"scope": scope})


class TryRecords(Sequence[Record]):
    """Records of tries, each named by the row of its delivery and its number there: a page of many costs a page."""

    def __init__(self, places: Sequence[tuple[Record, int]], record: Callable[[Record, int], Record]) -> None:
        self._places = places
        self._record = record
        self._made: dict[int, Record] = {}

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        record = self._made.get(index)
        if record is None:
            record = self._made[index] = self._record(*self._places[index])
        return record


class TryFacts:
    """What values of a record are read from: the facts of a try and of its delivery."""

    def __init__(self, attempt: DeliveryTry, facts: Mapping[str, Mapping[str, JSON]]) -> None:
        self._moment = attempt.at
        self._facts = facts

    @property
    def now(self) -> float:
        """The time of the try, in seconds since 1970."""
        return self._moment

    def at(self, parts: tuple[str, ...]) -> JSON:
        """Return the fact that a pointer names."""
        head, name = parts
        return self._facts[head][name]

    def records(self, resource: str) -> Iterator[JSON]:
        """Yield nothing: values of deliveries read no records."""
        return iter(())

    def drawn(self, place: str, bound: int) -> int:
        """Return 0: nothing of deliveries is drawn."""
        return 0

    def time_text(self, moment: float) -> str:
        """Return a moment, in seconds since 1970, by RFC 3339."""
        return rfc3339(moment)


def _places(row: Record) -> Iterator[tuple[float, Record, int]]:
    """Yield when each try of a delivery was, in seconds since 1970, with its row and its number there, from 0."""
    tries = row.value["tries"]
    if row.value["source"] == "callback" or not isinstance(tries, list):
        return
    for index, attempt in enumerate(tries):
        moment = attempt.get("at") if isinstance(attempt, dict) else None
        yield (float(moment) if isinstance(moment, (int, float)) else 0.0), row, index


def tries_by_id(delivery: Delivery) -> dict[str, DeliveryTry]:
    """Return the tries of a delivery by their ids, which do not depend on how many before them are still kept."""
    moments = Counter[float]()
    tries: dict[str, DeliveryTry] = {}
    for attempt in delivery.tries:
        moments[attempt.at] += 1
        tries[id_of(f"{delivery.id}\ntry {attempt.at!r} {moments[attempt.at]}")] = attempt
    return tries


def _of_try(attempt: DeliveryTry, key: str, number: int) -> dict[str, JSON]:
    return {
        "id": key,
        "number": number,
        "at": rfc3339(attempt.at),
        "status": attempt.status,
        "status_class": None if attempt.status is None else f"{attempt.status // 100}xx",
        "succeeded": attempt.is_success,
        "response": None if attempt.error else attempt.response[:LONGEST_FORMER],
        "error": attempt.error or None,
    }


def _of_delivery(delivery: Delivery) -> dict[str, JSON]:
    last = delivery.tries[-1] if delivery.tries else None
    return {
        "id": delivery.id,
        "event": delivery.event,
        "type": delivery.type,
        "endpoint": delivery.endpoint or None,
        "url": delivery.url,
        "body": delivery.body,
        "created": rfc3339(delivery.created),
        "modified": None if last is None else rfc3339(last.at),
        "tries": len(delivery.tries),
        "last_status": None if last is None else last.status,
        "succeeded": None if last is None else any(attempt.is_success for attempt in delivery.tries),
        "skipped": delivery.status == "skipped",
    }
