"""The envelope of a list: its array, and the members around it that say where the page stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.generator import generate
from mock_server.generation.schema_document import SchemaDocument, SchemaNode
from mock_server.generation.seeding import SeedKey
from mock_server.openapi.resources.names import words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader
from mock_server.worlds.state.listing.conditions import value_in
from mock_server.worlds.state.listing.page import Page
from mock_server.worlds.state.listing.page_links import PageLinks
from mock_server.worlds.state.listing.paging_members import (
    ABSENT,
    CONTAINERS,
    Candidate,
    Kind,
    Manner,
    candidates,
    kind_of,
    manner_of,
)
from mock_server.worlds.state.listing.query_parameters import plain_schema

_DEEPEST = 2
"""Levels of objects in an envelope in which members are filled."""
_HREF = ("href", "url", "uri")
"""The member of an object that is a link."""
_MOST_SIGNATURES = 500


@value_class
class PagingMember:
    """A member that is filled from the page.

    ``link`` is the member of the object that it is, where it is a link; ``link_node`` is that member's schema.
    """

    path: tuple[str, ...]
    kind: Kind
    manner: Manner
    node: SchemaNode
    is_required: bool
    link: str = ""
    link_node: SchemaNode | None = None


class ListEnvelope:
    """Makes the bodies of one list. ``pointer`` is the JSON Pointer of the array in ``schema``, empty for the whole.

    What is no paging word is generated once, from ``draw``; ``complete`` generates optional members too. All bodies are
    valid, provided that their items are: what the schema refuses of a page is left as it was generated.
    """

    def __init__(
        self,
        document: SchemaDocument,
        reader: ShapeReader,
        schema: JSON,
        pointer: str,
        draw: SeedKey,
        *,
        complete: bool = True,
        fill_properties: bool = True,
    ) -> None:
        self._document = document
        self._reader = reader
        self._schema = schema
        self._path = tuple(pointer_parts(pointer))
        self._pointer = pointer
        self._draw = draw
        self._complete = complete
        self._fill_properties = fill_properties
        self._root = document.root(schema)
        self._template: dict[str, JSON] = {}
        self._members: tuple[PagingMember, ...] | None = None
        self._objects: list[tuple[tuple[str, ...], SchemaNode, bool]] = []
        """The objects in the envelope that may have paging members: path, schema, whether they have no others."""
        self._refused: dict[tuple[int, ...], frozenset[int]] = {}
        """By which candidates were taken: the members, by their number, that have to stay as they were generated."""

    def body(self, items: list[JSON], page: Page, url: str) -> JSON:
        """Return the body of a page with these items. ``url`` is that of the request, absolute and with its query.

        Raises :class:`GenerationError` where the envelope itself cannot be generated.
        """
        if not self._path:
            return list(items)
        if self._members is None:
            members = tuple(self._of(self._reader.shape(self._schema), (), 0))
            self._template = self._generated()
            self._members = members
        links = PageLinks(page, url)
        choices: list[Candidate] = []
        signature: list[int] = []
        for member in self._members:
            index, choice = _chosen(member, page, links)
            signature.append(index)
            choices.append(choice)
        key = tuple(signature)
        refused = self._refused.get(key)
        if refused is None:
            refused = self._judged(key, choices, items)
        return self._filled(choices, key, items, refused)

    def _generated(self) -> dict[str, JSON]:
        """Return what is generated of the envelope, without paging words where objects may be empty."""
        value: JSON
        pins: dict[str, JSON] = {
            pointer_of(*path): {} for path, node, is_filled in self._objects if is_filled and node.accepts({})
        }
        try:
            value = self._value({**pins, self._pointer: []})
        except GenerationError:  # an array that must not be empty, say
            value = self._value({})
        template = _copied(value)
        for path, node, _ in self._objects:
            holder = value_in(template, path[:-1])
            if isinstance(holder, dict) and not isinstance(holder.get(path[-1]), dict) and node.accepts({}):
                holder[path[-1]] = {}
        return template

    def _value(self, pins: dict[str, JSON]) -> JSON:
        return generate(
            self._schema,
            self._draw,
            self._document,
            pins=pins,
            fill_properties=self._fill_properties,
            complete=self._complete,
            exemplary=True,
        )

    def _judged(self, key: tuple[int, ...], choices: list[Candidate], items: list[JSON]) -> frozenset[int]:
        """Return the members that have to stay as they were generated for a body to be valid."""
        refused: frozenset[int] = frozenset()
        if not self._root.accepts(self._filled(choices, key, items, refused)):
            everything = frozenset(range(len(key)))
            if not self._root.accepts(self._filled(choices, key, items, everything)):
                return refused  # the items are not valid, whatever is around them
            refused = everything
            for number in range(len(key)):
                if self._root.accepts(self._filled(choices, key, items, refused - {number})):
                    refused -= {number}
        if len(self._refused) < _MOST_SIGNATURES:
            self._refused[key] = refused
        return refused

    def _filled(
        self, choices: list[Candidate], key: tuple[int, ...], items: list[JSON], refused: frozenset[int]
    ) -> JSON:
        body = _copied(self._template)
        for number, member in enumerate(self._members or ()):
            if key[number] >= 0 and number not in refused:
                _put(body, member, choices[number])
        holder = body
        for name in self._path[:-1]:
            inner = holder.get(name)
            if not isinstance(inner, dict):
                inner = holder[name] = {}
            holder = inner
        holder[self._path[-1]] = list(items)
        return body

    def _of(self, shape: SchemaShape, path: tuple[str, ...], depth: int) -> Iterator[PagingMember]:
        """Yield the paging members of an object in the envelope, and of the objects within it."""
        siblings = ["_".join(words_of(name)) for name in shape.members]
        has_total = any(kind_of(name, "", frozenset(), siblings) == "total" for name in shape.members)
        for name, schema in shape.members.items():
            way = (*path, name)
            if way == self._path:
                continue
            inner = self._reader.shape(schema)
            member = self._member(name, schema, way, inner, siblings)
            if member is not None:
                is_all = member.kind == "count" and not has_total
                kind: Kind = "total" if is_all else member.kind
                yield replace(member, kind=kind, is_required=name in shape.required)
            elif inner.kind == "object" and depth < _DEEPEST and self._may_page(name, way):
                inside = [*self._of(inner, way, depth + 1)]
                is_filled = {*inner.members} == {own.path[len(way)] for own in inside}
                self._objects.append((way, self._document.root(schema), is_filled))
                yield from inside

    def _may_page(self, name: str, way: tuple[str, ...]) -> bool:
        """Tell whether an object in the envelope may have paging members: by its name, or as the array is in it."""
        words = {*words_of(name)}
        return way == self._path[: len(way)] or (bool(words) and words <= CONTAINERS)

    def _member(
        self, name: str, schema: JSON, way: tuple[str, ...], shape: SchemaShape, siblings: list[str]
    ) -> PagingMember | None:
        container = "_".join(words_of(way[-2])) if len(way) > 1 else ""
        link = ""
        if shape.kind == "object" and not shape.is_mixed:
            link = next((own for own in _HREF if own in shape.members), "")
            if not link:
                return None
        keywords = plain_schema(self._reader, schema)
        types = frozenset({"string"}) if link else shape.types if shape.kind == "scalar" else frozenset[str]()
        kind = kind_of(name, container, types, siblings)
        if kind is None or (shape.kind == "array"):
            return None
        stated = keywords.get("description")
        description = stated if isinstance(stated, str) else ""
        holders = "_".join("_".join(words_of(holder)) for holder in way[:-1])
        manner = manner_of(name, "links" if link else holders, types, keywords, description)
        link_node = self._document.root(shape.members[link]) if link else None
        return PagingMember(
            way, kind, manner, self._document.root(schema), is_required=False, link=link, link_node=link_node
        )


def _chosen(member: PagingMember, page: Page, links: PageLinks) -> tuple[int, Candidate]:
    """Return the first candidate that the member's own schema accepts, with its number; -1 where there is none."""
    for index, candidate in enumerate(candidates(member.kind, member.manner, page, links)):
        if candidate is ABSENT:
            if not member.is_required:
                return index, candidate
            continue
        if member.link_node is not None and candidate is not None:
            if member.link_node.accepts(candidate):
                return index, {member.link: candidate}
        elif member.node.accepts(candidate):
            return index, candidate
    return -1, None


def _put(body: dict[str, JSON], member: PagingMember, choice: Candidate) -> None:
    holder = body
    for name in member.path[:-1]:
        inner = holder.get(name)
        if not isinstance(inner, dict):
            if choice is ABSENT:
                return
            inner = holder[name] = {}
        holder = inner
    if choice is ABSENT:
        holder.pop(member.path[-1], None)
        return
    own = holder.get(member.path[-1]) if member.link else None
    holder[member.path[-1]] = {**own, **choice} if isinstance(own, dict) and isinstance(choice, dict) else choice


def _copied(value: JSON, depth: int = 0) -> dict[str, JSON]:
    """Return an object with copies of the objects in it, as deep as members are filled."""
    if not isinstance(value, dict):
        return {}
    return {
        name: _copied(member, depth + 1) if isinstance(member, dict) and depth <= _DEEPEST else member
        for name, member in value.items()
    }
