from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mock_server.core.json_patch import PatchError
from mock_server.core.types import JSON
from mock_server.openapi.resources.model import Relation
from mock_server.storage import Record
from mock_server.worlds.state.making.changes import Manner
from mock_server.worlds.state.making.draft import Draft
from tests.support.record_makers import NOW, Things

SENT = """
type: object
properties:
  name: {type: string}
  color: {type: [string, 'null']}
  size: {type: integer, default: 7}
  metadata: {type: object, additionalProperties: {type: string}}
  address: {type: object}
  secret_note: {type: string}
"""
SHOWN = """
type: object
required: [id, name, color, size, created_at, modified_at, clicks_count]
properties:
  id: {type: string}
  name: {type: string, minLength: 1}
  color: {type: [string, 'null']}
  size: {type: integer}
  metadata: {type: object, additionalProperties: {type: string}}
  address: {type: object, required: [city, geo], properties: {city: {type: string}, street: {type: string},
    geo: {type: number}}}
  created_at: {type: string, format: date-time}
  modified_at: {type: [string, 'null'], format: date-time}
  clicks_count: {type: integer}
  locked: {type: boolean, readOnly: true}
"""
BEFORE: dict[str, JSON] = {
    "id": "k",
    "name": "Ada",
    "color": "red",
    "size": 3,
    "metadata": {"a": "1", "b": "2"},
    "address": {"city": "Turin", "street": "Via Po", "geo": 7.5},
    "created_at": "2025-01-01T00:00:00Z",
    "modified_at": None,
    "clicks_count": 5,
    "locked": False,
}
LATER = "2026-01-01T00:00:00.250000Z"


@pytest.fixture
def things(tmp_path: Path) -> Things:
    return Things(tmp_path, SENT, SHOWN)


def updated(
    things: Things, sent: JSON, manner: Manner = "merge", *, is_form: bool = False, kept: dict[str, JSON] | None = None
) -> Draft:
    """The draft of the thing, changed."""
    hidden: dict[str, JSON] = {"scope": {}, "sent": kept} if kept else {"scope": {}}
    record = Record(things.resource.name, "k", BEFORE, "", hidden)
    before = repr(record)
    draft = things.maker.updated(record, sent, manner, things.schema("ThingUpdate"), NOW, is_form)
    assert repr(record) == before
    assert things.is_valid(draft.value)
    return draft


def changes(draft: Draft) -> dict[str, JSON]:
    """What is not as it was; None for what is gone."""
    names = [*BEFORE, *draft.value]
    return {name: draft.value.get(name) for name in names if draft.value.get(name) != BEFORE.get(name)}


def test_members_of_the_top_level_are_merged(things: Things) -> None:
    draft = updated(things, {"name": "Bea", "color": None})
    assert changes(draft) == {"name": "Bea", "color": None, "modified_at": LATER}


def test_nested_objects_are_replaced_and_keep_what_is_required(things: Things) -> None:
    draft = updated(things, {"address": {"city": "Rome"}})
    assert draft.value["address"] == {"city": "Rome", "geo": 7.5}


def test_items_keep_what_is_required_and_was_not_sent(tmp_path: Path) -> None:
    line = "{type: object, required: [id, price], properties: {id: {type: string}, price: {type: integer}}}"
    shown = (
        f"{{type: object, required: [id], properties: {{id: {{type: string}}, lines: {{type: array, items: {line}}}}}}}"
    )
    things = Things(tmp_path, "{type: object, properties: {lines: {type: array}}}", shown)
    value: dict[str, JSON] = {"id": "k", "lines": [{"id": "a", "price": 1}, {"id": "b", "price": 2}]}
    record = Record(things.resource.name, "k", value, "", {"scope": {}})
    sent: JSON = {"lines": [{"price": 3}, {"id": "a"}]}
    changed = things.maker.updated(record, sent, "merge", things.schema("ThingUpdate"), NOW).value
    assert changed["lines"] == [{"id": "a", "price": 3}, {"id": "a", "price": 1}]


def test_no_change_leaves_the_time_of_change_alone(things: Things) -> None:
    draft = updated(things, {"name": "Ada", "metadata": {"b": "2", "a": "1"}})
    assert not draft.changed
    assert draft.value == BEFORE


def test_a_merge_patch_goes_into_objects(things: Things) -> None:
    draft = updated(things, {"metadata": {"a": None, "c": "3"}, "address": {"city": "Rome"}}, "merge-patch")
    assert changes(draft) == {
        "metadata": {"b": "2", "c": "3"},
        "address": {"city": "Rome", "street": "Via Po", "geo": 7.5},
        "modified_at": LATER,
    }


def test_a_json_patch_is_applied_whole(things: Things) -> None:
    patch: JSON = [
        {"op": "test", "path": "/name", "value": "Ada"},
        {"op": "replace", "path": "/name", "value": "Bea"},
        {"op": "remove", "path": "/metadata/a"},
        {"op": "copy", "from": "/name", "path": "/metadata/name"},
    ]
    draft = updated(things, patch, "json-patch")
    assert changes(draft) == {"name": "Bea", "metadata": {"b": "2", "name": "Bea"}, "modified_at": LATER}


def test_a_json_patch_whose_test_fails_says_where(things: Things) -> None:
    with pytest.raises(PatchError) as caught:
        updated(things, [{"op": "test", "path": "/name", "value": "Bea"}], "json-patch")
    assert (caught.value.pointer, caught.value.found) == ("/name", '"Ada"')


def test_a_replacement_sets_back_what_was_not_sent(things: Things) -> None:
    draft = updated(things, {"name": "Bea"}, "replace", kept={"secret_note": "x"})
    assert changes(draft) == {
        "name": "Bea",
        "color": None,
        "size": 7,
        "metadata": {},
        "address": None,
        "modified_at": LATER,
    }
    assert draft.hidden == {"scope": {}}


def test_keys_and_read_only_members_stay(things: Things) -> None:
    for manner in ("merge", "merge-patch", "replace"):
        draft = updated(things, {**BEFORE, "id": "other", "locked": True}, manner)
        assert not draft.changed
        assert [finding.pointer for finding in draft.findings] == ["/id", "/locked"]


def test_a_value_that_the_answer_refuses_leaves_the_old_one_and_is_told(things: Things) -> None:
    draft = updated(things, {"name": ""})
    assert draft.value["name"] == "Ada"
    assert draft.hidden["sent"] == {"name": ""}
    assert [finding.pointer for finding in draft.findings] == ["/name"]


def test_members_that_no_view_has_are_kept_beside(things: Things) -> None:
    draft = updated(things, {"secret_note": "x"}, kept={"other": 1})
    assert draft.hidden == {"scope": {}, "sent": {"other": 1, "secret_note": "x"}}
    assert draft.changed


def test_a_form_merges_metadata_and_takes_an_empty_text_for_nothing(things: Things) -> None:
    draft = updated(things, {"metadata": {"a": "", "c": "3"}, "color": ""}, is_form=True)
    assert changes(draft) == {"metadata": {"b": "2", "c": "3"}, "color": None, "modified_at": LATER}
    assert updated(things, {"metadata": {"c": "3"}}).value["metadata"] == {"c": "3"}
    assert updated(things, {"metadata": ""}, is_form=True).value["metadata"] == {}


def test_a_time_of_change_that_was_sent_stays(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: string}, updated: {type: integer}}}"
    things = Things(tmp_path, shown, shown)
    record = Record(things.resource.name, "k", {"id": "k", "updated": 1}, "", {"scope": {}})
    draft = things.maker.updated(record, {"updated": 5}, "merge", things.schema("ThingUpdate"), NOW)
    assert draft.value["updated"] == 5


def test_relations_to_the_parents_of_a_path_stay(tmp_path: Path) -> None:
    shown = "{type: object, required: [id, shop_id], properties: {id: {type: string}, shop_id: {type: string}}}"
    things = Things(tmp_path, shown, shown)
    things.resource = replace(things.resource, relations=(Relation("shop_id", "shops"),))
    scopes: list[tuple[dict[str, JSON], str]] = [({"shops": "s"}, "s"), ({}, "t")]
    for scope, shop in scopes:
        record = Record(things.resource.name, "k", {"id": "k", "shop_id": "s"}, "", {"scope": scope})
        draft = things.maker_of().updated(record, {"shop_id": "t"}, "merge", None, NOW)
        assert draft.value["shop_id"] == shop
        assert draft.hidden["scope"] == scope


def test_what_is_shown_inside_follows_the_member_that_names_it(tmp_path: Path) -> None:
    shown = (
        "{type: object, required: [id, shop_id], properties: {id: {type: string}, shop_id: {type: [string, 'null']},"
    )
    shown += " shop: {type: [object, 'null'], required: [id, name], properties: {id: {type: string},"
    shown += " name: {type: string}}}}}"
    things = Things(tmp_path, "{type: object, properties: {shop_id: {}}}", shown)
    value: dict[str, JSON] = {"id": "k", "shop_id": "s", "shop": {"id": "s", "name": "Here"}}
    record = Record(things.resource.name, "k", value, "", {"scope": {}})
    changed = things.maker.updated(record, {"shop_id": "t"}, "merge", None, NOW).value
    assert isinstance(changed["shop"], dict)
    assert changed["shop"]["id"] == "t"
    assert things.maker.updated(record, {"shop_id": None}, "merge", None, NOW).value["shop"] is None


def test_an_update_does_not_leave_the_branch_of_a_union(tmp_path: Path) -> None:
    shown = "oneOf: [{type: object, required: [id, kind], properties: {id: {type: string}, kind: {const: cat}}},"
    shown += " {type: object, required: [id, kind], properties: {id: {type: string}, kind: {const: dog}}}]"
    things = Things(tmp_path, "{type: object, properties: {kind: {type: string}}}", shown)
    record = Record(things.resource.name, "k", {"id": "k", "kind": "cat"}, "", {"scope": {}})
    draft = things.maker.updated(record, {"kind": "dog"}, "merge", things.schema("ThingUpdate"), NOW)
    assert draft.value == {"id": "k", "kind": "cat"}
    assert [finding.pointer for finding in draft.findings] == ["/kind"]
