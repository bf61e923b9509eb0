"""Correct what was inferred by what the ``x-mock-*`` data of a contract or an overlay says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mock_server.core.json_pointer import pointer_of
from mock_server.openapi.effects.steps import answers
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.assembly import collection_at, item_at, nouns_of, resources_of, view_of
from mock_server.openapi.resources.effect_checks import EffectChecks
from mock_server.openapi.resources.grouping import Group, unite
from mock_server.openapi.resources.model import (
    Collection,
    InferredResource,
    ItemPath,
    RecordKey,
    ResourceModel,
    Verb,
    Verdict,
)
from mock_server.openapi.resources.operation_correction import OperationCorrector, key_said
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form
from mock_server.openapi.resources.resource_correction import ResourceCorrector
from mock_server.openapi.resources.scene import Scene
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.openapi.state_extensions import ResourceCorrection

_PLACED: frozenset[Verb] = frozenset({"create", "read", "list", "update", "delete", "transition"})
"""The verbs whose paths belong to a resource."""
_SHOWING: frozenset[Verb] = _PLACED | {"singleton-read", "singleton-write"}
"""The verbs whose answers may show a record."""


class Corrections:
    """All that a contract says of its resources and operations besides what is inferred."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._resources = contract.extensions.corrections
        operations = contract.operations.values()
        self._operations = [item for item in operations if item.correction or item.effects or item.absent]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is said."""
        return not (self._resources or self._operations or self._contract.extensions.has_token_records)

    def unite(self, groups: dict[Form, Group]) -> None:
        """Make one group of the paths that show a view of a resource, and give it the name, in place."""
        for name, correction in self._resources.items():
            unite(groups, name, self._schemas(correction, groups))

    def _schemas(self, correction: ResourceCorrection, groups: Mapping[Form, Group]) -> frozenset[str]:
        """Return the names of the views; the schema too, where no path gave the name to what is inferred."""
        is_named = any(group.name == correction.name for group in groups.values())
        references = correction.views if is_named else (*correction.views, correction.schema)
        return frozenset(reference.rpartition("/")[2] for reference in references if reference)

    def keys(self, sites: Sequence[OperationSite], reader: ShapeReader) -> dict[Form, RecordKey | None]:
        """Return the keys of item paths that operations say, whichever of their operations it is."""
        return {
            site.path.form: key
            for site in sites
            if site.operation.correction is not None and site.path.form[-1:] == ("{}",)
            for key in (key_said(site, reader),)
            if key is not None and site.operation.correction.parameter == site.path.parameters[-1]
        }

    def applied(self, scene: Scene, sites: Sequence[OperationSite], verdicts: Mapping[str, Verdict]) -> ResourceModel:
        """Return the corrected model; raises :class:`ContractError` for a correction that cannot work."""
        names = {verdict.resource: None for verdict in verdicts.values() if verdict.resource is not None}
        names |= dict.fromkeys((*self._resources, *self._contract.extensions.resources))
        corrector = OperationCorrector(self._contract, scene, tuple(names))
        corrected = {site.operation.key: corrector.verdict(site, verdicts[site.operation.key]) for site in sites}
        resources = resources_of(scene, sites, corrected)
        for name in self._resources:
            resources.setdefault(name, InferredResource(name))
        _place(scene, sites, corrected, resources, corrector.keys)
        resource_corrector = ResourceCorrector(self._contract, scene.reader, sites, corrected, resources)
        edited = {name: resource_corrector.resource(resource) for name, resource in resources.items()}
        for number, kind in enumerate(self._contract.extensions.tokens):
            if kind.through is not None:
                where = pointer_of("x-mock-tokens", number, "through", "resource")
                resource_corrector.known_resource(kind.through.resource, where)
        effects = EffectChecks(self._contract, resource_corrector, corrected, edited)
        for site in sites:
            effects.check(site)
            effects.check_absent(site)
        return ResourceModel(edited, corrected, (*corrector.findings, *resource_corrector.findings))


def _place(
    scene: Scene,
    sites: Sequence[OperationSite],
    verdicts: Mapping[str, Verdict],
    resources: dict[str, InferredResource],
    keys: Mapping[str, RecordKey],
) -> None:
    """Give each corrected operation's path to its resource, and take it from others, in place.

    ``keys`` are those of operations which say where it stands, by operation.
    """
    users: dict[str, set[str]] = {}
    for site in sites:
        users.setdefault(site.operation.path, set()).add(verdicts[site.operation.key].resource or "")
    nouns = nouns_of(resources)
    for site in sites:
        if site.operation.correction is None:
            continue
        verdict = verdicts[site.operation.key]
        for name, resource in resources.items():
            if name != verdict.resource:
                resources[name] = _without(resource, site, keeps_path=name in users[site.operation.path])
        if verdict.resource is not None:
            resource = _with_place(scene, site, verdict, resources[verdict.resource], nouns)
            key = keys.get(site.operation.key)
            resources[verdict.resource] = resource if key is None else _with_key(resource, site.operation.path, key)


def _without(resource: InferredResource, site: OperationSite, *, keeps_path: bool) -> InferredResource:
    """Return a resource without what an operation shows, and without its path unless another operation needs it."""
    path = site.operation.path
    views = tuple(view for view in resource.views if view.operation != site.operation.key)
    if keeps_path:
        return replace(resource, views=views)
    collections = tuple(place for place in resource.collections if place.path != path)
    items = tuple(place for place in resource.items if place.path != path)
    return replace(resource, views=views, collections=collections, items=items)


def _with_place(
    scene: Scene, site: OperationSite, verdict: Verdict, resource: InferredResource, nouns: frozenset[str]
) -> InferredResource:
    """Return a resource with the path of an operation, and where its answer shows a record."""
    form, path = site.path.form, site.operation.path
    known = {place.path for place in resource.collections} | {item.path for item in resource.items}
    is_seen = any(view.operation == site.operation.key for view in resource.views)
    is_told = verdict.verb == "transition" and answers(site.operation.effects)
    if verdict.verb in _SHOWING and (site.answer.is_object or site.answer.is_list) and not (is_seen or is_told):
        resource = replace(resource, views=(*resource.views, view_of(site)))
    is_placed = verdict.verb in _PLACED or (verdict.verb == "view" and verdict.key is not None)
    if not is_placed or path in known or (verdict.verb in ("transition", "view") and _is_below(resource, path)):
        return resource
    if verdict.verb in ("list", "create"):
        collection: Collection = collection_at(scene, form, nouns)
        return replace(resource, collections=(*resource.collections, collection))
    item: ItemPath = item_at(scene, form)
    if item.key is None and verdict.key is not None:
        item = replace(item, key=RecordKey(verdict.key))
    return replace(resource, items=(*resource.items, item))


def _is_below(resource: InferredResource, path: str) -> bool:
    """Tell whether a path stands below an item of a resource."""
    return any(item.parameter is not None and path.startswith(f"{item.path}/") for item in resource.items)


def _with_key(resource: InferredResource, path: str, key: RecordKey) -> InferredResource:
    """Return a resource whose item at a path is found by a key."""
    items = tuple(replace(item, key=key) if item.path == path else item for item in resource.items)
    return replace(resource, items=items)
