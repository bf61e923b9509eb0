"""The form of a resource's records: shapes, times, keys and relations by name, worked out once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from mock_server.core.types import JSON
from mock_server.generation.document_caches import CacheKey
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.model import Contract
from mock_server.openapi.resources.inference import model_of
from mock_server.openapi.resources.model import InferredResource
from mock_server.openapi.resources.names import singular, snake
from mock_server.openapi.resources.schema_shapes import ShapeReader
from mock_server.storage import Record
from mock_server.worlds.state.identity import ResourceIdentity
from mock_server.worlds.state.making.fitting import OtherwiseOf, Unknown, absent_value
from mock_server.worlds.state.making.member_draws import Filling, MemberDraws
from mock_server.worlds.state.making.record_keys import RecordKeys
from mock_server.worlds.state.making.record_schemas import key_examples, record_schema, view_schema
from mock_server.worlds.state.making.record_shapes import Member, RecordShape, chosen, shapes_of
from mock_server.worlds.state.making.request_members import EMPTY, RequestForm, is_read_only
from mock_server.worlds.state.making.time_members import TimeMember, TimeMembers
from mock_server.worlds.state.making.unsent_members import Fixed, RecordNotions, Unsent, unsent

_REQUESTS: CacheKey[None, SchemaDocument] = CacheKey()
"""The same document as requests are read, one for all resources."""
_FORMS: CacheKey[tuple[str, int, Filling], RecordForm] = CacheKey()
"""By name of a resource, seed and filling: its form."""
_IDENTITY_SEPARATOR = "\x1f"


class RecordForm:
    """What the records of one resource look like, by the schema that shows most of one."""

    def __init__(
        self,
        contract: Contract,
        resource: InferredResource,
        document: SchemaDocument,
        reader: ShapeReader,
        seed: int,
        filling: Filling,
    ) -> None:
        self.contract = contract
        self.resource = resource
        self.document = document
        self.filling = filling
        self._reader = reader
        self._seed = seed
        self.schema = record_schema(contract, reader, resource)
        self.root: SchemaNode = document.root(True if self.schema is None else self.schema)
        self.shapes = shapes_of(document, (self.root,)) or (RecordShape({}, is_closed=False),)
        self._identity = ResourceIdentity.of(resource)
        self.primary = self._identity.primary
        self.notions = RecordNotions(
            keys=frozenset(key.member for key in resource.keys if not key.is_hidden),
            relations={relation.member: relation.is_list for relation in resource.relations},
            embeds={embed.member: embed.relation for embed in resource.embeds},
            resources=model_of(contract).resources,
        )
        self.key_names = frozenset({self.primary.member} if self.primary is not None else ())
        """The name of the key by which records are kept."""
        self._times: dict[RecordShape, TimeMembers] = {}
        self._plans: dict[tuple[RecordShape, RequestForm], Mapping[str, Unsent]] = {}
        self._keys: dict[str, RecordKeys] = {}
        self._fixed: dict[RecordShape, frozenset[str]] = {}

    @classmethod
    def of(
        cls,
        contract: Contract,
        resource: InferredResource,
        document: SchemaDocument,
        reader: ShapeReader,
        seed: int,
        filling: Filling,
    ) -> RecordForm:
        """Return the form of a resource's records in a document, the same one for the same arguments."""
        forms = document.caches[_FORMS]
        key = (resource.name, seed, filling)
        form = forms.get(key)
        if form is None or form.resource is not resource:
            form = forms[key] = cls(contract, resource, document, reader, seed, filling)
        return form

    @cached_property
    def others(self) -> tuple[RecordShape, ...]:
        """The shapes of the resource's other views, without those that show deleted records."""
        return tuple(dict.fromkeys(shape for shapes in self.other_views.values() for shape in shapes))

    @cached_property
    def requests(self) -> SchemaDocument:
        """The document as requests are read: with what only clients send, where the contract has any of it."""
        if not self.document.hides:
            return self.document
        shared = self.document.caches[_REQUESTS]
        if None not in shared:
            shared[None] = SchemaDocument(self.contract.document, self.contract.openapi, sends="request")
        return shared[None]

    @cached_property
    def other_views(self) -> Mapping[SchemaNode, tuple[RecordShape, ...]]:
        """The schemas of the resource's other views with their shapes, without those that show deleted records."""
        views: dict[SchemaNode, tuple[RecordShape, ...]] = {}
        for view in self.resource.views:
            schema = view_schema(self.contract, self._reader, view)
            if schema is not None and not view.operation.startswith("DELETE "):
                root = self.document.root(schema)
                if root.settled() is not self.root.settled():
                    views.setdefault(root.settled(), shapes_of(self.document, (root,)))
        return views

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names of all members that the schema of the resource itself shows."""
        return frozenset(name for shape in self.shapes for name in shape.members)

    @cached_property
    def _spellings(self) -> Mapping[str, str]:
        """By name in words: the member of that name in any view."""
        names = (name for shape in (*reversed(self.others), *reversed(self.shapes)) for name in shape.members)
        return {snake(name): name for name in names}

    def spelling(self, name: str) -> str:
        """Return the name of a member of requests as views spell it: Twilio's ``FriendlyName`` is ``friendly_name``."""
        if name in self.own_names:
            return name
        spelt = self._spellings.get(snake(name), name)
        return name if any(name in shape.members for shape in self.others) else spelt

    def respelt(self, sent: Mapping[str, JSON]) -> Mapping[str, JSON]:
        """Return what was sent with its members as views spell them."""
        if sent.keys() <= self.own_names:
            return sent
        respelt: dict[str, JSON] = {}
        for name, value in sent.items():
            spelt = self.spelling(name)
            respelt[name if spelt != name and spelt in sent else spelt] = value
        return respelt

    @cached_property
    def _further(self) -> Mapping[RecordShape, tuple[str, ...]]:
        """By shape of another view, the members that only it shows."""
        return {shape: tuple(name for name in shape.members if name not in self.own_names) for shape in self.others}

    def further(self, value: Mapping[str, JSON]) -> Iterator[tuple[RecordShape, str]]:
        """Yield the members of a record that other views show and it does not have, with their shapes."""
        for shapes in self.other_views.values():
            if any(self._further[shape] for shape in shapes):
                shape = chosen(shapes, value)
                yield from ((shape, name) for name in self._further[shape] if name not in value)

    def draw(self, key_text: str, scope: Mapping[str, str]) -> SeedKey:
        """Return the randomness of one record: of the seed, the resource, its parents and its key alone."""
        return SeedKey(self._seed, self.resource.name, _IDENTITY_SEPARATOR.join((*scope.values(), key_text)))

    def draws(self, draw: SeedKey, pins: Mapping[str, JSON] | None = None) -> MemberDraws:
        """Return what generates the members of one record."""
        return MemberDraws(self.document, self.root, draw, self.filling, pins)

    def shape_of(self, value: Mapping[str, JSON], draw: SeedKey | None = None) -> RecordShape:
        """Return the branch of the schema that a record is of."""
        return chosen(self.shapes, value, draw)

    def times(self, shape: RecordShape) -> TimeMembers:
        """Return the times of a shape."""
        times = self._times.get(shape)
        if times is None:
            times = self._times[shape] = TimeMembers.of(shape)
        return times

    def plan(self, shape: RecordShape, form: RequestForm) -> Mapping[str, Unsent]:
        """Return what each member of a shape has where a request of a form did not send it."""
        plan = self._plans.get((shape, form))
        if plan is None:
            times = self.times(shape).members
            plan = self._plans[shape, form] = {
                name: unsent(shape, member, form, times.get(name), self.notions)
                for name, member in shape.members.items()
            }
        return plan

    def shows_empty(self, name: str) -> bool:
        """Tell whether an empty text is a value of a member, and nothing better is there to say that it has none."""
        members = [shape.members[name] for shape in self.shapes if name in shape.members]
        return any(member.accepts("") and not member.accepts(None) for member in members)

    def nested(self, now: float) -> OtherwiseOf:
        """Return what tells the members that a nested object of a new record has where nobody sent them."""

        def otherwise(shape: RecordShape, member: Member) -> JSON | Unknown:
            known = self.plan(shape, EMPTY)[member.name]
            if isinstance(known, Fixed):
                return known.value
            return known.value(now) if isinstance(known, TimeMember) else absent_value(member)

        return otherwise

    def fixed(self, shape: RecordShape, request: RequestForm) -> frozenset[str]:
        """Return the names of the members that no request of a form may set: the key, and read-only ones.

        What is read-only in answers may be sent where the schema of the request has it by itself.
        """
        fixed = self._fixed.get(shape)
        if fixed is None:
            names = {name for name, member in shape.members.items() if is_read_only(member)}
            fixed = self._fixed[shape] = frozenset(names)
        return (fixed - request.names) | self.key_names

    def key_text(self, record: Record) -> str:
        """Return the key of a record as text; empty where it has none."""
        return self._identity.key_text(record.value, record.hidden) or ""

    def relations_to(self, scope: Mapping[str, str]) -> frozenset[str]:
        """Return the names of the members that name the parents of a scope, which no update changes."""
        return frozenset(relation.member for relation in self.resource.relations if relation.resource in scope)

    @cached_property
    def sources(self) -> Mapping[str, str]:
        """By member that shows an object with an ``id``, or several: the member that names it (``customer_id``)."""
        names = {name for shape in (*self.shapes, *self.others) for name in shape.members}
        sources: dict[str, str] = {}
        for shape in self.shapes:
            for name, member in shape.members.items():
                relation = self.notions.embeds.get(name)
                single = singular(name)
                usual = (f"{name}_id", f"{name}Id", f"{single}_ids", f"{single}Ids")
                for source in (relation, *usual) if self._shows_identity(member) else ():
                    if source is not None and source != name and (source in names or source in usual):
                        sources.setdefault(name, source)
        return sources

    def _shows_identity(self, member: Member) -> bool:
        """Tell whether a member may be an object with an ``id``, or a list of them."""
        if any("id" in shape.members for shape in shapes_of(self.document, member.goal)):
            return True
        shape = self._reader.shape(member.goal[0].given or member.goal[0].schema) if member.goal else None
        return shape is not None and shape.kind == "array" and "id" in self._reader.shape(shape.items).members

    def keys(self, member: str) -> RecordKeys:
        """Return what draws keys of a member."""
        keys = self._keys.get(member)
        if keys is None:
            shown = next((shape.members[member] for shape in self.shapes if member in shape.members), None)
            examples = key_examples(self.contract, self._reader, self.resource, member)
            is_numeric = any(key.is_integer for key in self.resource.keys if key.member == member)
            keys = RecordKeys(self._seed, self.resource.name, shown, examples, is_numeric=is_numeric)
            self._keys[member] = keys
        return keys
