"""What a view shows of a record: the members that its schema names, in its order, always valid by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import is_

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.openapi.resources.model import Embed
from mock_server.storage import Record
from mock_server.worlds.state.making.draft import ViewError
from mock_server.worlds.state.making.fitting import Fitting, Refusal, projected
from mock_server.worlds.state.making.member_draws import MemberDraws
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.making.record_shapes import Member, RecordShape, ShapeMemory, chosen, shapes_of

Embedded = Callable[[Embed, JSON], JSON]
"""Returns the record that a member shows inside, as it is now, by the key that names it; None where it is unknown.

For a list it is asked for each key.
"""


class RecordView:
    """Shows records of one resource by one schema."""

    def __init__(self, form: RecordForm, schema: JSON) -> None:
        self._form = form
        self._schema: JSON = True if schema is None else schema
        self._root = form.document.root(self._schema)
        self._shapes = shapes_of(form.document, (self._root,))
        self._memory = ShapeMemory(self._shapes)
        self._embeds = {embed.member: embed for embed in form.resource.embeds}
        self._projections: dict[Member, tuple[JSON, dict[str, JSON]]] = {}
        """The record that a member has shown last, as it was and as the member shows it."""
        own = form.own_names
        self._further = {
            shape: [name for name, member in shape.members.items() if member.is_required or name not in own]
            for shape in self._shapes
        }
        """By shape, the members that are generated where a record does not have them."""

    def shown(self, record: Record, embedded: Embedded | None = None) -> JSON:
        """Return what the view shows of a record.

        ``embedded`` finds the records that are shown inside. A member whose value the schema refuses is generated, with
        what is known pinned. Raises :class:`ViewError` where nothing is valid.
        """
        value = record.value
        if not self._shapes:
            return self._without_members(value)
        shape = self._memory.shape(value)
        if not shape.members:
            return self._without_members(value)
        shown = {name: value[name] for name in shape.members if name in value}
        if embedded is not None and self._embeds:
            shown = self._embed(record, shape, shown, embedded)
        is_whole = True
        for name in self._further[shape]:
            if name not in shown:
                is_whole = False
                break
        if is_whole and self._root.accepts(shown):
            return shown
        if len(self._shapes) > 1:
            other = chosen(self._shapes, value)
            if other is not shape:
                shape, shown = other, {name: value[name] for name in other.members if name in value}
                if embedded is not None and self._embeds:
                    shown = self._embed(record, shape, shown, embedded)
        return self._completed(record, shape, shown)

    def _without_members(self, value: dict[str, JSON]) -> JSON:
        """Return the whole record, for a schema that names no members; nothing of it, where that takes none."""
        if self._root.accepts(value):
            return value
        if self._root.accepts({}):
            return {}
        pointer, keyword = next(iter(self._root.faults(value)), ("", "its schema"))
        raise ViewError(pointer, keyword)

    def _embed(self, record: Record, shape: RecordShape, shown: dict[str, JSON], embedded: Embedded) -> dict[str, JSON]:
        """Return what is shown with the records that are shown inside in the places of what the record has there."""
        before = len(shown)
        for name, embed in self._embeds.items():
            member = shape.members.get(name)
            if member is None:
                continue
            key = _key_of(embed, record.value)
            if key is None or key == []:
                if embed.relation is not None and embed.relation in record.value and member.accepts(key):
                    shown[name] = key
                continue
            if embed.relation == name and isinstance(key, str):
                continue  # the key itself stands there, as it does until a client asks for more
            inside = _inside(embed, key, record.value.get(name), embedded)
            if inside is None and shown.get(name) is None:
                inside = key  # a record that nobody made
            fitted = self._fitted_inside(record, member, inside) if inside is not None else Refusal(name)
            if not isinstance(fitted, Refusal):
                shown[name] = fitted

        if len(shown) == before:
            return shown
        return {name: shown[name] for name in shape.members if name in shown}

    def _fitted_inside(self, record: Record, member: Member, inside: JSON) -> JSON | Refusal:
        """Return another record as the member shows it: by the members that are named there."""
        document, former = self._form.document, self._projections.get(member)
        if former is not None and _is_unchanged(former[0], inside):
            return dict(former[1])
        named = projected(document, member.goal, inside)
        if member.accepts(named):
            if isinstance(named, dict):
                self._projections[member] = (inside, dict(named))
            return named
        draws = self._draws(record)
        return Fitting(draws).fitted(member.goal, named, draws.place(member.name))

    def _draws(self, record: Record) -> MemberDraws:
        scope = record.hidden.get("scope")
        parents = {name: str(text) for name, text in scope.items()} if isinstance(scope, dict) else {}
        form = self._form
        draw = form.draw(form.key_text(record), parents)
        return MemberDraws(form.document, self._root, draw, form.filling)

    def _completed(self, record: Record, shape: RecordShape, shown: dict[str, JSON]) -> JSON:
        """Return what is shown with all that is missing generated, and what the schema refuses generated anew."""
        draws = self._draws(record)
        value: dict[str, JSON] = {}
        further = set(self._further[shape])
        for name, member in shape.members.items():
            place = draws.place(name)
            if name in shown:
                fitted = Fitting(draws).fitted(member.goal, shown[name], place)
                if not isinstance(fitted, Refusal):
                    value[name] = fitted
                    continue
            elif name not in further:
                continue
            source = self._form.sources.get(name)
            identity = record.value.get(source) if source is not None else None
            inside = Fitting(draws).fitted(member.goal, identity, place) if identity is not None else None
            if inside is not None and not isinstance(inside, Refusal):
                value[name] = inside
                continue
            try:
                value[name] = draws.value(member.goal, place)
            except GenerationError:
                continue
        if self._root.accepts(value):
            return value
        return self._made_anew(draws, value)

    def _made_anew(self, draws: MemberDraws, value: dict[str, JSON]) -> JSON:
        """Return a value made as a whole, with what the schema accepts pinned: all that is plain, or else the key."""
        faulty = {pointer_parts(pointer)[0] for pointer, _ in self._root.faults(value) if pointer}
        plain = {name: item for name, item in value.items() if not isinstance(item, (dict, list))}
        keys = {name: value[name] for name in self._form.key_names if name in value}
        fault: GenerationError | None = None
        for pinned in ({name: item for name, item in plain.items() if name not in faulty}, keys):
            try:
                made = generate(
                    self._schema,
                    draws.draw,
                    self._form.document,
                    pins={pointer_of(name): item for name, item in pinned.items()},
                    fill_properties=self._form.filling.fill_properties,
                    complete=True,
                    fill=self._form.filling.fill,
                    strict=True,
                )
            except GenerationError as error:
                fault = error
                continue
            if self._root.accepts(made):
                return made
        pointer, keyword = next(iter(self._root.faults(value)), ("", "its schema"))
        raise ViewError(pointer, keyword) from fault


def _is_unchanged(before: JSON, after: JSON) -> bool:
    """Tell whether two values are of one record that nobody has changed: what it has are the same objects."""
    if not isinstance(before, dict) or not isinstance(after, dict) or [*before] != [*after]:
        return False
    return all(map(is_, before.values(), after.values()))


def _inside(embed: Embed, key: JSON, stored: JSON, embedded: Embedded) -> JSON:
    """Return the records that a key or a list of keys name, what stood there for those that are unknown; else None."""
    if not isinstance(key, list):
        return embedded(embed, key)
    before = stored if isinstance(stored, list) and len(stored) == len(key) else [None] * len(key)
    found = [embedded(embed, item) for item in key]
    if all(item is None for item in found):
        return None
    return [
        item if item is not None else known if known is not None else name
        for item, known, name in zip(found, before, key, strict=True)
    ]


def _key_of(embed: Embed, value: Mapping[str, JSON]) -> JSON:
    """Return what names the record that an embed shows: its relation, else the key of what stands there."""
    key = value.get(embed.relation) if embed.relation is not None else None
    if key is not None:
        return key
    inside = value.get(embed.member)
    if isinstance(inside, list):
        return [item.get("id") if isinstance(item, dict) else item for item in inside]
    return inside.get("id") if isinstance(inside, dict) else inside
