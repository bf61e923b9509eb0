from __future__ import annotations

from pathlib import Path

import pytest

from mock_server.storage import Record
from mock_server.worlds.state.making.draft import Draft, ViewError
from tests.support.record_makers import NOW, Things

KEY = "3f2a5c1e-0000-4000-8000-000000000001"
SENT = "{type: object, required: [name], properties: {name: {type: string}, color: {type: [string, 'null']},"
SENT += " tags: {type: array, items: {type: string}}, size: {type: integer, default: 7}, password: {type: string}}}"
SHOWN = """
type: object
required: [id, name, color, tags, size, created_at, modified_at, status, clicks_count, is_deleted, url]
properties:
  id: {type: string, format: uuid4}
  name: {type: string}
  color: {type: [string, 'null']}
  tags: {type: array, items: {type: string}}
  size: {type: integer}
  created_at: {type: string, format: date-time}
  modified_at: {type: [string, 'null'], format: date-time}
  status: {type: string, enum: [closed, active, draft]}
  clicks_count: {type: integer, minimum: 0}
  is_deleted: {type: boolean}
  canceled_at: {type: [string, 'null'], format: date-time}
  archived_at: {type: string, format: date-time}
  url: {type: string, format: uri}
  metadata: {type: object}
"""


def created(things: Things, sent: object, key: str = KEY, **known: object) -> Draft:
    """The draft of a thing."""
    assert isinstance(sent, dict)
    return things.maker.created(sent, things.schema("ThingCreate"), key, {}, NOW, known)  # type: ignore[arg-type]


def test_what_was_sent_comes_back_and_what_only_servers_set_is_set(tmp_path: Path) -> None:
    things = Things(tmp_path, SENT, SHOWN)
    draft = created(things, {"name": "Ada", "color": "red", "tags": ["a"], "size": 3})
    url = draft.value["url"]
    assert draft.value == {
        "id": KEY,
        "name": "Ada",
        "color": "red",
        "tags": ["a"],
        "size": 3,
        "created_at": "2026-01-01T00:00:00.250000Z",
        "modified_at": None,
        "status": "draft",
        "clicks_count": 0,
        "is_deleted": False,
        "canceled_at": None,
        "url": url,
        "metadata": {},
    }
    assert things.is_valid(draft.value)
    assert draft.findings == ()


def test_what_was_not_sent_is_the_default_or_null_or_empty(tmp_path: Path) -> None:
    draft = created(Things(tmp_path, SENT, SHOWN), {"name": "Ada"})
    assert (draft.value["color"], draft.value["tags"], draft.value["size"]) == (None, [], 7)


def test_what_could_be_sent_and_has_no_empty_value_is_left_out_where_it_may_be(tmp_path: Path) -> None:
    sent = "{type: object, properties: {name: {type: string}, nickname: {type: string}}}"
    shown = "{type: object, required: [id], properties: {id: {type: string}, name: {type: string},"
    shown += " nickname: {type: string}}}"
    assert created(Things(tmp_path, sent, shown), {"name": "Ada"}, "k").value == {"id": "k", "name": "Ada"}


def test_members_that_no_view_has_are_kept_beside(tmp_path: Path) -> None:
    draft = created(Things(tmp_path, SENT, SHOWN), {"name": "Ada", "password": "secret"})
    assert draft.hidden == {"scope": {}, "sent": {"password": "secret"}}
    assert draft.findings == ()


def test_a_value_that_the_answer_refuses_is_generated_kept_beside_and_told(tmp_path: Path) -> None:
    sent = "{type: object, properties: {name: {type: string}}}"
    shown = "{type: object, required: [id, name], properties: {id: {type: string}, name: {type: string, maxLength: 3}}}"
    things = Things(tmp_path, sent, shown)
    draft = created(things, {"name": "Adalbert"}, "k")
    assert things.is_valid(draft.value)
    assert draft.hidden["sent"] == {"name": "Adalbert"}
    (finding,) = draft.findings
    assert (finding.rule, finding.pointer, finding.found) == (
        "unshown-member",
        "/name",
        "was sent, and no view can show it",
    )


def test_generated_members_do_not_change_when_another_is_sent(tmp_path: Path) -> None:
    things = Things(tmp_path, SENT, SHOWN)
    first, second = created(things, {"name": "Ada"}), created(things, {"name": "Bea", "color": "red"})
    assert first.value["url"] == second.value["url"]
    assert first.value["url"] != created(things, {"name": "Ada"}, KEY.replace("1", "2")).value["url"]
    again = things.maker_of().created({"name": "Ada"}, things.schema("ThingCreate"), KEY, {}, NOW, {})
    assert again.value == first.value


def test_parents_make_another_record_of_the_same_key(tmp_path: Path) -> None:
    things = Things(tmp_path, SENT, SHOWN)
    urls = {things.maker.created({}, None, KEY, {"shops": shop}, NOW).value["url"] for shop in ("1", "2")}
    assert len(urls) == 2


def test_relations_of_the_server_win_over_what_was_sent(tmp_path: Path) -> None:
    sent = "{type: object, properties: {shop_id: {type: string}, name: {type: string}}}"
    shown = "{type: object, required: [id, shop_id], properties: {id: {type: string}, shop_id: {type: string}}}"
    draft = created(Things(tmp_path, sent, shown), {"shop_id": "elsewhere"}, "k", shop_id="here")
    assert draft.value == {"id": "k", "shop_id": "here"}
    assert [finding.rule for finding in draft.findings] == ["read-only-member"]


def test_read_only_members_are_not_taken(tmp_path: Path) -> None:
    both = "{type: object, required: [name], properties: {id: {type: string, readOnly: true}, name: {type: string},"
    both += " state: {type: string, readOnly: true, enum: [open, done]}}}"
    draft = created(Things(tmp_path, both, both), {"name": "Ada", "state": "done"}, "k")
    assert draft.value == {"id": "k", "name": "Ada", "state": "open"}


def test_what_is_read_only_in_answers_is_taken_where_requests_have_it(tmp_path: Path) -> None:
    sent = "{type: object, required: [title], properties: {title: {type: string, writeOnly: true},"
    sent += " color: {type: string, writeOnly: true, default: red}}}"
    shown = "{type: object, required: [id], properties: {id: {type: string}, title: {type: string, readOnly: true},"
    shown += " color: {type: string, readOnly: true}}}"
    draft = created(Things(tmp_path, sent, shown), {"title": "Ada"}, "k")
    assert draft.value == {"id": "k", "title": "Ada", "color": "red"}


def test_requests_may_spell_names_in_another_way(tmp_path: Path) -> None:
    sent = "{type: object, properties: {FriendlyName: {type: string}, MaxSize: {type: integer, default: 5}}}"
    shown = "{type: object, required: [id], properties: {id: {type: string}, friendly_name: {type: string},"
    things = Things(tmp_path, sent, shown + " max_size: {type: integer}}}")
    draft = created(things, {"FriendlyName": "Ada"}, "k")
    assert draft.value == {"id": "k", "friendly_name": "Ada", "max_size": 5}
    record = Record(things.resource.name, "k", draft.value, "", {"scope": {}})
    changed = things.maker.updated(record, {"MaxSize": 7}, "merge", things.schema("ThingUpdate"), NOW)
    assert changed.value == {"id": "k", "friendly_name": "Ada", "max_size": 7}


def test_the_key_has_the_type_of_its_member(tmp_path: Path) -> None:
    shown = "{type: object, required: [id], properties: {id: {type: integer}}}"
    assert created(Things(tmp_path, "{type: object}", shown), {}, "12").value == {"id": 12}


NESTED = """
type: object
required: [id, owner, lines]
properties:
  id: {type: string}
  owner: {type: object, required: [id, email], properties: {id: {type: string}, email: {type: string}}}
  lines:
    type: array
    items:
      type: object
      required: [price, created_at, is_archived, product]
      properties:
        price: {type: integer}
        created_at: {type: string, format: date-time}
        is_archived: {type: boolean}
        product: {type: [string, 'null']}
"""
NESTED_SENT = "{type: object, properties: {owner: {}, lines: {type: array, items: {type: object}}}}"


def test_nested_objects_get_what_the_answer_requires(tmp_path: Path) -> None:
    things = Things(tmp_path, NESTED_SENT, NESTED)
    value = created(things, {"owner": {"email": "a@example.com"}, "lines": [{"price": 1}, {"price": 2}]}, "k").value
    owner, lines = value["owner"], value["lines"]
    assert isinstance(owner, dict)
    assert owner["email"] == "a@example.com"
    later = {"created_at": "2026-01-01T00:00:00.250000Z", "is_archived": False, "product": None}
    assert lines == [{"price": 1, **later}, {"price": 2, **later}]
    assert things.is_valid(value)


def test_a_key_stands_for_the_object_that_it_names(tmp_path: Path) -> None:
    things = Things(tmp_path, NESTED_SENT, NESTED)
    owner = created(things, {"owner": "u1"}, "k").value["owner"]
    assert isinstance(owner, dict)
    assert owner["id"] == "u1"


def test_what_a_member_beside_names_is_shown_inside(tmp_path: Path) -> None:
    sent = "{type: object, properties: {owner_id: {type: string}}}"
    owner = created(Things(tmp_path, sent, NESTED), {"owner_id": "u1"}, "k").value["owner"]
    assert isinstance(owner, dict)
    assert owner["id"] == "u1"


UNION = """
oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: '#/components/schemas/Dog'}]
discriminator: {propertyName: kind, mapping: {cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}
"""
BRANCHES = """
Cat: {type: object, required: [id, kind, lives], properties: {id: {type: string}, kind: {const: cat},
  lives: {type: integer, minimum: 1}}}
Dog: {type: object, required: [id, kind, name], properties: {id: {type: string}, kind: {const: dog},
  name: {type: string}}}
"""


@pytest.mark.parametrize("openapi", ["3.1.0", "3.0.3"])
def test_what_was_sent_chooses_the_branch_of_a_union(tmp_path: Path, openapi: str) -> None:
    branches = (
        BRANCHES
        if openapi == "3.1.0"
        else BRANCHES.replace("const: cat", "enum: [cat]").replace("const: dog", "enum: [dog]")
    )
    sent = "{type: object, properties: {kind: {type: string}, name: {type: string}}}"
    things = Things(tmp_path, sent, UNION, others=branches, openapi=openapi)
    assert created(things, {"kind": "dog", "name": "Rex"}, "k").value == {"id": "k", "kind": "dog", "name": "Rex"}
    assert created(things, {"kind": "cat"}, "k").value["kind"] == "cat"
    assert created(things, {"name": "Rex"}, "k").value["kind"] == "dog"


def test_a_branch_that_is_part_of_another_takes_what_fits_it(tmp_path: Path) -> None:
    members = "{id: {type: string}, name: {type: string}"
    shown = f"oneOf: [{{type: object, required: [id], properties: {members}}}}},"
    shown += f" {{type: object, required: [id, months], properties: {members}, months: {{type: integer}}}}}}]"
    things = Things(tmp_path, "{type: object}", shown)
    draft = created(things, {"name": "Ada", "months": 3}, "k")
    assert draft.value == {"id": "k", "name": "Ada"}
    assert draft.hidden["sent"] == {"months": 3}


def test_an_empty_text_of_a_form_is_nothing(tmp_path: Path) -> None:
    things = Things(tmp_path, SENT, SHOWN)
    draft = things.maker.created({"name": "", "color": ""}, things.schema("ThingCreate"), KEY, {}, NOW, is_form=True)
    assert (draft.value["name"], draft.value["color"]) == ("", None)


def test_a_record_that_no_value_can_be_is_refused_with_the_place(tmp_path: Path) -> None:
    shown = "{type: object, required: [id, x], properties: {id: {type: string}, x: {type: string, minLength: 3,"
    things = Things(tmp_path, "{type: object}", shown + " maxLength: 2}}}")
    with pytest.raises(ViewError) as caught:
        created(things, {}, "k")
    assert caught.value.pointer == "/x"


def test_a_new_thing_has_no_counts_no_records_of_others_and_is_not_gone(tmp_path: Path) -> None:
    shown = """
    type: object
    required: [id, usage, refunded, enabled, other_id, note, state]
    properties:
      id: {type: string}
      usage: {type: object, required: [total], properties: {total: {type: integer}, parts: {type: object,
        properties: {small: {type: integer}}}}}
      refunded: {type: boolean}
      enabled: {type: boolean}
      other_id: {type: [string, 'null']}
      closed_by: {type: string}
      note: {type: string, enum: [b, a]}
      state: {type: string, example: open}
    """
    value = created(Things(tmp_path, "{type: object}", shown), {}, "k").value
    assert value.pop("note") in ("a", "b")
    assert value == {
        "id": "k",
        "usage": {"total": 0, "parts": {"small": 0}},
        "refunded": False,
        "enabled": True,
        "other_id": None,
        "state": "open",
    }


def test_a_key_that_a_client_chose_is_told(tmp_path: Path) -> None:
    sent = "{type: object, properties: {id: {type: string, maxLength: 5}, name: {type: string}}}"
    shown = "{type: object, required: [id], properties: {id: {type: string, maxLength: 5}, name: {type: string}}}"
    things = Things(tmp_path, sent, shown)
    schema = things.schema("ThingCreate")
    assert things.maker.key_sent({"id": "mine"}, schema) == "mine"
    assert things.maker.key_sent({"name": "mine"}, schema) is None
    assert things.maker.key_sent({"id": "too long"}, schema) is None
