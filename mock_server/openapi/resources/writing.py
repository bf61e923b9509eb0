"""What a PUT, PATCH or DELETE does: to an item, a link, a singleton, a collection."""

from __future__ import annotations

from mock_server.openapi.resources.claims import Claim
from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.item_keys import key_of
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.reading import alias_claim
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.verb_words import ENDING

_ENDING_ALL = frozenset({"delete", "destroy", "erase"})
"""Words that take away the thing itself, not only from a list."""


def judge_put(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a PUT or PATCH."""
    form = site.path.form
    if site.method == "PUT" and scene.is_linked(form):
        return _link(scene, site)
    if form[-1] == "{}":
        return _update(scene, site)
    caller = scene.of_caller(form, scene.table.shown(form)) if scene.table.reads(form) else None
    if caller is not None:
        return Claim("update", caller.name, None, "the caller's own", "sends its members" * site.sends_record)
    if scene.table.reads(form) and scene.alias(form) is not None:
        return alias_claim(scene, form, "update")
    if scene.table.is_singleton(form) and site.body is not None:
        return _singleton(scene, site)
    group = scene.group(form)
    if group is not None:
        return _of_collection(scene, site, group)
    return _below_item(scene, site)


def _link(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    is_pair = scene.table.site(form, "DELETE") is not None
    if not is_pair and form[-1] != "{}":
        return _below_item(scene, site)
    schema = "answers nothing" if site.answer.is_empty else ""
    shape = "PUT without a body, and DELETE" if is_pair else "PUT without a body"
    return Claim("link", scene.linked_name(form), None, shape, schema)


def _update(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    group, key = scene.group(form), scene.key(form)
    parameter = scene.parameter(form)
    if group is None:
        return Claim("action", shape=f"{site.method} of what nothing reads")
    if scene.table.lists(form):
        return Claim("action", group.name, None, f"{site.method} of a whole list")
    if not scene.is_real(group):
        return Claim("update", group.name, None, f"item by {{{parameter}}}", doubts=("nothing reads or lists it",))
    if key is None:
        doubt = f"no member of its records is named by {{{parameter}}}"
        return Claim("update", group.name, None, f"item by {{{parameter}}}", doubts=(doubt,))
    if site.body is None:
        is_answered = group.shows(site.answer.shape)
        return Claim("transition" if is_answered else "action", group.name, key.member, f"{site.method} without a body")
    schema = ""
    if group.shows(site.answer.shape):
        schema = f"answers its item {site.answer.shape.name}".rstrip()
    elif site.sends_record and scene.writes(site, group):
        schema = "sends its members"
    elif group.resembles(site.answer.shape):
        schema = "answers members of its items"
    doubts: tuple[str, ...] = ()
    if not schema and site.answer.is_object and scene.is_identified(site.answer.shape):
        doubts = (f"answers {site.answer.shape.name or 'another object'}",)
    return Claim("update", group.name, key.member, f"item by {{{parameter}}}", schema, doubts)


def _singleton(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    read = scene.table.shown(form).members
    body = site.body.members if site.body is not None else {}
    schema = "sends members of that object" if body.keys() & read.keys() else ""
    return Claim("singleton-write", scene.singleton_name(form), None, "one object is read at this path", schema)


def _of_collection(scene: Scene, site: OperationSite, group: Group) -> Claim:
    """Return the claim of a PUT or PATCH of a collection: an update, where the body is a record with its key."""
    body = site.body
    if body is not None and group.shows(body):
        key = key_of(scene.reader, body, "id", None, group.name)
        if key is not None:
            return Claim("update", group.name, key.member, "collection", f"sends an item with its `{key.member}`")
    return Claim("action", group.name, None, f"{site.method} of a whole collection")


def _below_item(scene: Scene, site: OperationSite) -> Claim:
    above = scene.table.item_above(site.path.form)
    owner = scene.group(above)
    if owner is not None and above is not None and site.answer.is_object and owner.shows(site.answer.shape):
        key = scene.key(above)
        return Claim("transition", owner.name, key.member if key else None, "below an item, which it answers")
    return Claim("action", owner.name if owner else None, None, f"{site.method} of what nothing reads")


def judge_delete(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a DELETE."""
    form = site.path.form
    if scene.is_linked(form):
        return Claim("unlink", scene.linked_name(form), None, "PUT without a body, and DELETE", _schema(site))
    if form[-1] == "{}":
        return _delete(scene, site)
    shape = scene.table.shown(form)
    caller = scene.of_caller(form, shape) if scene.table.reads(form) else None
    if caller is not None:
        return _ended(site, Claim("delete", caller.name, None, "the caller's own", _schema(site)), caller)
    if site.sends_record:
        return Claim("action", None, None, "DELETE of what its body names")
    if scene.table.reads(form) and scene.alias(form) is not None:
        return alias_claim(scene, form, "delete")
    if scene.table.is_singleton(form):
        return Claim("delete", scene.singleton_name(form), None, "one object is read at this path", _schema(site))
    group = scene.group(form)
    if group is not None:
        return Claim("action", group.name, None, "DELETE of a whole collection")
    above = scene.group(scene.table.item_above(form))
    return Claim("action", above.name if above else None, None, "DELETE of what nothing reads")


def _schema(site: OperationSite) -> str:
    """Return what the answer of a DELETE says: nothing, or that something is deleted."""
    if site.answer.is_empty:
        return "answers nothing"
    return "answers `deleted`" if "deleted" in site.answer.shape.members else ""


def _delete(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    group, key = scene.group(form), scene.key(form)
    parameter = scene.parameter(form)
    collection = scene.group(scene.table.collection_of(form))
    if group is None:
        return Claim("action", shape="DELETE of what nothing reads")
    if scene.table.lists(form):
        return Claim("action", group.name, None, "DELETE of a whole list")
    if not scene.is_real(group):
        return Claim("delete", group.name, None, f"item by {{{parameter}}}", doubts=("nothing reads or lists it",))
    before = scene.table.collection_of(form)
    if before is not None and scene.links_by_post(before):
        return Claim("unlink", group.name, key.member if key else None, "POST of the collection links", _schema(site))
    is_created = before is not None and scene.table.site(before, "POST") is not None
    if site.word.verbs[:1] == ("unlink",) and scene.table.site(form, "PATCH") is None and not is_created:
        return Claim("unlink", group.name, key.member if key else None, f"item by {{{parameter}}}", _schema(site))
    if collection is group and not scene.is_home(form, group):
        if site.word.word in _ENDING_ALL:
            doubt = f'they live elsewhere, and its name says "{site.word.word}"'
            return Claim("delete", group.name, key.member if key else None, f"item by {{{parameter}}}", doubts=(doubt,))
        return Claim("unlink", group.name, key.member if key else None, "records that live elsewhere", _schema(site))
    if key is None:
        doubt = f"no member of its records is named by {{{parameter}}}"
        return Claim("delete", group.name, None, f"item by {{{parameter}}}", doubts=(doubt,))
    schema = _schema(site) or ("answers the item" if group.shows(site.answer.shape) else "")
    return _ended(site, Claim("delete", group.name, key.member, f"item by {{{parameter}}}", schema), group)


def _ended(site: OperationSite, claim: Claim, group: Group) -> Claim:
    """Return the claim with a doubt where the record goes on: it is answered, and the name says cancel or the like."""
    if site.word.word in ENDING and group.shows(site.answer.shape):
        doubt = f'answers the item, and its name says "{site.word.word}"'
        return Claim(claim.verb, claim.resource, claim.key, claim.shape, "", (doubt,))
    return claim
