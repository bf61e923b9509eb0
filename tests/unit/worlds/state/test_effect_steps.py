"""Single steps of effects on notes: what each does to a record, and what happens where it cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.worlds.state.outcome import Outcome, StateRequest
from tests.support.case_files import read_cases
from tests.support.small_apis import loaded
from tests.support.state_api import StateAPI

OPERATIONS = """
GET /authors listAuthors > 200 {data: [Author]}
POST /authors createAuthor < {name: string} > 201 Author
GET /authors/{id} getAuthor > 200 Author
GET /notes listNotes > 200 {data: [Note]}
POST /notes createNote < {author_id: string, title: string, tags: [string]} > 201 Note
GET /notes/{id} getNote > 200 Note
PATCH /notes/{id} updateNote < {title: string, pinned: boolean} > 200 Note
DELETE /notes/{id} deleteNote > 204
POST /notes/{id}/touch touchNote < {by: string} > 200 Note
GET /notes/{note_id}/lines listLines > 200 {data: [Line]}
POST /notes/{note_id}/lines createLine < {text: string} > 201 Line
GET /notes/{note_id}/lines/{id} getLine > 200 Line
"""
SCHEMAS = {
    "Author": "{id: string, name: string, notes: integer}",
    "Note": "{id: string, author_id: string, title: string, pinned: boolean, size: integer, tags: [string], meta: Meta,"
    " modified_at: string}",
    "Line": "{id: string, text: string}",
    "Meta": "object",
}
Serve = Callable[..., StateAPI]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    def served(effects: str, operation: str = "POST /notes/{id}/touch", state: str = "strict") -> StateAPI:
        steps = {operation: {"x-mock-effects": yaml.safe_load(effects)}}
        contract = tmp_path / "contract.json"
        loaded(tmp_path, OPERATIONS, SCHEMAS, extensions=steps)
        return StateAPI(contract, state=state, records="0", no_cache=True)

    return served


def note_in(api: StateAPI, **members: Any) -> str:
    author = api("POST", "/authors", {"name": "Ada"})[1]["id"]
    body = {"author_id": author, "title": "T", "tags": ["a", "b"], **members}
    return str(api("POST", "/notes", body)[1]["id"])


def touched(api: StateAPI, **body: Any) -> Any:
    status, note = api("POST", f"/notes/{note_in(api)}/touch", body)
    assert status == 200, note
    return note


@pytest.mark.parametrize(
    ("steps", "pointer", "expected"),
    [
        ("[{set: {/title: /request/body/by}}]", "title", "Eve"),
        ("[{set: {/title: {join: [/related/author_id/name, ' wrote ', /record/title]}}}]", "title", "Ada wrote T"),
        ("[{set: {/tags/-: c, /tags/0: z}}]", "tags", ["z", "b", "c"]),
        ("[{set: {/meta: {object: {a: 1}}}}, {set: {/meta/b/c: 2}}]", "meta", {"a": 1, "b": {"c": 2}}),
        ("[{set: {/title: x}}, {set: {/title: {join: [/record/title, y]}}}]", "title", "xy"),
        ("[{set: {/title: x, /meta: {object: {was: /record/title}}}}]", "meta", {"was": "T"}),
        ("[{set: {/size: {count: /record/tags}}}]", "size", 2),
        ("[{set: {/title: /before/title}, when: {/record/title: T}}]", "title", "T"),
        ("[{remove: [/tags/0, /tags/7]}]", "tags", ["b"]),
        ("[{set: {/size: 0}}, {each: {in: /record/tags, do: [{set: {/size: {sum: [/record/size, 1]}}}]}}]", "size", 2),
        ("[{set: {/size: 1}, when: {/request/body/by: {present: false}}}, {set: {/pinned: true}}]", "pinned", True),
    ],
)
def test_step_changes_the_record(steps: str, pointer: str, expected: Any, serve: Serve) -> None:
    assert touched(serve(steps), by="Eve")[pointer] == expected


def test_member_is_removed(serve: Serve) -> None:
    api = serve("[{set: {/meta: {object: {a: 1, b: 2}}}}, {remove: [/meta/a]}]")
    assert touched(api, by="Eve")["meta"] == {"b": 2}


def test_record_below_a_parent_is_created(serve: Serve) -> None:
    api = serve("[{create: {resource: lines, with: {/text: first}, parents: {notes: /record/id}}}]", "POST /notes")
    note = note_in(api)
    assert [line["text"] for line in api("GET", f"/notes/{note}/lines")[1]["data"]] == ["first"]
    assert api("GET", f"/notes/{note_in(api, title='Other')}/lines")[1]["data"][0]["text"] == "first"


def test_deleted_record_is_shown_as_it_was_and_gone(serve: Serve) -> None:
    api = serve("[{delete: /record}, {set: {/title: gone}}]")
    note = note_in(api)
    assert api("POST", f"/notes/{note}/touch", {"by": "Eve"})[1]["title"] == "gone"
    assert api("GET", f"/notes/{note}")[0] == 404


@pytest.mark.parametrize("state", ["auto", "strict"])
def test_deletion_leaves_nothing_whatever_its_steps_set(state: str, serve: Serve) -> None:
    api = serve("[{set: {/title: gone}}]", "DELETE /notes/{id}", state)
    note = note_in(api)
    assert [api("DELETE", f"/notes/{note}")[0], api("GET", f"/notes/{note}")[0]] == [204, 404]
    api("DELETE", "/notes/made-up")
    assert api("GET", "/notes")[1]["data"] == []


def test_update_knows_what_was_before(serve: Serve) -> None:
    steps = "[{set: {/size: {sum: [{first: [/before/size, 0]}, 1]}}, when: {/record/title: {not: /before/title}}}]"
    api = serve(steps, "PATCH /notes/{id}")
    note = note_in(api)
    before = api("GET", f"/notes/{note}")[1]["size"]
    assert api("PATCH", f"/notes/{note}", {"pinned": True})[1]["size"] == before
    assert api("PATCH", f"/notes/{note}", {"title": "New"})[1]["size"] == before + 1


def test_each_of_several_created_records_has_the_effects(tmp_path: Path) -> None:
    lines = "POST /pens createPens < [Pen] > 201 [Pen]\nGET /pens listPens > 200 [Pen]\nGET /pens/{id} getPen > 200 Pen"
    steps = {"POST /pens": {"x-mock-effects": [{"set": {"/ink": {"join": ["ink of ", "/record/name"]}}}]}}
    loaded(tmp_path, lines, {"Pen": "{id: string, name: string, ink: string}"}, extensions=steps)
    api = StateAPI(tmp_path / "contract.json", records="0", no_cache=True)
    assert api("POST", "/pens", [{"name": "a"}, {"name": "b"}])[0] == 201
    assert [pen["ink"] for pen in api("GET", "/pens")[1]] == ["ink of a", "ink of b"]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("[{set: {/size: many}}]", '/x-mock-effects/0: found "many" for /size of notes; expected a value that its'),
        (
            "[{set: {/pinned: true}}, {set: {/size: {sum: [/record/title, 1]}}}]",
            "/1: found 'T'; expected a number",
        ),
        ("[{set: {/title/first: a}}]", "found \"T\" at 'first'; expected an object"),
        ("[{each: {in: /record/tags, do: [{set: {/size: /item}}]}}]", '/0/each/do/0: found "a" for /size'),
    ],
)
def test_step_that_cannot_be_taken_is_named_and_nothing_is_written(steps: str, message: str, serve: Serve) -> None:
    api = serve(steps)
    note = note_in(api)
    before = api("GET", f"/notes/{note}")
    status, problem = api("POST", f"/notes/{note}/touch", {"by": "Eve"})
    assert status == 500
    assert message in problem["detail"]
    assert api("GET", f"/notes/{note}") == before


def test_too_many_items_are_refused(serve: Serve) -> None:
    api = serve("[{each: {in: /record/tags, do: [{set: {/size: 1}}]}}]")
    note = note_in(api, tags=["a"] * 1001)
    status, problem = api("POST", f"/notes/{note}/touch", {"by": "Eve"})
    assert (status, "expected at most 1,000" in problem["detail"]) == (500, True)


@pytest.mark.parametrize(("state", "status"), [("auto", 200), ("strict", 404)])
def test_what_nobody_made_is_not_refused(state: str, status: int, serve: Serve) -> None:
    api = serve("[{refuse: {when: {/record/id: {present: true}}, failure: conflict}}]", state=state)
    assert api("POST", "/notes/made-up/touch", {"by": "Eve"})[0] == status
    assert api("POST", f"/notes/{note_in(api)}/touch", {"by": "Eve"})[0] == 409


def test_events_are_those_that_steps_tell_of(tmp_path: Path) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(read_cases("effects")["contract"]), encoding="utf-8")
    api = StateAPI(file)
    customer = api("POST", "/customers", {"email": "ada@example.com"})[1]["id"]
    order = api("POST", "/orders", {"customer_id": customer, "items": []})[1]["id"]
    assert outcome_of(api, "DELETE /customers/{id}", customer).sends is None
    sends = outcome_of(api, "POST /orders/{id}/pay", order).sends
    assert [(event.type, event.record.value["id"], event.record.value["status"]) for event in sends or ()] == [
        ("order.paid", order, "paid")
    ]


def outcome_of(api: StateAPI, key: str, record: str) -> Outcome:
    """What comes of a request for a record, before it is written."""
    engine = api.mount.state
    assert engine is not None
    operation = engine.operation(key)
    assert operation is not None
    return engine.outcome(StateRequest(operation, {"id": record}), api.world.store(api.mount.store))
