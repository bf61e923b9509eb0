"""What a POST does: create, update, a transition, or an action of its own."""

from __future__ import annotations

from mock_server.openapi.resources.claims import Claim
from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.model import SentRecords
from mock_server.openapi.resources.names import is_plural, noun_words, words_of
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form
from mock_server.openapi.resources.reading import alias_claim
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.sent_records import sent_records
from mock_server.openapi.resources.verb_words import CALLER, COPYING, SUPPORTED

_ECHOED = 0.6
"""The share of a body's members that an answer repeats where the body is the record."""


def judge_post(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a POST."""
    form = site.path.form
    if form[-1] == "{}":
        return _at_item(scene, site)
    group = scene.group(form)
    is_said = "create" in site.word.verbs and _is_plain_create(scene, site)
    is_verb = _is_verb(form[-1], scene, form)
    if group is not None and form[-1] not in CALLER and not is_verb and (is_said or scene.is_real(group)):
        return _at_collection(scene, site, group)
    caller = scene.of_caller(form, site.answer.shape) if site.answer.is_object else None
    if caller is not None and scene.table.reads(form):
        return Claim("update", caller.name, None, "the caller's own, read at this path", "answers it")
    if scene.table.is_singleton(form) and scene.alias(form) is not None:
        return alias_claim(scene, form, "update")
    if scene.table.is_singleton(form) and (site.sends_record or site.answer.is_object):
        return Claim(
            "singleton-write", scene.singleton_name(form), None, "one object is read at this path", _same(scene, site)
        )
    return _below_item(scene, site)


def _is_plain_create(scene: Scene, site: OperationSite) -> bool:
    """Tell whether a POST that nothing reads back makes a record: by 201, or since what comes in is shown again."""
    body = site.body.members if site.body is not None else {}
    shared = body.keys() & site.answer.shape.members.keys()
    return "201" in site.answer.statuses or len(shared) >= 3 or len(shared) > _ECHOED * len(body)


def _is_verb(segment: str, scene: Scene, form: Form) -> bool:
    """Tell whether a path ends in a verb, and nothing is listed there."""
    return segment in SUPPORTED and not is_plural(segment) and not scene.table.lists(form)


def _same(scene: Scene, site: OperationSite) -> str:
    """Return why the answer of a write is the object that GET answers; empty where it is not."""
    read = scene.table.site(site.path.form, "GET")
    if read is None:
        return ""
    if site.answer.is_object and read.answer.shape.members.keys() & site.answer.shape.members.keys():
        return "answers the same object"
    body = site.body
    return "sends members of that object" if body and body.members.keys() & read.answer.shape.members.keys() else ""


def _at_item(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    group, key = scene.group(form), scene.key(form)
    if scene.table.lists(form):
        return Claim("action", group.name if group else None, None, "POST of a list that is found by a parameter")
    is_read = scene.table.reads(form) or "update" in site.word.verbs
    if group is not None and key is not None and group.shows(site.answer.shape) and is_read:
        return Claim(
            "update", group.name, key.member, f"item by {{{scene.parameter(form)}}}", f"answers its item {_name(site)}"
        )
    if group is not None and key is not None and "update" in site.word.verbs and scene.writes(site, group):
        return Claim(
            "update", group.name, key.member, f"item by {{{scene.parameter(form)}}}", "sends members of its items"
        )
    return _elsewhere(scene, site) or Claim(
        "action", group.name if group else None, shape="POST of an item, which answers something else"
    )


def _of_named(scene: Scene, site: OperationSite) -> Claim | None:
    """Return the transition of a record that no path reads here: the path names it, and it is answered."""
    form = site.path.form
    above = scene.table.item_above(form)
    group = scene.showing(site.answer.shape) if above is not None and site.answer.is_object else None
    if group is None or above is None or len(above) < 2 or form[-1] == "{}":
        return None
    if noun_words(above[-2])[-1:] != noun_words(group.name)[-1:]:
        return None
    return Claim("transition", group.name, None, f"below an item of {group.name}, which it answers")


def _elsewhere(scene: Scene, site: OperationSite) -> Claim | None:
    """Return the claim of a POST that creates what other paths list: it says so, and answers it with 201."""
    is_said = site.word.verbs[:1] == ("create",) and site.word.word != "add"
    if "201" not in site.answer.statuses or not is_said or not site.answer.is_object:
        return None
    group = scene.listing(site.answer.shape)
    if group is None:
        return None
    return Claim("create", group.name, None, "", f"answers {_name(site)}, which other paths list")


def _beside_items(scene: Scene, site: OperationSite) -> Claim | None:
    """Return the claim of a POST beside items, whose path says that it creates one (``create_reversal``)."""
    form = site.path.form
    sibling = (*form[:-1], "{}")
    group = scene.group(sibling) if sibling in scene.table.forms else None
    words = words_of(form[-1])
    if group is None or words[:1] != ("create",) or "preview" in words:
        return None
    if scene.key(sibling) is None or not site.answer.is_object or not group.shows(site.answer.shape):
        return None
    return Claim("create", group.name, None, "beside items, and its path says so", f"answers its item {_name(site)}")


def _name(site: OperationSite) -> str:
    return site.answer.shape.name or "of the same members"


def _at_collection(scene: Scene, site: OperationSite, group: Group) -> Claim:
    """Return the claim of a POST to what lists records, or finds them below it."""
    form, answer = site.path.form, site.answer
    above = _owner(scene, form)
    if answer.is_object and group.shows(answer.shape):
        if above is group and not scene.table.has_items(form) and not set(site.word.word.split()) & COPYING:
            return Claim("transition", group.name, None, "below an item, which it answers")
        return Claim("create", group.name, None, "collection", f"answers its item {_name(site)}")
    if above is not None and answer.is_object and above.shows(answer.shape):
        return Claim("transition", above.name, None, "below an item, which it answers")
    if answer.is_list and not group.shows(answer.shape):
        return Claim("action", group.name, None, "answers a list of something else")
    writes = scene.writes(site, group)
    if scene.links_by_post(form):
        return Claim("link", group.name, None, "collection", "" if writes else "sends no members of its items")
    if site.body is not None and not writes and not _is_at_home(scene, form, group):
        verbs = "link" in site.word.verbs and site.word.word != "create"
        return Claim(
            "link", group.name, None, "records that live elsewhere", "sends no members of them" if verbs else ""
        )
    if answer.is_list:
        schema = f"answers a list of its items {_name(site)}"
        return Claim("create", group.name, None, "collection", schema, sends=sent_records(scene.reader, site, group))
    if writes:
        return Claim("create", group.name, None, "collection", "sends members of its items")
    if answer.is_object and scene.is_identified(answer.shape) and "id" not in (site.body.members if site.body else {}):
        doubts = (
            ()
            if answer.shape.members.keys() <= {"id", "object", "status", "key", "url"}
            else (f"answers {answer.shape.name or 'another object'}, which is not listed here",)
        )
        return Claim("create", group.name, None, "collection", "" if doubts else "answers an identity", doubts)
    return Claim("create", group.name, None, "collection")


def _is_at_home(scene: Scene, form: Form, group: Group) -> bool:
    """Tell whether records of a group are found below this collection, or nowhere else with fewer parents."""
    home, item = scene.home(group), (*form, "{}")
    if home is None:
        lists = [own for own in group.forms if scene.table.lists(own)]
        return len(lists) < 2 or noun_words(form[-1])[-1:] == noun_words(group.name)[-1:]
    if scene.table.collection_of(home) == form:
        return True
    return scene.group(item) is group and (scene.table.reads(item) or scene.table.site(item, "PATCH") is not None)


def _owner(scene: Scene, form: Form) -> Group | None:
    """Return the group of the item that a path stands right below."""
    return scene.group(form[:-1]) if form[:-1] and (form[-2] == "{}" or form[-2] in CALLER) else None


def _below_item(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a POST at a path that lists nothing."""
    form, answer = site.path.form, site.answer
    many = scene.showing(scene.reader.shape(site.body.items)) if site.body and site.body.kind == "array" else None
    if many is not None and "create" in site.word.verbs:
        return Claim("create", many.name, None, "", f"sends a list of {many.name}", sends=SentRecords(""))
    above = scene.table.item_above(form)
    owner = scene.group(above)
    if owner is not None and above is not None and answer.is_object and owner.shows(answer.shape):
        key = scene.key(above)
        member = key.member if key else None
        is_part = site.word.word == "create" and is_plural(form[-1])  # a tag is made, and the record answered
        if "201" in answer.statuses and site.word.word in COPYING and not is_part:
            return Claim("create", owner.name, None, "below an item, by 201", f"answers another {_name(site)}")
        return Claim("transition", owner.name, member, "below an item, which it answers")
    elsewhere = _elsewhere(scene, site) or _of_named(scene, site) or _beside_items(scene, site)
    if elsewhere is not None:
        return elsewhere
    if owner is not None:
        return Claim("action", owner.name, None, "below an item; answers something else")
    return Claim("action", shape="POST of something that is not listed")
