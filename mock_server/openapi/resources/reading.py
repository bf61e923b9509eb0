"""What a GET does: read, list, export, or show something computed."""

from __future__ import annotations

from mock_server.openapi.resources.claims import Claim
from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.model import Verb
from mock_server.openapi.resources.names import snake, words_of
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.verb_words import CALLER

_EXPORTING = frozenset({"export", "download", "csv"})
_SEARCHING = frozenset({"q", "query", "search", "term", "keyword", "text"})
_TABLES = ("text/csv", "application/csv", "application/x-ndjson", "application/ndjson")


def judge_get(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a GET."""
    form = site.path.form
    if site.answer.is_list:
        return _list(scene, site)
    if site.answer.is_object:
        return _item(scene, site) if form[-1] == "{}" else _fixed(scene, site)
    return _export(scene, site) or _other(scene, site)


def _list(scene: Scene, site: OperationSite) -> Claim:
    form, shape = site.path.form, site.answer.shape
    group = scene.group(form)
    name = shape.name or "objects"
    if "attributes" in shape.members and {"id", "type"} <= shape.members.keys():
        return Claim("list", group.name if group else None, doubts=("its records keep their members in `attributes`",))
    if group is not None and "search" in form and all("search" in own for own in group.forms):
        return Claim("view", shape=f"a search for {name}, which nothing else lists")
    if group is None or not (scene.is_identified(shape) or scene.is_keyed(group) or scene.creates(group)):
        return Claim("view", shape=f"a list of {name}, which have no identity and which nothing makes")
    if form[-1] == "{}" and scene.group(form[:-1]) is group and scene.is_identity(form):
        return Claim(
            "list", group.name, doubts=(f"{{{scene.parameter(form)}}} finds one record, and a list is answered",)
        )
    where = "GET below a parameter" if form[-1] == "{}" else "collection"
    return Claim("list", group.name, shape=where, schema=f"answers a list of {name}")


def _item(scene: Scene, site: OperationSite) -> Claim:
    form, shape = site.path.form, site.answer.shape
    group, key = scene.group(form), scene.key(form)
    parameter = scene.parameter(form)
    if group is None:
        return Claim("view", shape="GET of one object")
    if snake(parameter) in _SEARCHING:
        return Claim("view", shape=f"a search for {{{parameter}}}")
    if {"id", "type", "attributes"} <= shape.members.keys():
        return Claim("read", group.name, doubts=("the record keeps its members in `attributes`",))
    if key is not None:
        name = shape.name or group.name
        if key.is_hidden:
            return Claim("read", group.name, key.member, f"item by {{{parameter}}}, which PUT makes", f"answers {name}")
        return Claim(
            "read", group.name, key.member, f"item by {{{parameter}}}", f"answers {name}, which has `{key.member}`"
        )
    if scene.is_keyed(group) or scene.creates(group):
        return Claim(
            "read", group.name, doubts=(f"no member of {shape.name or 'the answer'} is named by {{{parameter}}}",)
        )
    return Claim("view", shape="GET of an object without identity, which nothing makes")


def _fixed(scene: Scene, site: OperationSite) -> Claim:
    """Return the claim of a GET whose path ends in a word, and whose answer is one object."""
    form, shape = site.path.form, site.answer.shape
    caller = scene.of_caller(form, shape)
    if caller is not None:
        return Claim("read", caller.name, None, "the caller's own", f"answers {shape.name or caller.name}")
    if scene.table.is_singleton(form):
        if scene.alias(form) is not None:
            return alias_claim(scene, form, "read")
        return Claim(
            "singleton-read", scene.singleton_name(form), None, "one object, which is written here", "answers an object"
        )
    return Claim("view", shape="GET of one object that nothing writes")


def alias_claim(scene: Scene, form: Form, verb: Verb) -> Claim:
    """Return the claim of a path that shows a record without saying which, such as ``latest``."""
    group = scene.alias(form)
    doubt = f"which of the {group.name if group else 'records'} `{form[-1]}` is cannot be seen"
    return Claim(verb, group.name if group else None, doubts=(doubt,))


def _export(scene: Scene, site: OperationSite) -> Claim | None:
    form = site.path.form
    group = _listed_above(scene, site)
    if group is None or not set(words_of(form[-1])) & _EXPORTING:
        return None
    is_table = site.answer.media.partition(";")[0] in _TABLES
    schema = f"answers {site.answer.media}" if is_table else ""
    return Claim("export", group.name, None, f"below the list of {group.name}", schema)


def _listed_above(scene: Scene, site: OperationSite) -> Group | None:
    above = site.path.form[:-1]
    return scene.group(above) if scene.table.lists(above) else None


def _other(scene: Scene, site: OperationSite) -> Claim:
    form = site.path.form
    if site.answer.is_empty and scene.is_linked(form):
        where = "beside PUT and DELETE of a link"
        return Claim(
            "read",
            scene.linked_name(form),
            None,
            where,
            "answers nothing, or 404" * ("404" in site.operation.responses),
        )
    if site.answer.is_empty and (scene.is_linked(form) or scene.table.site(form, "DELETE") is not None):
        return Claim("view", scene.linked_name(form), None, "tells whether there is one, without a body")
    if form[-1] in CALLER or form[-1] == "{}" or site.answer.is_empty:
        return Claim("view", shape="GET without an object to show")
    return Claim("view", shape=f"answers {site.answer.media or 'nothing'} that is no record")
