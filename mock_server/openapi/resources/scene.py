"""What judges of an operation look at: its site, the paths around it, the group that its path belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mock_server.openapi.resources.grouping import Group, free_name
from mock_server.openapi.resources.item_keys import OWN_KEYS, has_own_identity, key_of
from mock_server.openapi.resources.model import RecordKey
from mock_server.openapi.resources.names import bare_words, is_plural, noun_words
from mock_server.openapi.resources.operation_site import OperationSite
from mock_server.openapi.resources.path_shapes import Form, noun_of
from mock_server.openapi.resources.path_table import PathTable
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.openapi.resources.similarity import overlap
from mock_server.openapi.resources.verb_words import CALLER

_BODY = 0.5
"""The share of a body's members that a record has, too, where the body writes that record."""


@dataclass
class Scene:
    """All of a contract that a judge may ask about."""

    table: PathTable
    reader: ShapeReader
    groups: Mapping[Form, Group]
    _keys: dict[Form, RecordKey | None] = field(default_factory=dict)
    _homes: dict[int, Form | None] = field(default_factory=dict)
    _singletons: dict[Form, str] = field(default_factory=dict)

    def group(self, form: Form | None) -> Group | None:
        """Return the group that a path belongs to."""
        return self.groups.get(form) if form is not None else None

    def key(self, form: Form) -> RecordKey | None:
        """Return the key by which an item path finds its record; None where no member fits."""
        if form not in self._keys:
            self._keys[form] = self._new_key(form)
        return self._keys[form]

    def _new_key(self, form: Form) -> RecordKey | None:
        group = self.groups.get(form)
        if group is None or form[-1] != "{}":
            return None
        name, schema = self.table.last_parameter(form)
        own = self.table.shown(form)
        collection = self.table.collection_of(form)
        listed = self.table.shown(collection) if collection is not None else own
        noun = noun_of(form)
        for shape in (own, listed, group.shape):
            key = key_of(self.reader, shape, name, schema, noun) if shape is not None and shape.members else None
            if key is not None:
                return key
        put = self.table.site(form, "PUT")
        is_made_by_post = collection is not None and self.table.site(collection, "POST") is not None
        if put is not None and put.sends_record and self.table.reads(form) and not is_made_by_post:
            return RecordKey(name, is_integer="integer" in self.reader.shape(schema).types, is_hidden=True)
        return None

    def parameter(self, form: Form) -> str:
        """Return the name of a path's last parameter."""
        return self.table.last_parameter(form)[0]

    def is_identity(self, form: Form) -> bool:
        """Tell whether a path's last parameter is an identity of the records that the path shows."""
        name, schema = self.table.last_parameter(form)
        key = key_of(self.reader, self.table.shown(form), name, schema, noun_of(form))
        return key is not None and key.member in OWN_KEYS

    def home(self, group: Group) -> Form | None:
        """Return the item path where records of a group are at home: read, then changed, with the fewest parents."""
        if id(group) not in self._homes:
            items = [form for form in group.forms if self.table.is_item(form) and form[-1] == "{}"]
            self._homes[id(group)] = min(items, key=self._rank, default=None)
        return self._homes[id(group)]

    def is_real(self, group: Group) -> bool:
        """Tell whether a group is more than a path that something is sent to: it is listed, or read by a key."""
        return any(self.table.lists(form) or (form[-1] == "{}" and self.table.reads(form)) for form in group.forms)

    def links_by_post(self, form: Form) -> bool:
        """Tell whether POST at a collection says that it assigns, attaches or the like, and answers no item of it."""
        post, group = self.table.site(form, "POST"), self.group(form)
        if post is None or group is None or post.word.verbs[:1] != ("link",):
            return False
        return not group.shows(post.answer.shape)

    def _rank(self, form: Form) -> tuple[bool, bool, bool, int, Form]:
        is_read, is_written = self.table.reads(form), self.table.is_written(form)
        return (not is_read, self.key(form) is None, not is_written, len(form), form)

    def is_home(self, form: Form, group: Group) -> bool:
        """Tell whether records live at an item path, rather than being linked to what stands before it.

        They do where it is the home or has no more parents than that, where it reads or changes them, and where the
        collection before it creates them.
        """
        home = self.home(group)
        if home is None or home == form or form.count("{}") <= 1 or self.table.reads(form):
            return True
        patch, put = self.table.site(form, "PATCH"), self.table.site(form, "PUT")
        if patch is not None or (put is not None and put.body is not None and group.shows(put.answer.shape)):
            return True
        collection = self.table.collection_of(form)
        post = self.table.site(collection, "POST") if collection is not None else None
        return post is not None and self.writes(post, group) and not self._is_only_linked(form, home)

    def _is_only_linked(self, form: Form, home: Form) -> bool:
        return home[: len(form)] == form

    def writes(self, site: OperationSite, group: Group) -> bool:
        """Tell whether a body has members of the records, more than the key of an existing one."""
        shape, body = group.shape, site.body
        if shape is None or body is None or not body.members:
            return False
        return overlap(body, shape) >= _BODY or len(body.members.keys() & shape.members.keys()) >= 3

    def is_identified(self, shape: SchemaShape) -> bool:
        """Tell whether the records of a shape can be told apart."""
        return has_own_identity(self.reader, shape)

    def is_keyed(self, group: Group) -> bool:
        """Tell whether some path finds a record of a group."""
        return any(form[-1] == "{}" and self.key(form) is not None for form in group.forms if self.table.is_item(form))

    def creates(self, group: Group) -> bool:
        """Tell whether POST at some collection makes a record of a group."""
        return any(self.table.is_collection(form) and self.table.site(form, "POST") is not None for form in group.forms)

    def of_caller(self, form: Form, shape: SchemaShape) -> Group | None:
        """Return the group whose record of the caller a path shows: ``/user`` beside ``/users/{username}``."""
        if form[-1] in CALLER:
            own = self.groups.get(form)
            is_own = own is not None and len(form) > 1 and is_plural(form[-2]) and self.is_identified(shape)
            return own if own is not None and (is_own or self.is_keyed(own)) else self.showing(shape)
        if "{}" in form or is_plural(form[-1]) or self.table.has_items(form):
            return None
        group = self.showing(shape)
        if group is None:
            return None
        return group if noun_words(group.name)[-1:] == noun_words(form[-1])[-1:] else None

    def showing(self, shape: SchemaShape) -> Group | None:
        """Return the group whose records a shape shows; None where no group with items does."""
        return next((group for group in self._showing(shape) if self.home(group) is not None), None)

    def listing(self, shape: SchemaShape) -> Group | None:
        """Return the one group whose records a shape shows, and which some path lists; None where there are several."""
        groups = [group for group in self._showing(shape) if self.is_real(group)]
        return groups[0] if len(groups) == 1 else None

    def _showing(self, shape: SchemaShape) -> list[Group]:
        names = {shape.name, *shape.branches} - {""}
        groups = dict.fromkeys(group for name in names for group in self._by_name.get(bare_words(name), ()))
        return [group for group in groups if group.shows(shape)]

    @cached_property
    def _distinct(self) -> list[Group]:
        return list(dict.fromkeys(self.groups.values()))

    @cached_property
    def _by_name(self) -> dict[tuple[str, ...], list[Group]]:
        """The groups by the words of the schemas that they show."""
        groups: dict[tuple[str, ...], list[Group]] = defaultdict(list)
        for group in self._distinct:
            for name in {name for shape in group.shapes for name in (shape.name, *shape.branches) if name}:
                groups[bare_words(name)].append(group)
        return groups

    def alias(self, form: Form) -> Group | None:
        """Return the group whose record a path without a key shows: ``latest``, ``@original``. None for its own."""
        shape = self.table.shown(form)
        return self.showing(shape) if shape.reference else None

    def singleton_name(self, form: Form) -> str:
        """Return the name of the one record below what a path stands below."""
        if form not in self._singletons:
            names = {group.name for group in self._distinct} | set(self._singletons.values())
            self._singletons[form] = free_name(form, names)
        return self._singletons[form]

    @property
    def singletons(self) -> Mapping[Form, str]:
        """The names of the singletons that were spoken of, by path."""
        return self._singletons

    def linked_name(self, form: Form) -> str:
        """Return what PUT and DELETE of a path link: the records of its collection, else the noun of the path."""
        group = self.group(self.table.collection_of(form)) or self.group(form)
        if group is not None:
            return group.name
        noun = noun_of(form)
        named = next((own for own in self._distinct if noun_words(own.name) == noun_words(noun)), None)
        return named.name if named is not None else noun.replace("-", "_").lower()

    def is_linked(self, form: Form) -> bool:
        """Tell whether PUT at a path says that something is there, without saying what: it has no body to send."""
        put = self.table.site(form, "PUT")
        if put is None or self.table.forms[form].keys() & {"POST", "PATCH"}:
            return False
        if put.body is None:
            return True
        group = self.group(form)
        if put.is_body_required or not put.answer.is_empty or form[-1] != "{}" or group is None:
            return False
        return self.home(group) != form and not self.writes(put, group)
