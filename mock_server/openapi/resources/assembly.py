"""Resources as the model has them, from groups of paths and the verdicts on their operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace

from mock_server.openapi.resources.grouping import Group
from mock_server.openapi.resources.list_parameters import parameters_of
from mock_server.openapi.resources.model import Collection, InferredResource, ItemPath, Parent, RecordKey, Verdict, View
from mock_server.openapi.resources.names import noun_words
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form
from mock_server.openapi.resources.relations import RelationFinder
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.schema_shapes import UNKNOWN


def resources_of(
    scene: Scene, sites: Iterable[OperationSite], verdicts: Mapping[str, Verdict]
) -> dict[str, InferredResource]:
    """Return the resources that some verdict speaks of, by name."""
    by_resource: dict[str, list[OperationSite]] = defaultdict(list)
    for site in sites:
        name = verdicts[site.operation.key].resource
        if name is not None:
            by_resource[name].append(site)
    groups = {group.name: group for group in scene.groups.values()}
    related = [group for name, group in groups.items() if name in by_resource]
    finder = RelationFinder(scene.reader, related, lambda group: _home_key(scene, group))
    nouns = nouns_of(groups)
    singletons = {name: form for form, name in scene.singletons.items()}
    resources = {
        name: _resource(scene, groups[name], own, verdicts, finder, nouns)
        if name in groups
        else _singleton(scene, name, singletons.get(name), own, verdicts)
        for name, own in by_resource.items()
    }
    for name, own in by_resource.items():
        creating = [site for site in own if verdicts[site.operation.key].verb == "create"]
        resources[name] = _with_creating_paths(scene, resources[name], creating)
    return {name: _with_known_parents(resource, resources.keys()) for name, resource in resources.items()}


def _with_creating_paths(scene: Scene, resource: InferredResource, sites: list[OperationSite]) -> InferredResource:
    """Return a resource with the paths that create its records and are neither its collection nor below its item."""
    known = {place.path for place in resource.collections}
    starts = tuple(f"{item.path}/" for item in resource.items if item.parameter is not None)
    elsewhere = tuple(
        Collection(site.operation.path, None, parents_at(scene, site.path.form))
        for site in sites
        if site.operation.path not in known and not site.operation.path.startswith(starts)
    )
    return replace(resource, collections=(*resource.collections, *elsewhere)) if elsewhere else resource


def _with_known_parents(resource: InferredResource, names: Container[str]) -> InferredResource:
    """Return a resource whose parents are of resources that there are; of others nothing is known."""

    def known(parents: tuple[Parent, ...]) -> tuple[Parent, ...]:
        return tuple(
            parent if parent.resource is None or parent.resource in names else Parent(parent.parameter)
            for parent in parents
        )

    return replace(
        resource,
        collections=tuple(replace(place, parents=known(place.parents)) for place in resource.collections),
        items=tuple(replace(item, parents=known(item.parents)) for item in resource.items),
    )


def nouns_of(names: Iterable[str]) -> frozenset[str]:
    """Return the nouns of resources in the singular."""
    return frozenset(noun_words(name)[-1] for name in names if noun_words(name))


def _resource(
    scene: Scene,
    group: Group,
    sites: list[OperationSite],
    verdicts: Mapping[str, Verdict],
    finder: RelationFinder,
    nouns: frozenset[str],
) -> InferredResource:
    relations, embeds = finder.relations_of(group)
    items = tuple(item_at(scene, form) for form in group.forms if scene.table.is_item(form))
    home = scene.home(group)
    at_home = sorted(items, key=lambda item: item.path != _path(scene, home))
    keys: dict[str, RecordKey] = {}
    for item in at_home:
        if item.key is not None:
            keys.setdefault(item.key.member, item.key)
    return InferredResource(
        name=group.name,
        schema=_schema(scene, group, home),
        collections=tuple(
            collection_at(scene, form, nouns)
            for form in group.forms
            if not scene.table.is_item(form) and form in scene.table.forms
        ),
        items=items,
        keys=tuple(keys.values()),
        views=tuple(view_of(site) for site in sites if _shows(site, group, verdicts[site.operation.key])),
        relations=relations,
        embeds=embeds,
    )


def _singleton(
    scene: Scene, name: str, form: Form | None, sites: list[OperationSite], verdicts: Mapping[str, Verdict]
) -> InferredResource:
    """Return the resource of one record for each parent; without a form, what only links speak of."""
    if form is None:
        return InferredResource(name)
    shape = scene.table.shown(form)
    item = ItemPath(_path(scene, form), None, None, parents_at(scene, form))
    return InferredResource(
        name,
        shape.name,
        is_singleton=True,
        items=(item,),
        views=tuple(
            view_of(site)
            for site in sites
            if site.answer.is_object and verdicts[site.operation.key].verb != "delete"  # that says that it is done
        ),
    )


def _home_key(scene: Scene, group: Group) -> RecordKey | None:
    """Return the key by which records of a group are found where they are at home."""
    home = scene.home(group)
    return scene.key(home) if home is not None else None


def _path(scene: Scene, form: Form | None) -> str:
    """Return a path as the contract writes it."""
    sites = scene.table.forms.get(form, {}) if form is not None else {}
    return next((site.operation.path for site in sites.values()), "")


def _schema(scene: Scene, group: Group, home: Form | None) -> str:
    """Return the name of the schema that shows most: that of the home, or the largest."""
    shape = scene.table.shown(home) if home is not None else UNKNOWN
    largest = group.shape
    return shape.name or (largest.name if largest is not None else "")


def collection_at(scene: Scene, form: Form, nouns: frozenset[str]) -> Collection:
    """Return the collection at a path; ``nouns`` are the singular nouns of all resources."""
    path, parents = _path(scene, form), parents_at(scene, form)
    site = scene.table.site(form, "GET")
    if site is None or not site.answer.is_list or site.answer.envelope is None:
        return Collection(path, None, parents)
    parameters, ignored = parameters_of(scene.reader, site.query(), site.answer.shape, nouns)
    return Collection(path, site.answer.envelope.pointer, parents, parameters, ignored)


def item_at(scene: Scene, form: Form) -> ItemPath:
    """Return the item path at a path."""
    if form[-1] != "{}":
        return ItemPath(_path(scene, form), None, None, parents_at(scene, form))
    return ItemPath(_path(scene, form), scene.parameter(form), scene.key(form), parents_at(scene, form[:-1], form))


def parents_at(scene: Scene, form: Form, whole: Form | None = None) -> tuple[Parent, ...]:
    """Return what the parameters of a form name; ``whole`` is the path that has them, where the form is not one."""
    sites = scene.table.forms.get(whole or form, {})
    names = next((site.path.parameters for site in sites.values()), ())
    ends = [end for end, segment in enumerate(form, 1) if segment == "{}"]
    return tuple(_parent(scene, form[:end], name) for end, name in zip(ends, names, strict=False))


def _parent(scene: Scene, form: Form, parameter: str) -> Parent:
    group = scene.group(form)
    if group is None or form not in scene.table.forms or not scene.table.is_item(form):
        return Parent(parameter)
    key: RecordKey | None = scene.key(form)
    return Parent(parameter, group.name, key.member if key is not None else None)


def _shows(site: OperationSite, group: Group, verdict: Verdict) -> bool:
    """Tell whether an answer shows a record: by its schema, or as the answer of what reads one or lists them.

    A path may have a second reading under a schema of another name (``GET /responses/{id}?beta=true``).
    """
    is_read = verdict.is_sure and verdict.verb in ("read", "list")
    return site.answer.shape.kind == "object" and (is_read or group.shows(site.answer.shape))


def view_of(site: OperationSite) -> View:
    """Return where the answer of an operation shows a record, or several."""
    answer = site.answer
    pointer = answer.envelope.pointer if answer.envelope is not None else ""
    return View(site.operation.key, answer.status, answer.media, answer.shape.name, pointer, answer.is_list)
