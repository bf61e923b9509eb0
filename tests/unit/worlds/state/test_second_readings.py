"""A path that is read twice, told apart by its query: both readings show the same records."""

from __future__ import annotations

from pathlib import Path

from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

OPERATIONS = """
GET /things listThings > 200 {data: [Thing]}
POST /things createThing < Thing > 201 Thing
GET /things/{id} getThing > 200 Thing
GET /things?beta=true listBetaThings > 200 {items: [BetaReading], total: integer}
GET /things/{id}?beta=true getBetaThing > 200 BetaReading
"""
SCHEMAS = {
    "Thing": "{id: string, name: string, colour: string, shape: string}",
    "BetaReading": "{id: string, colour: string, weight: integer, height: integer, width: integer}",
}


def test_second_reading_shows_same_record(tmp_path: Path) -> None:
    loaded(tmp_path, OPERATIONS, SCHEMAS)
    api = StateAPI(tmp_path / "contract.json")
    thing = api("POST", "/things", {"name": "Tea", "colour": "green"})[1]
    status, reading = api("GET", f"/things/{thing['id']}?beta=true")
    assert (status, reading["id"], reading["colour"]) == (200, thing["id"], "green")
    listed = api("GET", "/things?beta=true")[1]
    assert reading in listed["items"]
    assert listed["total"] == len(listed["items"]) == len(api("GET", "/things")[1]["data"])
