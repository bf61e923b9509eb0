"""Which paths show the same records.

This is the dangerous part: a wrong merge mixes two kinds of things. So paths are merged for a reason each: a collection
and its item with one shape; the same schema; schemas whose names agree and that share enough; the same kind seen by
callers of another security scheme.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mock_server.openapi.resources.item_keys import OWN_KEYS, has_identity, key_of
from mock_server.openapi.resources.names import bare_words, is_plural, noun_words, singular
from mock_server.openapi.resources.path_shapes import Form, is_version, noun_of, stem_of, tail_of
from mock_server.openapi.resources.path_table import PathTable
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.openapi.resources.similarity import ENOUGH, is_compatible, is_same_record, overlap
from mock_server.openapi.resources.verb_words import CALLER

_MOST = 0.8
"""The share of members that lists of an outer and an inner parent have in common, since their names may differ."""


@dataclass(slots=True, eq=False)
class Group:
    """Paths of one resource, before it has a name."""

    forms: list[Form] = field(default_factory=list)
    shapes: list[SchemaShape] = field(default_factory=list)
    """What its paths show, without repetition."""
    is_singleton: bool = False
    name: str = ""

    @property
    def shape(self) -> SchemaShape | None:
        """The shape with the most members."""
        return max(self.shapes, key=lambda shape: len(shape.members), default=None)

    def shows(self, shape: SchemaShape) -> bool:
        """Tell whether a shape is a view of these records."""
        return bool(shape.members) and any(is_same_record(own, shape) for own in self.shapes)

    def resembles(self, shape: SchemaShape) -> bool:
        """Tell whether a shape without a name has the members of these records: a schema may be written out twice."""
        return bool(shape.members) and not shape.name and any(overlap(own, shape) >= ENOUGH for own in self.shapes)


class _Sets:
    """Sets of forms that grow together (union-find)."""

    def __init__(self) -> None:
        self._above: dict[Form, Form] = {}

    def root(self, form: Form) -> Form:
        """Return the form that stands for a set."""
        above = self._above.setdefault(form, form)
        while above != self._above[above]:
            above = self._above[above] = self._above[self._above[above]]
        self._above[form] = above
        return above

    def join(self, left: Form, right: Form) -> None:
        """Make one set of two; the shorter path stands for it."""
        first, second = sorted((self.root(left), self.root(right)), key=lambda form: (len(form), form))
        self._above[second] = first

    def forms(self) -> Iterable[Form]:
        """Return all forms."""
        return tuple(self._above)


def groups_of(table: PathTable, reader: ShapeReader) -> dict[Form, Group]:
    """Return the group of each path that shows or changes records."""
    sets = _Sets()
    collections = [form for form in table.forms if table.is_collection(form) or _only_creates(table, reader, form)]
    items = [form for form in table.forms if table.is_item(form)]
    for form in (*collections, *items):
        sets.root(form)
    for item in items:
        collection = table.collection_of(item)
        if collection is not None and is_compatible(table.shown(collection), table.shown(item)):
            sets.join(collection, item)
    for item in items:
        sibling = (*item[:-1], "{}")
        is_caller = item[-1] in CALLER and sibling in table.forms and table.reads(sibling)
        if is_caller and overlap(table.shown(item), table.shown(sibling)) >= ENOUGH:
            sets.join(sibling, item)
    shapes = {form: table.shown(form) for form in (*collections, *items)}
    named = {
        form: shape for form, shape in shapes.items() if (shape.name or shape.branches) and has_identity(reader, shape)
    }
    _join_by_schema(sets, named, _local_families(sets, table, reader, items))
    _join_wider_lists(sets, table, named)
    _join_searches(sets, table, shapes)
    _join_twins(sets, table, named)
    return _collected(sets, table, shapes)


def _only_creates(table: PathTable, reader: ShapeReader, form: Form) -> bool:
    """Tell whether POST at a path without siblings makes records: it says so, and answers one with identity."""
    site = table.site(form, "POST")
    if site is None or not form or form[-1] == "{}" or table.reads(form):
        return False
    is_made = "create" in site.word.verbs and site.answer.is_object and "id" in site.answer.shape.members
    return is_made and noun_words(form[-1]) != tuple(form[-1].split("_")) and not table.has_items(form)


def _join_by_schema(sets: _Sets, named: dict[Form, SchemaShape], local: Mapping[Form, Form]) -> None:
    """Join paths that show the same schema, or schemas whose names agree and that share enough members.

    Families whose keys count only there stay apart (``actions/secrets``, ``agents/secrets``): one ``TOKEN`` is not the
    other. What might belong to several of them stays alone.
    """
    alike: dict[tuple[str, ...], list[Form]] = defaultdict(list)
    for form, shape in named.items():
        names = sorted(shape.branches)
        alike[bare_words(shape.name or names[0]) if shape.name or len(names) == 1 else tuple(names)].append(form)
    for forms in alike.values():
        for members in _classes(forms, named):
            _join_class(sets, members, local)


def _classes(forms: list[Form], named: Mapping[Form, SchemaShape]) -> list[list[Form]]:
    """Return the paths apart by record: each shows the same as some other of its class."""
    classes: list[tuple[list[SchemaShape], list[Form]]] = []
    for form in forms:
        shape = named[form]
        alike = [entry for entry in classes if any(is_same_record(own, shape) for own in entry[0])]
        shapes = [own for entry in alike for own in entry[0]]
        if not any(own is shape for own in shapes):
            shapes.append(shape)
        classes = [entry for entry in classes if entry not in alike]
        classes.append((shapes, [other for entry in alike for other in entry[1]] + [form]))
    return [members for _, members in classes]


def _join_class(sets: _Sets, forms: list[Form], local: Mapping[Form, Form]) -> None:
    """Join paths that show one schema; ``local`` has the families with keys of their own, by root."""
    if len({sets.root(form) for form in forms if sets.root(form) in local}) < 2:
        for form in forms:
            sets.join(forms[0], form)


def _local_families(sets: _Sets, table: PathTable, reader: ShapeReader, items: Iterable[Form]) -> dict[Form, Form]:
    """Return the item path of each set whose records have keys that count only below their path, by root."""
    local: dict[Form, Form] = {}
    for form in items:
        methods = table.forms[form].keys()
        shape = table.shown(form)
        if form[-1] != "{}" or not table.is_owned(form) or not methods & {"GET", "PATCH"}:
            continue
        name, schema = table.last_parameter(form)
        key = key_of(reader, shape, name, schema, noun_of(form)) if shape.members else None
        if key is not None and key.member not in OWN_KEYS:
            local.setdefault(sets.root(form), form)
    return local


def _join_wider_lists(sets: _Sets, table: PathTable, named: dict[Form, SchemaShape]) -> None:
    """Join the list of an outer parent with the lists below it: it has no items, the last segments and most members."""
    by_tail: dict[Form, list[Form]] = defaultdict(list)
    for form in named:
        if table.is_collection(form) and "{}" in form:
            by_tail[tail_of(form)].append(form)
    for forms in by_tail.values():
        outer = [form for form in forms if table.forms[form].keys() == {"GET"} and not table.has_items(form)]
        inner = [form for form in forms if table.has_items(form)]
        for form in outer:
            alike = [other for other in inner if _shares_most(named[form], named[other])]
            if len({sets.root(other) for other in alike}) == 1:
                sets.join(alike[0], form)


def _shares_most(left: SchemaShape, right: SchemaShape) -> bool:
    words = set(bare_words(left.name)) & set(bare_words(right.name))
    return bool(words) and overlap(left, right) >= _MOST


def _join_searches(sets: _Sets, table: PathTable, shapes: dict[Form, SchemaShape]) -> None:
    """Join the list that a search answers with the list of the same noun (or its short form) and members."""
    listing = [form for form in shapes if table.lists(form) and "search" not in form]
    for form in shapes:
        if "search" not in form or not table.lists(form):
            continue
        noun = singular(noun_of(tuple(part for part in form if part != "search")))
        alike = [
            other
            for other in listing
            if _is_short_of(singular(noun_of(other)), noun) and overlap(shapes[form], shapes[other]) >= ENOUGH
        ]
        if len({sets.root(other) for other in alike}) == 1:
            sets.join(form, alike[0])


def _is_short_of(left: str, right: str) -> bool:
    shorter, longer = sorted((left, right), key=len)
    return len(shorter) >= 4 and longer.startswith(shorter)


def _join_twins(sets: _Sets, table: PathTable, named: dict[Form, SchemaShape]) -> None:
    """Join the views of other callers: same noun, a word of their names and most members shared, no scheme shared."""
    nouns: dict[tuple[str, ...], list[Form]] = defaultdict(list)
    for form in named:
        nouns[noun_words(noun_of(tuple(part for part in form if part not in CALLER)))].append(form)
    for forms in nouns.values():
        for index, left in enumerate(forms):
            for right in forms[index + 1 :]:
                if sets.root(left) != sets.root(right) and _are_twins(table, named, left, right):
                    sets.join(left, right)


def _are_twins(table: PathTable, named: dict[Form, SchemaShape], left: Form, right: Form) -> bool:
    first, second = _schemes(table, left), _schemes(table, right)
    if not first or not second or first & second:
        return False
    words = set(bare_words(named[left].name)) & set(bare_words(named[right].name))
    return bool(words) and overlap(named[left], named[right]) >= ENOUGH


def _schemes(table: PathTable, form: Form) -> frozenset[str]:
    """Return the security schemes of all operations of a path."""
    return frozenset[str]().union(*(site.schemes for site in table.forms[form].values()))


def _collected(sets: _Sets, table: PathTable, shapes: dict[Form, SchemaShape]) -> dict[Form, Group]:
    by_root: dict[Form, Group] = defaultdict(Group)
    groups: dict[Form, Group] = {}
    for form in sets.forms():
        group = groups[form] = by_root[sets.root(form)]
        group.forms.append(form)
        shape = shapes[form]
        if shape.members and not any(shape is own for own in group.shapes):
            group.shapes.append(shape)
    _name(by_root.values(), table)
    return groups


def unite(groups: dict[Form, Group], name: str, schemas: frozenset[str]) -> None:
    """Make one group of that name of those which have it or show one of the schemas, in place."""
    distinct = list(dict.fromkeys(groups.values()))
    own = [group for group in distinct if group.name == name]
    own += [group for group in distinct if group not in own and any(schemas & _names(shape) for shape in group.shapes)]
    if not own:
        return
    whole = own[0]
    whole.name = name
    for group in own[1:]:
        whole.forms += group.forms
        whole.shapes += [shape for shape in group.shapes if not any(shape is other for other in whole.shapes)]
        groups |= dict.fromkeys(group.forms, whole)


def _names(shape: SchemaShape) -> frozenset[str]:
    return frozenset({shape.name}) - {""} or shape.branches


def _name(groups: Iterable[Group], table: PathTable) -> None:
    """Name each group by its plainest path, with the nouns before it where another group has the name."""
    names: set[str] = set()
    ordered = sorted(((_plainest(group, table), group) for group in groups), key=lambda pair: (len(pair[0]), pair[0]))
    for form, group in ordered:
        group.name = free_name(form, names)
        names.add(group.name)


def free_name(form: Form, names: Iterable[str]) -> str:
    """Return a name for what a path is about that nothing has yet."""
    fixed = [part for part in form if part != "{}" and part not in CALLER and not is_version(part)]
    nouns = [segment.replace("-", "_").strip("@~$").lower() for segment in fixed]
    for count in range(1, len(nouns) + 1):
        name = "_".join(nouns[-count:])
        if name not in names:
            return name
    stem = "_".join(nouns) or "records"
    return next(name for name in (stem, *(f"{stem}_{number}" for number in range(2, 10_000))) if name not in names)


def _plainest(group: Group, table: PathTable) -> Form:
    """Return the path that names a group: that of its items which are read and written, else of any; shortest first."""

    def order(form: Form) -> tuple[bool, bool, bool, int, bool, Form]:
        is_read = table.is_item(form) and form[-1] == "{}" and table.reads(form)
        is_written = table.is_written(form)
        has_items = is_read or table.has_items(form)
        return (not (is_read and is_written), not is_read, not has_items, len(form), not is_plural(noun_of(form)), form)

    first = min(group.forms, key=order)
    return stem_of(first) or first
