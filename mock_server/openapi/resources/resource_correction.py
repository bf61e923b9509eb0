"""Correct a resource by what ``x-mock-resources`` says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import ContractError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.text import did_you_mean
from mock_server.core.types import JSON
from mock_server.openapi.effects.record_values import RELATED
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.model import Collection, Embed, InferredResource, RecordKey, Relation, Verdict
from mock_server.openapi.resources.operation_correction import CONTRADICTION
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.openapi.state_extensions import NONE, RecordFilter, RelatedFilter, ResourceCorrection, members_read

_WRITING = ("create", "update", "singleton-write", "transition")


class ResourceCorrector:
    """Corrects resources one by one. ``findings`` is what works although the contract contradicts it."""

    def __init__(
        self,
        contract: Contract,
        reader: ShapeReader,
        sites: Sequence[OperationSite],
        verdicts: Mapping[str, Verdict],
        resources: Mapping[str, InferredResource],
    ) -> None:
        self.findings: list[Diagnostic] = []
        self._contract = contract
        self._reader = reader
        self._sites = {site.operation.key: site for site in sites}
        self._verdicts = verdicts
        self._resources = resources

    def resource(self, resource: InferredResource) -> InferredResource:
        """Return a resource as corrected; raises :class:`ContractError` for a correction that cannot work."""
        items = {item.key.member: item.key for item in resource.items if item.key is not None}
        known = {key.member: key for key in resource.keys}
        keys = tuple({**items, **known}[member] for member in {**known, **items})
        correction = self._contract.extensions.corrections.get(resource.name)
        if correction is None:
            return replace(resource, keys=keys)
        return _ResourceEdit(self, self._contract, replace(resource, keys=keys), correction).done()

    def members(self, resource: InferredResource, schemas: Iterable[str] = ()) -> dict[str, JSON]:
        """Return the schemas of all members that records have or requests send, by name."""
        members: dict[str, JSON] = {}
        for reference in schemas:
            members |= self._reader.shape({"$ref": reference}).members if reference else {}
        for view in resource.views:
            members |= self._sites[view.operation].answer.shape.members
        for key, verdict in self._verdicts.items():
            body = self._sites[key].body
            if verdict.resource == resource.name and verdict.verb in _WRITING and body is not None:
                members = {**body.members, **members}
        return members

    def members_of(self, name: str) -> dict[str, JSON]:
        """Return the members of another resource."""
        correction = self._contract.extensions.corrections.get(name)
        if correction is None:
            return self.members(self._resources[name])
        hidden: dict[str, JSON] = dict.fromkeys(correction.hidden, True)
        return self.members(self._resources[name], (correction.schema, *correction.views)) | hidden

    def answered(self, site: OperationSite) -> tuple[str, ...]:
        """Return the members of the answer of an operation; none where they cannot be seen."""
        answer = site.answer
        response = site.operation.responses.get(answer.status)
        schemas = (media.schema for media in (response.content if response else ()) if media.name == answer.media)
        return tuple(name for schema in schemas for name in self._reader.shape(schema).members)

    def is_list(self, schema: JSON) -> bool:
        """Tell whether a member holds several."""
        return self._reader.shape(schema).kind == "array"

    def is_integer(self, schema: JSON) -> bool:
        """Tell whether a member is a whole number."""
        return "integer" in self._reader.shape(schema).types

    def refusal(self, pointer: str, actual: str, expected: str) -> ContractError:
        """Return the error of a correction that cannot work."""
        return ContractError(
            f"{self._contract.locate(pointer)} {pointer}: found {actual}; expected {expected}. Fix the overlay."
        )

    def note(self, pointer: str, actual: str, expected: str) -> None:
        """Remember a correction that the contract contradicts."""
        place = self._contract.locate(pointer)
        self.findings.append(Diagnostic(CONTRADICTION, place, actual, expected, pointer, "Fix the overlay."))

    def known_resource(self, name: str, pointer: str) -> str:
        """Return the name of a resource; raises :class:`ContractError` where there is none of that name."""
        if name not in self._resources:
            actual = f"the resource {name!r}{did_you_mean(name, self._resources)}"
            raise self.refusal(pointer, actual, f"one of {', '.join(self._resources)}")
        return name

    @property
    def names(self) -> Iterable[str]:
        """The names of all resources."""
        return self._resources

    def parameters(self, resource: InferredResource) -> set[str]:
        """Return the names of the query parameters of a resource's lists."""
        paths = {collection.path for collection in resource.collections if collection.envelope is not None}
        sites = (site for site in self._sites.values() if site.method == "GET" and site.operation.path in paths)
        return {parameter.name for site in sites for parameter in site.query()}


class _ResourceEdit:
    """One correction of one resource."""

    def __init__(
        self,
        corrector: ResourceCorrector,
        contract: Contract,
        resource: InferredResource,
        correction: ResourceCorrection,
    ) -> None:
        self._corrector = corrector
        self._resource = resource
        self._correction = correction
        self._where = pointer_of("x-mock-resources", resource.name)
        self._members = corrector.members_of(resource.name)
        shown = contract.extensions.webhooks.deliveries
        if shown is not None and shown.resource == resource.name:  # lists are filtered by what is shown nowhere, too
            self._members |= {name: True for name in shown.names if name not in self._members}
        fixtures = contract.extensions.resources
        if not (resource.collections or resource.items or resource.views or resource.name in fixtures):
            others = [name for name in corrector.names if name != resource.name]
            actual = f"the resource {resource.name!r}{did_you_mean(resource.name, others)}"
            expected = f"one of {', '.join(others)}; or a schema, and operations that name it by x-mock-resource"
            raise corrector.refusal(self._where, actual, expected)

    def done(self) -> InferredResource:
        """Return the corrected resource."""
        resource, correction = self._resource, self._correction
        relations = self._relations()
        schema = correction.schema.rpartition("/")[2] or resource.schema
        for number, rule in enumerate(correction.unique):
            self._expect_members(rule.members, f"unique/{number}/members")
        self._expect_members(correction.initial, "initial")
        self._expect_members(correction.derived, "derived")
        for member, derived in correction.derived.items():
            self._expect_places(derived.reads, pointer_of("derived", member)[1:])
        for word, place in correction.sort.items():
            self._expect_places((place,), pointer_of("sort", word)[1:])
        return replace(
            resource,
            schema=schema,
            keys=self._keys(),
            relations=relations,
            embeds=self._embeds(relations),
            collections=self._collections(),
            unique=correction.unique,
            owner=self._owner(),
            initial=correction.initial,
            derived=correction.derived,
            sort=correction.sort,
            filters=correction.filters,
            order=correction.order,
            hidden=correction.hidden,
            lists=self._lists(),
            records=correction.records,
            missing=self._missing(relations),
        )

    def _keys(self) -> tuple[RecordKey, ...]:
        """Return the keys: the given ones in their order, then what other paths find records by."""
        known = {key.member: key for key in self._resource.keys}
        by_place = {key.place: key for key in self._resource.keys}
        keys: dict[str, RecordKey] = {}
        for index, name in enumerate(self._correction.keys):
            key = known.get(name) or by_place.get(name)
            if key is None and name not in self._members and self._members:
                actual = f"{name!r}{did_you_mean(name, self._members)}"
                expected = f"a member of {self._resource.name}"
                raise self._corrector.refusal(f"{self._where}/keys/{index}", actual, expected)
            key = key or RecordKey(name, is_integer=self._corrector.is_integer(self._members.get(name)))
            keys[key.member] = key
        return tuple({**keys, **{member: key for member, key in known.items() if member not in keys}}.values())

    def _owner(self) -> str:
        owner = self._correction.owner
        return self._corrector.known_resource(owner, f"{self._where}/owner") if owner else ""

    def _relations(self) -> tuple[Relation, ...]:
        relations = {relation.member: relation for relation in self._resource.relations}
        self._expect_members(self._correction.relations, "relations")
        for member, name in self._correction.relations.items():
            if name == NONE:
                relations.pop(member, None)
                continue
            self._corrector.known_resource(name, self._where + pointer_of("relations", member))
            relations[member] = Relation(member, name, self._corrector.is_list(self._members.get(member)))
        return tuple(relations.values())

    def _lists(self) -> Mapping[str, RelatedFilter]:
        """Return which records of others members of views list."""
        for name, rule in self._correction.lists.items():
            where = self._where + pointer_of("lists", name)
            self._corrector.known_resource(rule.related, f"{where}/related")
            members = self._corrector.members_of(rule.related)
            for member in rule.where:
                if members and member not in members:
                    actual = f"{member!r}{did_you_mean(member, members)}"
                    self._corrector.note(where + pointer_of("where", member), actual, f"a member of {rule.related}")
        return self._correction.lists

    def _missing(self, relations: Iterable[Relation]) -> Mapping[str, str]:
        """Return the failures of relations that lead nowhere."""
        known = {relation.member for relation in relations}
        for member in self._correction.missing:
            if member not in known:
                actual = f"{member!r}{did_you_mean(member, known)}"
                expected = f"a relation of {self._resource.name} (relations: {{{member}: RESOURCE}})"
                raise self._corrector.refusal(self._where + pointer_of("missing", member), actual, expected)
        return self._correction.missing

    def _embeds(self, relations: Iterable[Relation]) -> tuple[Embed, ...]:
        by_member = {relation.member: relation for relation in relations}
        embeds = {
            embed.member: embed if embed.relation in by_member else replace(embed, relation=None)
            for embed in self._resource.embeds
        }
        self._expect_members(self._correction.embeds, "embeds")
        for member, name in self._correction.embeds.items():
            if name == NONE:
                embeds.pop(member, None)
                continue
            relation = by_member.get(name)
            if relation is None:
                actual = f"{name!r}{did_you_mean(name, by_member)}"
                expected = f"a relation of {self._resource.name} (relations: {{{name}: RESOURCE}}), or none"
                raise self._corrector.refusal(self._where + pointer_of("embeds", member), actual, expected)
            is_list = self._corrector.is_list(self._members.get(member))
            embeds[member] = Embed(member, relation.resource, relation.member, is_list)
        return tuple(embeds.values())

    def _collections(self) -> tuple[Collection, ...]:
        """Return the collections, whose parameters that are explained here mean nothing else."""
        names = self._corrector.parameters(self._resource)
        for name, rule in self._correction.filters.items():
            where = self._where + pointer_of("filters", name)
            if name not in names:
                self._corrector.note(where, f"{name!r}{did_you_mean(name, names)}", "a query parameter of its list")
            if isinstance(rule, RecordFilter):
                self._expect_related(rule, f"filters/{name}")
                continue
            self._corrector.known_resource(rule.related, f"{where}/related")
            members = self._corrector.members_of(rule.related)
            for member in rule.where:
                if members and member not in members:
                    actual = f"{member!r}{did_you_mean(member, members)}"
                    self._corrector.note(where + pointer_of("where", member), actual, f"a member of {rule.related}")
        explained = self._correction.filters.keys()
        return tuple(
            replace(
                collection,
                parameters=tuple(entry for entry in collection.parameters if entry.name not in explained),
                ignored=tuple(name for name in collection.ignored if name not in explained),
            )
            for collection in self._resource.collections
        )

    def _expect_related(self, rule: RecordFilter, place: str) -> None:
        """Note members of the record that a filter reads and nothing describes; refuse relations that there are not."""
        relations = {relation.member: relation.resource for relation in self._relations()}
        for pointer in members_read(rule):
            parts = pointer_parts(pointer)
            if parts[0] != RELATED:
                self._expect_places((pointer,), place)
            elif parts[1] not in relations:
                actual = f"{pointer!r}{did_you_mean(parts[1], relations)}"
                expected = f"a relation of {self._resource.name}: {', '.join(relations) or 'it has none'}"
                raise self._corrector.refusal(f"{self._where}/{place}", actual, expected)

    def _expect_members(self, names: Iterable[str], place: str) -> None:
        for name in names:
            if self._members and name not in self._members:
                actual = f"{name!r}{did_you_mean(name, self._members)}"
                is_list = place.endswith("members")
                where = f"{self._where}/{place}" + ("" if is_list else pointer_of(name))
                self._corrector.note(where, actual, f"a member of {self._resource.name}")

    def _expect_places(self, pointers: Iterable[str], place: str) -> None:
        for pointer in pointers:
            name = pointer_parts(pointer)[0]
            if self._members and name not in self._members:
                actual = f"{pointer!r}{did_you_mean(name, self._members)}"
                where = f"{self._where}/{place}"
                self._corrector.note(where, actual, f"the JSON Pointer of a member of {self._resource.name}")
