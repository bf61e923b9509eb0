from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import Embed
from mock_server.storage import Record
from mock_server.worlds.state.making.draft import ViewError
from tests.support.record_makers import Things

SHOWN = "{type: object, required: [id, name], properties: {id: {type: string}, name: {type: string},"
SHOWN += " shop_id: {type: string}, shop: {type: object, required: [id, title], additionalProperties: false,"
SHOWN += " properties: {id: {type: string}, title: {type: string}, rank: {type: integer}}}}}"
VALUE: dict[str, JSON] = {"name": "Ada", "id": "k", "further": 1, "shop_id": "s"}


def shown(things: Things, schema: str, value: dict[str, JSON], **known: Any) -> Any:
    """What a view of a schema shows of a record."""
    record = Record(things.resource.name, "k", value, "", {"scope": {}})
    return things.maker.view(yaml.safe_load(schema)).shown(record, **known)


@pytest.fixture
def things(tmp_path: Path) -> Things:
    return Things(tmp_path, "{}", SHOWN)


def test_a_view_shows_the_members_that_it_names_in_its_order(things: Things) -> None:
    schema = "{type: object, properties: {id: {}, name: {}}}"
    assert list(shown(things, schema, VALUE)) == ["id", "name"]


def test_a_view_without_names_shows_all(things: Things) -> None:
    assert shown(things, "{type: object, additionalProperties: true}", VALUE) == VALUE
    assert shown(things, "{}", VALUE) == VALUE


def test_a_view_that_has_nothing_to_show_shows_nothing(things: Things) -> None:
    assert shown(things, "{type: object, additionalProperties: false}", VALUE) == {}


def test_a_member_that_a_view_refuses_is_generated_and_the_rest_stays(things: Things) -> None:
    schema = "{type: object, required: [id, name, shop_id], properties: {id: {type: string}, shop_id: {type: string},"
    schema += " name: {type: string, minLength: 10}}}"
    view = shown(things, schema, VALUE)
    assert (view["id"], view["shop_id"]) == ("k", "s")
    assert len(view["name"]) >= 10
    assert shown(things, schema, VALUE) == view


def test_a_view_that_requires_more_generates_it_the_same_each_time(things: Things) -> None:
    schema = (
        "{type: object, required: [id, code], properties: {id: {type: string}, code: {type: string, format: uuid}}}"
    )
    assert shown(things, schema, VALUE) == shown(things, schema, VALUE)
    assert shown(things, schema, VALUE)["code"] != shown(things, schema, {**VALUE, "id": "other"})["code"]


def test_a_view_that_shows_nothing_valid_says_where(things: Things) -> None:
    schema = "{type: object, required: [id, x], properties: {id: {type: string}, x: {type: string, minLength: 3,"
    with pytest.raises(ViewError) as caught:
        shown(things, schema + " maxLength: 2}}}", VALUE)
    assert caught.value.keyword
    with pytest.raises(ViewError):
        shown(things, "{type: object, minProperties: 9}", VALUE)


def test_another_record_is_shown_inside_as_it_is_now(things: Things) -> None:
    embed = Embed("shop", "shops", relation="shop_id")
    things.resource = replace(things.resource, embeds=(embed,))
    found: list[tuple[Embed, JSON]] = []

    def embedded(embed: Embed, key: JSON) -> JSON:
        found.append((embed, key))
        return {"id": "s", "title": "Here", "hidden": True}

    things.maker = things.maker_of()
    view = things.maker.view({"$ref": "#/components/schemas/Thing"})
    record = Record(things.resource.name, "k", VALUE, "", {"scope": {}})
    assert view.shown(record, embedded) == {
        "id": "k",
        "name": "Ada",
        "shop_id": "s",
        "shop": {"id": "s", "title": "Here"},
    }
    assert found == [(embed, "s")]
    stored: dict[str, JSON] = {**VALUE, "shop": {"id": "s", "title": "Before"}}
    there = view.shown(Record(things.resource.name, "k", stored, "", {"scope": {}}), lambda embed, key: None)
    assert isinstance(there, dict)
    assert there["shop"] == {"id": "s", "title": "Before"}


def test_each_of_several_records_is_shown_inside(tmp_path: Path) -> None:
    schema = "{type: object, required: [id, shops], properties: {id: {type: string}, shop_ids: {type: array},"
    schema += " shops: {type: array, items: {type: object, required: [id, title], properties: {id: {type: string},"
    things = Things(tmp_path, "{}", schema + " title: {type: string}}}}}}")
    things.resource = replace(things.resource, embeds=(Embed("shops", "shops", "shop_ids", is_list=True),))
    view = things.maker_of().view({"$ref": "#/components/schemas/Thing"})
    record = Record(things.resource.name, "k", {"id": "k", "shop_ids": ["a", "b"], "shops": []}, "", {"scope": {}})
    known: dict[JSON, JSON] = {"a": {"id": "a", "title": "A", "more": 1}}
    shown: Any = view.shown(record, lambda embed, key: known.get(key))
    first, second = shown["shops"]
    assert first == {"id": "a", "title": "A"}
    assert second["id"] == "b"
    empty = Record(things.resource.name, "k", {"id": "k", "shop_ids": [], "shops": []}, "", {"scope": {}})
    nothing = view.shown(empty, lambda embed, key: None)
    assert nothing == {"id": "k", "shop_ids": [], "shops": []}


def test_a_record_that_nobody_made_is_made_up_where_its_key_stands(things: Things) -> None:
    things.resource = replace(things.resource, embeds=(Embed("shop", "shops", "shop_id"),))
    view = things.maker_of().view({"$ref": "#/components/schemas/Thing"})
    record = Record(things.resource.name, "k", VALUE, "", {"scope": {}})
    shown = view.shown(record, lambda embed, key: None)
    assert isinstance(shown, dict)
    assert isinstance(shown["shop"], dict)
    assert shown["shop"]["id"] == "s"
    assert shown == view.shown(record, lambda embed, key: None)


def test_a_branch_is_chosen_by_what_the_record_has(things: Things) -> None:
    schema = "anyOf: [{type: object, required: [id, deleted], properties: {id: {}, deleted: {const: true}}},"
    schema += " {type: object, required: [id, name], properties: {id: {}, name: {}}}]"
    assert shown(things, schema, VALUE) == {"id": "k", "name": "Ada"}


def test_a_view_never_shows_what_only_requests_have(tmp_path: Path) -> None:
    both = "{type: object, required: [id], properties: {id: {type: string}, password: {type: string, writeOnly: true}}}"
    things = Things(tmp_path, both, both)
    draft = things.maker.created({"password": "x"}, things.schema("ThingCreate"), "k", {}, 0)
    assert draft.value == {"id": "k"}
    assert draft.hidden["sent"] == {"password": "x"}
