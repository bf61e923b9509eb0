"""Events of requests: what they show, what is stored with them, and what cannot be told."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from mock_server.mocking.events.event_maker import EventMaker
from mock_server.scenarios.delivery_fault import EventFault
from mock_server.storage import DELIVERIES, Absence, OwnRow, PendingRecords, Record, RecordChange, RecordReader
from mock_server.worlds.events.event import Event
from mock_server.worlds.events.event_log import EventLog
from mock_server.worlds.state.computed_records import ComputedRecords
from mock_server.worlds.state.outcome import StateEvent
from mock_server.worlds.world import World
from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

OPERATIONS = """
    GET /customers listCustomers > 200 [Customer]
    POST /customers createCustomer < NewCustomer > 201 Customer
    GET /customers/{id} getCustomer > 200 Customer
    DELETE /customers/{id} deleteCustomer > 204
    GET /invoices listInvoices > 200 [Invoice]
    POST /invoices createInvoice < NewInvoice > 201 Invoice
    PATCH /invoices/{id} changeInvoice < NewInvoice > 200 Invoice
    GET /invoices/{id} getInvoice > 200 Invoice
"""
SCHEMAS = {
    "Customer": "{id: string, email: string}",
    "NewCustomer": "{email: string}",
    "Invoice": "{id: string, customer_id: string, paid: boolean}",
    "NewInvoice": "{customer_id: string, paid: boolean}",
    "CustomerEvent": "{type: string, data: Customer}",
    "InvoiceEvent": "{type: string, data: Invoice}",
    "Account": "{id: string, email: string, paid_invoices: [AccountInvoice], unread_letters: [Letter]}",
    "AccountEvent": "{type: string, data: Account}",
    "AccountInvoice": "{id: string, paid: boolean}",
    "Letter": "{text: string}",
}
WEBHOOKS = {
    "customer.created": "CustomerEvent",
    "customer.deleted": "CustomerEvent",
    "customer.account_changed": "AccountEvent",
    "invoice.created": "InvoiceEvent",
    "invoice.updated": "InvoiceEvent",
}


@pytest.fixture
def api(tmp_path: Path) -> StateAPI:
    webhooks = {name: {"post": _request(schema)} for name, schema in WEBHOOKS.items()}
    contract = loaded(tmp_path, OPERATIONS, SCHEMAS, extensions={"webhooks": webhooks})
    return StateAPI(Path(contract.name), records="0")


def _request(schema: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"requestBody": {"content": content}, "responses": {"200": {"description": "Taken."}}}


def events(api: StateAPI) -> Sequence[Event]:
    return EventLog(api.world.store(api.mount.store)).events()


class EveryEvent:
    """Plans a delivery of each event, and notes which worlds are woken."""

    def __init__(self) -> None:
        self.woken: list[str] = []

    def rows(self, event: Event, world: World, records: RecordReader) -> Sequence[RecordChange]:
        row = Record(DELIVERIES, f"to-{event.id}", {"type": event.type})
        return [RecordChange(DELIVERIES, row.handle, Absence.UNTOUCHED, row)]

    def spoilt(self, changes: Sequence[RecordChange], faults: Sequence[EventFault]) -> Sequence[RecordChange]:
        return changes

    def once_more(self, meaning: str, text: str, world: World, records: RecordReader) -> Sequence[RecordChange]:
        return ()

    @property
    def computed(self) -> Mapping[str, ComputedRecords]:
        return {}

    def wake(self, world: World, changes: Sequence[RecordChange] = ()) -> None:
        self.woken.append(world.name)

    def expect(self, world: World, due: float | None) -> None:
        """Take no steps."""

    def is_settled(self, world: World) -> bool:
        return True


def test_deliveries_are_stored_with_the_event_and_then_the_world_is_woken(api: StateAPI) -> None:
    api.mount.selector.outbox = outbox = EveryEvent()
    api("POST", "/customers", {"email": "ada@example.com"})
    (event,) = events(api)
    assert [*api.world.store(api.mount.store).own(DELIVERIES)] == [f"to-{event.id}"]
    assert outbox.woken == ["own"]
    api("GET", "/customers")
    assert outbox.woken == ["own"]


def test_event_that_cannot_be_told_is_not_delivered(api: StateAPI, caplog: pytest.LogCaptureFixture) -> None:
    selector = api.mount.selector
    selector.outbox = EveryEvent()
    document = api.mount.contract.document
    assert isinstance(document["components"], dict)
    document["components"]["schemas"]["CustomerEvent"]["not"] = {}  # type: ignore[index,call-overload]
    with caplog.at_level(logging.WARNING, "mock_server"):
        status, _ = api("POST", "/customers", {"email": "ada@example.com"})
        api("POST", "/customers", {"email": "eve@example.com"})
    assert status == 201
    first, _ = events(api)
    assert (first.type, first.body, first.is_sent) == ("customer.created", None, False)
    assert first.finding
    assert dict(api.world.store(api.mount.store).own(DELIVERIES)) == {}
    assert sum("is kept and not sent" in line for line in caplog.messages) == 1


def test_what_data_sends_is_all_that_is_told(api: StateAPI) -> None:
    recorder, store = api.mount.selector.events, api.mount.store
    record = Record("invoices", "7", {"id": "7", "customer_id": "1", "paid": True}, hidden={"made": 0.0})
    changes = [RecordChange("invoices", "7", Absence.UNTOUCHED, record)]
    reader = api.world.store(store)
    assert recorder.automatic(changes) == (StateEvent("invoice.created", record),)
    rows = recorder.rows([StateEvent("invoice.updated", record)] * 2, changes, api.world, reader, None)
    first, second = EventLog(PendingRecords(reader, rows)).events()
    assert (first.type, second.type) == ("invoice.updated", "invoice.updated")
    assert first.id != second.id


def test_lists_that_a_record_does_not_have_are_of_the_records_that_name_it(api: StateAPI) -> None:
    _, ada = api("POST", "/customers", {"email": "ada@example.com"})
    _, paid = api("POST", "/invoices", {"customer_id": ada["id"], "paid": True})
    api("POST", "/invoices", {"customer_id": ada["id"], "paid": False})
    api("POST", "/invoices", {"customer_id": "somebody", "paid": True})
    reader = api.world.store(api.mount.store)
    record = reader.get("customers", ada["id"])
    event = api.mount.selector.events.maker.event("customer.account_changed", record, "own", 0.0, reader)
    assert event.body == {
        "type": "customer.account_changed",
        "data": {**ada, "paid_invoices": [{"id": paid["id"], "paid": True}], "unread_letters": []},
    }


def test_event_shows_what_the_same_request_changes(api: StateAPI) -> None:
    _, ada = api("POST", "/customers", {"email": "ada@example.com"})
    reader = api.world.store(api.mount.store)
    record = Record("invoices", "7", {"id": "7", "customer_id": ada["id"], "paid": True}, hidden={"made": 0.0})
    changes = [RecordChange("invoices", "7", Absence.UNTOUCHED, record)]
    customer = reader.get("customers", ada["id"])
    assert customer is not None
    sends = [StateEvent("customer.account_changed", customer)]
    rows = api.mount.selector.events.rows(sends, changes, api.world, reader, None)
    (event,) = EventLog(PendingRecords(reader, rows)).events()[-1:]
    assert isinstance(event.body, dict)
    data = event.body["data"]
    assert isinstance(data, dict)
    assert data["paid_invoices"] == [{"id": "7", "paid": True}]


def test_record_that_comes_and_goes_at_once_is_told_of_by_nothing(api: StateAPI) -> None:
    record = Record("customers", "7", {"id": "7", "email": "a"}, hidden={"made": 0.0})
    come = RecordChange("customers", "7", Absence.UNTOUCHED, record)
    gone = RecordChange("customers", "7", record, Absence.UNTOUCHED)
    recorder = api.mount.selector.events
    assert recorder.automatic([come, gone]) == ()
    assert recorder.automatic([gone]) == (StateEvent("customer.deleted", record),)
    later = Record("customers", "7", {"id": "7", "email": "b"}, hidden={"made": 0.0})
    assert recorder.automatic([come, RecordChange("customers", "7", record, later)]) == (
        StateEvent("customer.created", later),
    )


class RecentEvents:
    """The rows of events of a world that keeps the last two."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def own_row(self, resource: str, handle: str) -> OwnRow:
        return Record(resource, handle, {}) if handle in self.ids[-2:] else Absence.UNTOUCHED


def test_event_that_happens_often_has_the_id_of_none_that_is_gone(api: StateAPI) -> None:
    engine = api.mount.selector.state
    assert engine is not None
    maker, kept = EventMaker(engine.model), RecentEvents()

    def happen() -> list[str]:
        kept.ids.clear()
        for _ in range(9):
            kept.ids.append(maker.free_id(cast("RecordReader", kept), "own", "customer.created", "ada", 0.0, None))
        return [*kept.ids]

    first = happen()
    assert len({*first}) == 9
    assert happen() == first  # once the world is reset
