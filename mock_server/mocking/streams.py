"""Streams: answers whose items are made one after the other, each when it is sent.

A :class:`Stream` has all that its items depend on. So they are the same each time, in whichever process, and only one
of them has to be in memory: a stream of a thousand items takes no more memory than one of three.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import (
    pointer_of,
    pointer_parts,
    value_at,
    with_merged_at,
    with_value_at,
    without_value_at,
)
from mock_server.core.merge_patch import apply_merge_patch
from mock_server.core.sized_cache import SizedCache
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument
from mock_server.generation.seeding import SeedKey
from mock_server.http.messages import Stream
from mock_server.http.sequence_framing import Framing, json_text
from mock_server.http.sequences import EVENTS, Sequence
from mock_server.mocking.event_lifecycle import ordered
from mock_server.mocking.stream_schedule import Slot, StreamSchedule
from mock_server.openapi.coercion import TypeHints
from mock_server.openapi.model import Contract, MediaType, Operation, ResponseSpec
from mock_server.openapi.sequential_media import sequence_of
from mock_server.openapi.stream_transcripts import Transcript, TranscriptItem, sentinel_of, texts_of, transcript_of
from mock_server.openapi.unions import Union, union_of
from mock_server.openapi.validation.validator import ContractValidator
from mock_server.settings import Settings

log = logging.getLogger("mock_server")

TRIED = 100
"""Items of a stream that are validated before the stream counts as valid."""
REMEMBERED = 256
"""Most items that are remembered: equal requests get equal items, and an item may take 0.1 s to make."""
_FIRST = 16
"""Most items, the first ones, that are remembered of each stream."""
_FEWEST, _USUAL = 3, 3
"""Least number of items, and how many numbers there are: by default a stream has from 3 to 5 items."""
_UNNAMED = frozenset({"object", "status"})
"""Members that tell the branches of a union apart, but do not name an event."""
_NUMBERED = ("sequence_number", "sequenceNumber", "sequence", "seq")
"""Members that count the items of a stream, from 0."""


@value_class
class StreamItems:
    """What the items of one media type of a response are made from."""

    operation: Operation
    response: ResponseSpec
    index: int
    sequence: Sequence
    framing: Framing
    programme: StreamSchedule
    union: Mapping[str, JSON]
    """The schemas of the branches by name; empty where the items are of one kind."""
    member: str
    """The member that names a branch."""
    examples: Mapping[str, tuple[JSON, ...]]
    """The items of those examples that can be sent, by the name of the example."""
    findings: Mapping[str, Diagnostic]
    """The findings about the other examples."""

    @property
    def media(self) -> MediaType:
        """The media type itself."""
        return self.response.content[self.index]


class Streams:
    """Makes the streams of one contract."""

    def __init__(self, contract: Contract, schemas: SchemaDocument, settings: Settings) -> None:
        self._contract = contract
        self._schemas = schemas
        self._settings = settings
        self._sources: dict[tuple[str, str, int], StreamItems | None] = {}
        self._items: SizedCache[tuple[object, ...], tuple[JSON]] = SizedCache(REMEMBERED)
        self._left_out: set[tuple[str, str, str]] = set()

    def source(self, operation: Operation, response: ResponseSpec, index: int) -> StreamItems | None:
        """Return the source of a media type's items; None where its body is not a sequence."""
        key = (operation.key, response.status, index)
        if key not in self._sources:
            self._sources[key] = self._source(operation, response, index)
        return self._sources[key]

    def _source(self, operation: Operation, response: ResponseSpec, index: int) -> StreamItems | None:
        media, resolve = response.content[index], self._contract.resolve
        sequence = sequence_of(media.name, media.node, resolve)
        if sequence is None:
            return None
        union = union_of(sequence.rest, resolve)
        node = value_at(self._contract.document, operation.pointer)
        raw = resolve(value_at(node, pointer_of("responses", response.status)))
        texts = [*texts_of(node, raw, dict(media.node), resolve(sequence.rest))]
        transcripts = [transcript_of(text, sequence.form) for text in texts]
        exemplar = next(
            (transcript for transcript in transcripts if self._fits(transcript, sequence, union)), None
        ) or next(
            (transcript for transcript in self._elsewhere(media, sequence) if self._fits(transcript, sequence, union)),
            Transcript(),
        )
        written = [transcript_of(value, sequence.form) for value in media.examples.values() if isinstance(value, str)]
        end = next((transcript.end for transcript in (*written, exemplar, *transcripts) if transcript.end), b"")
        if not end and sequence.form == EVENTS:
            end = sentinel_of(media.node, node, resolve)
        is_named = exemplar.is_named is not False and union.member not in _UNNAMED
        examples, findings = self._examples(operation, response, media, sequence)
        return StreamItems(
            operation=operation,
            response=response,
            index=index,
            sequence=sequence,
            framing=Framing(sequence, union.member if is_named else "", end),
            programme=StreamSchedule(self._slots(exemplar, sequence, union)),
            union={branch.name: branch.schema for branch in union.branches},
            member=union.member,
            examples=examples,
            findings=findings,
        )

    def _elsewhere(self, media: MediaType, sequence: Sequence) -> Iterator[Transcript]:
        """Yield the samples of streams of the same schema at other operations of the contract."""
        if not isinstance(media.schema, dict) or "$ref" not in media.schema:
            return
        for operation in self._contract.operations.values():
            responses = operation.responses.values()
            if any(entry.schema == media.schema for response in responses for entry in response.content):
                node = value_at(self._contract.document, operation.pointer)
                yield from (transcript_of(text, sequence.form) for text in texts_of(node, None, None, None))

    def _fits(self, transcript: Transcript, sequence: Sequence, union: Union) -> bool:
        """Tell whether a sample shows items of these schemas, or at least events whose names they have."""
        names = {branch.name for branch in union.branches}
        known = {*TypeHints([sequence.rest], self._contract.resolve).names}
        return any(
            self._value(item, sequence.rest)
            or item.event in names
            or (isinstance(item.value, dict) and len(item.value) > 1 and item.value.keys() <= known)
            for item in transcript.items
        )

    def _slots(self, transcript: Transcript, sequence: Sequence, union: Union) -> list[Slot]:
        """Return the slots of the sample, or else of the known events in a believable order."""
        branches = {branch.name: branch.schema for branch in union.branches}
        names = [*branches]
        slots: list[Slot] = []
        for sample in transcript.items:
            value = sample.value
            name = value.get(union.member) if isinstance(value, dict) and union.member else None
            name = name if isinstance(name, str) else sample.event or ""
            branch = branches.get(name)
            values = self._value(sample, sequence.rest)
            if values or branch is not None:
                slots.append(Slot(name if branch is not None else "", values, self._parts(sample, branch, values)))
            elif not branches and isinstance(value, dict):
                slots.append(Slot(parts=self._parts(sample, sequence.rest, values)))
        return slots or [Slot(names[index]) for index in ordered(names)]

    def _value(self, sample: TranscriptItem, schema: JSON) -> tuple[JSON, ...]:
        """Return the item of a sample in the form that is valid by the schema, in a tuple; empty without one."""
        forms: list[JSON] = [sample.value] if isinstance(sample.value, str) else [sample.value, json_text(sample.value)]
        fields: dict[str, JSON] = {} if sample.event is None else {"event": sample.event}
        if "data" in TypeHints([schema], self._contract.resolve).names:
            forms = [*({**fields, "data": form} for form in forms), *forms]
        return next(((form,) for form in forms if self._accepts(schema, form)), ())

    def _parts(self, sample: TranscriptItem, schema: JSON, values: tuple[JSON, ...]) -> dict[str, JSON]:
        """Return what of an item that a text shows can stay where it breaks its schema as a whole.

        Samples get older than their contract: they lack members that were added later, and have nulls that it does not
        allow.
        """
        item = sample.value
        if "data" in TypeHints([schema], self._contract.resolve).names and not (
            isinstance(item, dict) and "data" in item
        ):
            item = {"event": sample.event, "data": item}
        if values or not isinstance(item, dict):
            return {}
        try:
            # One place may have several faults.
            for pointer in dict.fromkeys(pointer for pointer, _ in self._schemas.root(schema).faults(item)):
                if pointer and value_at(item, pointer) is None:
                    item = without_value_at(item, pointer_parts(pointer))
        except Exception:  # such as a broken pattern
            return {}
        return item if isinstance(item, dict) else {}

    def _accepts(self, schema: JSON, value: JSON) -> bool:
        try:
            return self._schemas.root(schema).accepts(value)
        except Exception:  # such as a broken pattern; the answer is validated later anyway
            return False

    def _examples(
        self, operation: Operation, response: ResponseSpec, media: MediaType, sequence: Sequence
    ) -> tuple[dict[str, tuple[JSON, ...]], dict[str, Diagnostic]]:
        """Return the items of each example of a media type, and findings about examples that cannot be sent."""
        sound: dict[str, tuple[JSON, ...]] = {}
        findings: dict[str, Diagnostic] = {}
        place = operation.pointer + pointer_of("responses", response.status, "content", media.name)
        for name, value in media.examples.items():
            items = self.items_of(value, sequence)
            wrong = next(
                (pair for pair in enumerate(items) if not self._accepts(sequence.schema(pair[0]), pair[1])), None
            )
            if wrong is None:
                sound[name] = items
                continue
            reasons = self._schemas.root(sequence.schema(wrong[0])).reasons(wrong[1]) or [("", "it", "another")]
            within, actual, expected = reasons[0]
            parts = ("examples", name, "value") if name else ("example",)
            where = place + pointer_of(*parts) + (pointer_of(wrong[0]) + within if isinstance(value, list) else "")
            remedy = "Fix the example; until then others are sent in its place."
            findings[name] = Diagnostic("example", self._contract.locate(where), actual, expected, where, remedy)
        return sound, findings

    def items_of(self, value: JSON, sequence: Sequence) -> tuple[JSON, ...]:
        """Return the items that a value stands for: a list of them, a text as it is sent, or one item."""
        if isinstance(value, list) and (sequence.is_listed or not self._accepts(sequence.rest, value)):
            return tuple(value)
        if isinstance(value, str):
            samples = transcript_of(value, sequence.form).items or _line(value)
            items = [self._value(sample, sequence.rest) for sample in samples]
            if items and all(items):
                return tuple(item for values in items for item in values)
        return (value,)

    def stream(
        self,
        source: StreamItems,
        seed: int,
        identity: str,
        *,
        items: tuple[JSON, ...] | None = None,
        count: int | None = None,
        interval: int | None = None,
        is_exemplary: bool = True,
    ) -> Stream:
        """Return a stream of a media type. ``count`` is the number of items, ``interval`` in milliseconds."""
        stream = Stream(
            operation=source.operation.key,
            response=source.response.status,
            media=source.index,
            count=0,
            seed=seed,
            identity=identity,
            interval=self._settings.stream_interval if interval is None else interval,
            is_exemplary=is_exemplary,
        )
        if items is None and count is None and _is_of_a_piece(source.sequence, self._contract):
            whole = generate(
                source.sequence.whole,
                SeedKey(seed, source.operation.key, identity),
                self._schemas,
                fill_properties=not self._settings.no_fill_properties,
                complete=True,
                fill=self._settings.fill,
                exemplary=is_exemplary,
            )
            items = tuple(whole) if isinstance(whole, list) else (whole,)
        if items is not None:
            stream = replace(stream, given=tuple(json_text(item) for item in items))
        return replace(stream, count=self._usual(source, stream, items) if count is None else count)

    def _usual(self, source: StreamItems, stream: Stream, items: tuple[JSON, ...] | None) -> int:
        if items is not None:
            return len(items)
        drawn = _FEWEST + SeedKey(stream.seed, stream.operation, stream.identity).number("count") % _USUAL
        count = max(len(source.programme.slots) or drawn, source.sequence.least)
        return count if source.sequence.most is None else min(count, source.sequence.most)

    def source_of(self, stream: Stream) -> StreamItems:
        """Return the source of the items of a stream."""
        operation = self._contract.operations[stream.operation]
        source = self.source(operation, operation.responses[stream.response], stream.media)
        assert source is not None
        return source

    def items(self, stream: Stream) -> Iterator[JSON]:
        """Yield the items, each made when it is needed.

        A branch of a union that no value satisfies is left out. Raises :class:`GenerationError` where no item is left.
        """
        source = self.source_of(stream)
        items = None if stream.given is None else [*map(json.loads, stream.given)]
        programme = source.programme if items is None else StreamSchedule([self._slot(source, item) for item in items])
        nothing: GenerationError | None = None
        has_items = False
        for index in range(stream.count):
            slot = programme.slot(index, stream.count)
            is_given = slot.values and (items is not None or stream.is_exemplary)
            if not stream.is_exemplary:
                slot = Slot(slot.name)
            try:
                item = slot.values[0] if is_given else self._remembered(source, stream, index, slot)
            except GenerationError as error:
                # Only a branch of a union can be left out.
                if slot.name not in source.union:
                    raise
                self._leave_out(source, slot.name, error)
                nothing = nothing or error
                continue
            has_items = True
            for patch in stream.patches:
                item = apply_merge_patch(item, json.loads(patch))
            yield item
        if nothing is not None and not has_items:
            raise nothing

    def _leave_out(self, source: StreamItems, name: str, error: GenerationError) -> None:
        """Log once that a branch cannot be made."""
        place = (source.operation.key, source.response.status, name)
        if place not in self._left_out:
            self._left_out.add(place)
            log.warning("%s %s: streams go without %s: %s", *place, error)

    def _slot(self, source: StreamItems, item: JSON) -> Slot:
        name = item.get(source.member) if isinstance(item, dict) and source.member else ""
        return Slot(name if isinstance(name, str) else "", (item,))

    def _remembered(self, source: StreamItems, stream: Stream, index: int, slot: Slot) -> JSON:
        def make() -> JSON:
            return self._agreeing(source.sequence.schema(index), self._made(source, stream, index, slot))

        if index >= _FIRST:
            return make()
        key = (
            stream.operation,
            stream.response,
            stream.media,
            stream.seed,
            stream.identity,
            stream.is_exemplary,
            index,
            slot.name,
            stream.count,
        )
        known = self._items.get(key)
        if known is None:
            known = (make(),)
            self._items.keep(key, known)
        return known[0]

    def _made(self, source: StreamItems, stream: Stream, index: int, slot: Slot) -> JSON:
        """Return an item of a branch, or of any branch where this one is not valid as an item."""
        whole = source.sequence.schema(index)
        schema = source.union.get(slot.name, whole)
        draw = SeedKey(stream.seed, stream.operation, f"{stream.identity} item {index}")
        pins = self._pins(schema, index, "" if schema is whole else source.member, slot.name, draw)
        parts: JSON = {**slot.parts}
        for pointer, value in pins.items():
            parts = with_value_at(parts, pointer_parts(pointer), value)
        if slot.parts and self._accepts(whole, parts):
            return parts
        # As in a list, the first has what schemas give as examples, and others differ from it.
        is_exemplary = stream.is_exemplary and (not index or bool(slot.name and index < len(source.programme.slots)))
        make = partial(
            generate,
            draw=draw,
            document=self._schemas,
            complete=True,
            exemplary=is_exemplary,
            fill_properties=not self._settings.no_fill_properties,
        )
        for fixed in [pins, {}] if pins else [{}]:
            try:
                item = make(schema, pins=fixed, strict=bool(fixed))
            except GenerationError:
                continue
            with_parts = with_merged_at(item, parts) if slot.parts else item
            for candidate in (with_parts, item):
                if self._accepts(whole, candidate):
                    return candidate
        return make(whole)

    def _agreeing(self, schema: JSON, item: JSON) -> JSON:
        """Return an event whose name and whose data's ``type`` agree, where the schema takes one that does."""
        data = item.get("data") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(data, dict) or "event" not in item or "type" not in data:
            return item
        forms: tuple[JSON, ...] = ({**item, "data": {**data, "type": item["event"]}}, {**item, "event": data["type"]})
        return next((form for form in forms if self._accepts(schema, form)), item)

    def _pins(self, schema: JSON, index: int, member: str, name: str, draw: SeedKey) -> dict[str, JSON]:
        """Return the pins of an item at its place: the name of its branch, its number, a text that is JSON itself."""
        shape = TypeHints([schema], self._contract.resolve)
        pins: dict[str, JSON] = {pointer_of(member): name} if member else {}
        pins |= {pointer_of(counter): index for counter in _NUMBERED if "integer" in shape.member(counter).types}
        data = shape.member("data")
        described = data.keyword("contentSchema")  # OpenAPI 3.2, "Server-Sent Event Streams"
        if described is not None and "string" in data.types:
            pins["/data"] = json_text(generate(described, draw, self._schemas, complete=True, fill=self._settings.fill))
        return pins

    def findings(self, validator: ContractValidator, stream: Stream, status: int) -> Iterator[Diagnostic]:
        """Yield what is wrong with the items of a stream, of which the first :data:`TRIED` are validated."""
        source = self.source_of(stream)
        for index, item in enumerate(islice(self.items(stream), TRIED)):
            yield from validator.item(stream, status, index, source.sequence.schema(index), item)

    @staticmethod
    def broken(stream: Stream, index: int, item: JSON) -> JSON:
        """Return an item with the values that a scenario puts into it to break it."""
        for pointer, value in stream.breaks:
            head, *rest = pointer_parts(pointer)
            if head == str(index):
                item = with_value_at(item, rest, json.loads(value))
        return item


def _line(text: str) -> tuple[TranscriptItem, ...]:
    """Return the one item of a text that is a JSON text; empty where it is not JSON."""
    try:
        return (TranscriptItem(None, json.loads(text)),)
    except (ValueError, RecursionError):
        return ()


def _is_of_a_piece(sequence: Sequence, contract: Contract) -> bool:
    """Tell whether items depend on one another, so that the list has to be made as a whole."""
    if not sequence.is_listed:
        return False
    shape = TypeHints([sequence.whole], contract.resolve)
    return shape.keyword("uniqueItems") is True or shape.keyword("contains") is not None
