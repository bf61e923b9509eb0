"""The seeds of a resource: the records with which every world begins."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from functools import partial

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.model import InferredResource, RecordKey
from mock_server.openapi.resources.record_schema import ViewSchema
from mock_server.storage import Record
from mock_server.worlds.state.identity import ResourceIdentity, Scope, agree, key_value, text_of
from mock_server.worlds.state.seeds.seed_keys import KeyLine, KeyShape
from mock_server.worlds.state.seeds.seed_maker import SeedMaker
from mock_server.worlds.state.seeds.seed_parts import SeedParts
from mock_server.worlds.state.seeds.seed_relations import NamedSeeds, Names
from mock_server.worlds.state.seeds.seed_scopes import SeedScopes
from mock_server.worlds.state.seeds.seed_sequence import SeedSequence
from mock_server.worlds.state.seeds.seed_source import ScopeKey, SeedSource
from mock_server.worlds.state.seeds.seed_times import any_moment, moment_of

USUAL = 3
"""Seeds of a resource of which the contract has no example."""
SEARCHED = 10_000
"""Seeds among which those below a parent are searched, and those with a value in a member that is no key."""
_BRANCHES = 6
"""Draws that are tried for a record that has its key."""
_SCOPES = 256
"""Scopes of a resource whose keys are remembered."""
_RECORD = 256
"""Bytes of a remembered record beside its value."""


class Seeds:
    """The records of one resource with which every world begins.

    A resource that some path lists without parents has the same seeds everywhere (``is_global``), each below a parent
    of its own. Another one has seeds of its own below each parent, whoever made that; they depend on its key. ``home``
    is the schema by which records are valid; None where the contract shows none, and there are no seeds.
    """

    def __init__(self, resource: InferredResource, source: SeedSource, others: NamedSeeds) -> None:
        self.resource = resource
        self.identity = ResourceIdentity.of(resource)
        self.scopes = SeedScopes.of(resource)
        self._source = source
        self._parts = SeedParts(resource, self.identity, source, others)
        self._lines: SizedCache[ScopeKey, Mapping[str, KeyLine]] = SizedCache(_SCOPES)
        self._numbers: SizedCache[ScopeKey, Sequence[int]] = SizedCache(_SCOPES)
        self._handles: SizedCache[ScopeKey, Mapping[str, int]] = SizedCache(_SCOPES)
        self._examples: SizedCache[Hashable, dict[str, list[int]]] = SizedCache(_SCOPES)
        """By key and scope: the numbers of the examples by the texts of their keys."""

    @property
    def is_global(self) -> bool:
        """Whether the seeds are the same in every scope; the parents of each stand in its hidden scope."""
        return self.scopes.is_global

    @property
    def home(self) -> ViewSchema | None:
        """The schema by which the records are valid."""
        return self._parts.home

    @property
    def key(self) -> RecordKey | None:
        """The key that relations to the records have; None where they show none."""
        return self._parts.named_by

    @property
    def examples(self) -> int:
        """The number of records in the contract's examples."""
        return len(self._parts.examples)

    @property
    def members(self) -> Sequence[str]:
        """The names of the members that some view shows."""
        return [*self._parts.shape.members]

    def schema_of(self, member: str) -> JSON:
        """Return the schema of a member; True where no view describes it."""
        return self._parts.shape.members.get(member, True)

    def of(self, scope: Scope) -> Sequence[Record]:
        """Return the seeds below the parents of a scope, each made when it is asked for.

        Where the seeds are global these are the ones whose parents are known to be those, of the first 10,000.
        """
        own = self.scopes.own(scope)
        numbers: Sequence[int] = range(self._count(own))
        if self.is_global and scope:
            numbers = self._below(scope)
        record = partial(self._record, scope=own, place=tuple(sorted(own.items())))
        return SeedSequence(numbers, record, partial(self._number_of, scope=own))

    def find(self, scope: Scope, member: str, text: str) -> Record | None:
        """Return the seed whose member has a value, given as text; None where none has.

        Keys are looked up in an index, which is made once for each scope and holds up to 100,000; of more seeds only
        those are found whose keys have their number in them, or were asked for lately. Any other member is looked for
        in the first 10,000 seeds. In a scope that lacks a parent only the contract's examples are found.
        """
        own = self.scopes.own(scope)
        count = self._count(own)
        is_whole = self.scopes.is_whole(scope)
        line = self._keys(own).get(member) if count else None
        key = self._parts.key(member)
        if line is not None:
            number = line.find(text) if is_whole else None
            numbers: Sequence[int] = [*([] if number is None else [number]), *self._examples_with(key, text, own)]
        else:
            numbers = range(min(count, SEARCHED) if is_whole else min(self.examples, count))
        for number in numbers:
            record = self._record(number, scope=own)
            if _text(record, key) == text and self._is_below(record, scope):
                return record
        return None

    def _examples_with(self, key: RecordKey, text: str, scope: Scope) -> Sequence[int]:
        """Return the numbers of the examples in a scope of its own whose records have a key.

        A key that the contract's example lacks was made, and is in no index of keys.
        """
        place = (key.member, *sorted(scope.items()))
        numbers = self._examples.get(place)
        if numbers is None:
            numbers = {}
            for number in range(min(self.examples, self._count(scope))):
                numbers.setdefault(_text(self._record(number, scope=scope), key), []).append(number)
            self._examples.keep(place, numbers)
        return numbers.get(text, ())

    def keys(self, scope: Scope) -> KeyLine | None:
        """Return the keys of the seeds of a scope by number; None where records show none, or a parent is missing."""
        if self.key is None or self.home is None or not self.scopes.is_whole(scope):
            return None
        return next(iter(self._keys(self.scopes.own(scope)).values()))

    def generated(self, text: str, scope: Scope) -> Record:
        """Return the record of a key that nobody made, below any parents; the same each time.

        It is the contract's first example where there is one, with that key in it. Raises
        :class:`GenerationError` where no record can be made.
        """
        draw = self._draw(text, scope)
        pins: dict[str, JSON] = {}
        for number, (key, shape) in enumerate(self._key_shapes()):
            value = shape.drawn(self._draw(f"{key.member}\x1f{text}", scope)) if number else shape.typed(text)
            if value is not None and not key.is_hidden:
                pins[key.place] = value
        if self.examples and self._source.exemplary:
            example = {**self._parts.examples[0], **{key.member: pins[key.place] for key in self._plain_keys(pins)}}
            return self._of_example(example, text, scope, draw, any_moment(draw))
        return self._generated(text, scope, draw, pins, any_moment(draw))

    def _plain_keys(self, pins: Mapping[str, JSON]) -> list[RecordKey]:
        """Return the keys with these values that stand at the top of a record."""
        return [key for key, _ in self._key_shapes() if not key.pointer and key.place in pins]

    def _count(self, scope: Scope) -> int:
        """Return how many seeds a scope of its own has."""
        if self.home is None:
            return 0
        if self.resource.is_singleton:
            return 1
        line = next(iter(self._keys(scope).values()), None)
        return len(line) if line is not None else self._wanted

    @property
    def _wanted(self) -> int:
        number = self._source.counts.get(self.resource.name, self._source.records)
        return (self.examples or USUAL) if number is None else number

    def _below(self, scope: Scope) -> Sequence[int]:
        """Return the numbers of the global seeds that are below the parents of a scope."""
        place = tuple(sorted(scope.items()))
        numbers = self._numbers.get(place)
        if numbers is None:
            count = min(self._count({}), SEARCHED)
            above = (self._scope_of(number) for number in range(count))
            numbers = [number for number, own in enumerate(above) if agree(own, scope)]
            self._numbers.keep(place, numbers)
        return numbers

    def _number_of(self, handle: str, *, scope: Scope) -> int | None:
        """Return the number of the seed with a handle, of the first 10,000; none of them is made for that."""
        place = tuple(sorted(scope.items()))
        handles = self._handles.get(place)
        if handles is None:
            numbers = range(min(self._count(scope), SEARCHED))
            handles = {self._handle(number, scope): number for number in numbers}
            self._handles.keep(place, handles)
        return handles.get(handle)

    def _handle(self, number: int, scope: Scope) -> str:
        above = self._scope_of(number) if self.is_global and self.identity.parents else {}
        parents = {name: text for name, text in above.items() if isinstance(text, str)}
        return self.identity.handle(self._text(number, scope), {**parents, **scope})

    def _scope_of(self, number: int) -> Mapping[str, JSON]:
        """Return the parents of a global seed, which is not made for that."""
        if number < self.examples:
            hidden = self._record(number, scope={}).hidden["scope"]
            return hidden if isinstance(hidden, dict) else {}
        return {**self._parts.relations.of(self._draw(self._text(number, {}), {}), {}).scope}

    def _is_below(self, record: Record, scope: Scope) -> bool:
        """Tell whether the parents that a record's key needs are those of a scope, as far as both are known."""
        hidden = record.hidden["scope"]
        return not isinstance(hidden, dict) or agree(hidden, {name: scope[name] for name in self._told(scope)})

    def _told(self, scope: Scope) -> list[str]:
        return [name for name in self.identity.parents if name in scope]

    def _record(self, number: int, *, scope: Scope, place: ScopeKey | None = None) -> Record:
        """Return the seed of a number from 0 in a scope of its own; ``place`` is its key, for who asks for many."""
        key = (self.resource.name, tuple(sorted(scope.items())) if place is None else place, number)
        record = self._source.cache.get(key)
        if record is None:
            record = self._made(number, scope)
            self._source.cache.keep(key, record, len(repr(record.value)) + _RECORD)
        return record

    def _made(self, number: int, scope: Scope) -> Record:
        text = self._text(number, scope)
        draw = self._draw(text, scope)
        created = moment_of(number, draw)
        if number < self.examples:
            return self._of_example(self._parts.examples[number], text, scope, draw, created)
        lines = self._keys(scope)
        drawn = {key.place: lines[key.member][number] for key in self._parts.keys if not key.is_hidden}
        pins = {pointer: value for pointer, value in drawn.items() if value is not None}
        return self._generated(text, scope, draw, pins, created, is_first=not number)

    def _text(self, number: int, scope: Scope) -> str:
        """Return the key of a seed as text, or what stands for it."""
        if self.resource.is_singleton:
            return ""
        line = next(iter(self._keys(scope).values()), None)
        return (text_of(line[number]) if line is not None else "") or f"seed {number + 1}"

    def _of_example(
        self, example: dict[str, JSON], text: str, scope: Scope, draw: SeedKey, created: datetime
    ) -> Record:
        names = self._parts.relations.of_example(example, draw, scope)
        times = _by_pointer(self._parts.times.pins(created, draw))
        return self._kept(self._maker().of_example(example, draw, [names.pins, times]), text, scope, names)

    def _generated(
        self,
        text: str,
        scope: Scope,
        draw: SeedKey,
        keys: Mapping[str, JSON],
        created: datetime,
        *,
        is_first: bool = False,
    ) -> Record:
        maker = self._maker()
        names = self._parts.relations.of(draw, scope)
        relations = {pointer: value for pointer, value in names.pins.items() if pointer not in keys}
        times = _by_pointer(self._parts.times.pins(created, draw))
        personal = {} if is_first else maker.personal(draw, {**keys, **relations})
        personal = {pointer: value for pointer, value in personal.items() if pointer not in keys}
        pins = [keys, relations, times, personal]
        value = maker.made(draw, pins)
        for attempt in range(1, _BRANCHES):
            if self._has_key(value):
                break
            # A branch of the schema without the key: another draw takes another branch.
            other = SeedKey(draw.seed, draw.resource, f"{draw.identity}\x1f{attempt}")
            value = maker.made(other, pins)
        return self._kept(value, text, scope, names)

    def _has_key(self, value: Mapping[str, JSON]) -> bool:
        """Tell whether a record has the key by which it is kept, as far as any view shows it."""
        key = self.key
        return key is None or key_value(value, key) is not None or key.member not in self.members

    def _kept(self, value: dict[str, JSON], text: str, scope: Scope, names: Names) -> Record:
        hidden: dict[str, JSON] = {**names.scope}
        key = next(iter(self._parts.keys), None)
        if key is not None and key.is_hidden:
            hidden[key.member] = text
        elif key is not None and key.member not in self.members and not key.pointer:
            value = {**value, key.member: self._parts.key_shapes[key.member].typed(text)}  # no view shows it
        handle = self.identity.handle(text, {**names.scope, **scope})
        return Record(self.resource.name, handle, value, hidden={"scope": hidden})

    def _maker(self) -> SeedMaker:
        maker = self._parts.maker
        if maker is None:
            name = self.resource.name
            raise GenerationError(f"{name}: found no schema of a record; expected one. Add it to an answer.")
        return maker

    def _draw(self, text: str, scope: Scope) -> SeedKey:
        """Return the draw of a record's content: by its key, and by the parents below which the key counts."""
        own = self.scopes.own(scope)
        identity = "\x1f".join([*(own.get(name, "") for name in self.identity.parents), text])
        return SeedKey(self._source.seed, self.resource.name, identity)

    def _key_shapes(self) -> list[tuple[RecordKey, KeyShape]]:
        return [(key, self._parts.key_shapes[key.member]) for key in self._parts.keys]

    def _keys(self, scope: Scope) -> Mapping[str, KeyLine]:
        """Return the keys by number, by member; those first by which records are kept."""
        place = tuple(sorted(scope.items()))
        lines = self._lines.get(place)
        if lines is None:
            shapes = self._key_shapes()
            lines = {
                key.member: self._line(key, shape, scope, not number) for number, (key, shape) in enumerate(shapes)
            }
            self._lines.keep(place, lines)
        return lines

    def _line(self, key: RecordKey, shape: KeyShape, scope: Scope, is_first: bool) -> KeyLine:
        texts = " ".join(f"{name}={text}" for name, text in sorted(scope.items()))
        # A second key says so, and so do later tries for a key that a seed before has.
        prefix = f"seed {texts} " if is_first else f"{key.member} seed {texts} "

        def draw_of(number: int, attempt: int) -> SeedKey:
            tried = f" {attempt}" if attempt else ""
            return SeedKey(self._source.seed, self.resource.name, f"{prefix}{number}{tried}")

        given: list[JSON] = [key_value(example, key) for example in self._parts.examples]
        others = self._parts.relations.keys_of(key.member, scope) if is_first and not given else None
        if others is None:
            return KeyLine(shape, given, self._wanted, draw_of)
        texts_of_others = (text_of(others[number]) for number in range(min(len(others), self._wanted, SEARCHED)))
        given = [shape.typed(text) for text in texts_of_others]
        return KeyLine(shape, given, len(given), draw_of)


def _text(record: Record, key: RecordKey) -> str:
    """Return the value of a key as text, from where the record hides it if no member has it."""
    hidden = record.hidden["scope"]
    value = key_value(record.value, key)
    return text_of(hidden.get(key.member) if value is None and isinstance(hidden, dict) else value)


def _by_pointer(members: Mapping[str, JSON]) -> dict[str, JSON]:
    return {pointer_of(name): value for name, value in members.items()}
