"""The envelope of an answer: the array of a list, or the one object, among paging words and other wrapping."""

from __future__ import annotations

from mock_server.core.json_pointer import pointer_of
from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.openapi.resources.names import noun_words, vocabulary, words_of
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader, is_plain

_USUAL = vocabulary(
    "items data results entries records values list rows elements objects content value resources nodes"
)
"""Names of the array in an envelope, whatever it has in it."""
_PAGING = vocabulary(
    "total count has next prev previous first last page pages per size limit offset cursor more start end max min"
    " number url object links link meta metadata paging pagination incomplete results result from to after before"
    " order marker token kind etag self success ok status warnings errors request id is sort sorting by of with"
    " truncated current empty href uri expand self at start response info"
)
"""Words of the members beside the array in an envelope."""
_COUNTING = vocabulary("total count next has cursor offset page")
"""Words that only lists have beside their array."""
_WRAPPING = vocabulary("links link meta metadata request id success ok status message warnings errors error code")
"""Words of the members beside the object in a wrapper."""


@value_class
class Envelope:
    """A part of an answer, by its JSON Pointer (empty: the whole), and its shape: of an item where it is a list."""

    pointer: str
    shape: SchemaShape
    is_list: bool


def envelope_of(reader: ShapeReader, schema: JSON, noun: str) -> Envelope:
    """Return what an answer is about. ``noun`` is the last fixed segment of the path."""
    shape = reader.shape(schema)
    if shape.kind == "array":
        return Envelope("", reader.shape(shape.items), is_list=True)
    if shape.kind != "object":
        return Envelope("", shape, is_list=False)
    listed = _list(reader, shape, noun)
    if listed is not None:
        return listed
    return _unwrapped(reader, shape, noun) or Envelope("", shape, is_list=False)


def _list(reader: ShapeReader, shape: SchemaShape, noun: str) -> Envelope | None:
    """Return the list in an object; an object with an ``id`` is a record."""
    if "id" in shape.members:
        return None
    shapes = {name: reader.shape(member) for name, member in shape.members.items() if not is_plain(member)}
    arrays = {name: member for name, member in shapes.items() if member.kind == "array"}
    names = [name for name, array in arrays.items() if reader.shape(array.items).kind == "object"]
    chosen = _chosen(names, [*shape.members], noun)
    if chosen is None:
        return None
    return Envelope(pointer_of(chosen), reader.shape(arrays[chosen].items), is_list=True)


def _chosen(names: list[str], members: list[str], noun: str) -> str | None:
    """Return the array that an envelope is there for; None where none stands out."""
    last = noun_words(noun)[-1:]
    alike = [name for name in names if noun and noun_words(name)[-1:] == last]
    usual = [name for name in names if name in _USUAL]
    if len(usual) == 1 and all(_is_paging(member) for member in members if member not in names):
        return usual[0]
    if len(alike) == 1 and all(_is_paging(member) or noun_words(member)[-1:] == last for member in members):
        return alike[0]
    if alike == names and len(names) == 1 and any(_COUNTING & {*words_of(member)} for member in members):
        return alike[0]
    if len(names) == 1 and (all(_is_paging(member) for member in members if member != names[0])):
        return names[0]
    return usual[0] if len(usual) == 1 and len(names) == 1 and _has_paging(members) else None


def _is_paging(member: str) -> bool:
    words = words_of(member)
    return not words or words[0] in _PAGING or words[-1] in _PAGING


def _has_paging(members: list[str]) -> bool:
    return any(_is_paging(member) for member in members)


def _unwrapped(reader: ShapeReader, shape: SchemaShape, noun: str) -> Envelope | None:
    """Return the object in a wrapper such as ``{droplet: {...}}``; None where the object is the thing itself."""
    if "id" in shape.members:
        return None
    others = [name for name in shape.members if not (words_of(name) and words_of(name)[0] in _WRAPPING)]
    if len(others) != 1:
        return None
    inner = reader.shape(shape.members[others[0]])
    is_named = others[0] == "data" or noun_words(others[0])[-1:] == noun_words(noun)[-1:]
    if inner.kind != "object" or not inner.members or not (is_named or "id" in inner.members):
        return None
    if others[0] == "data":
        listed = _list(reader, inner, noun)
        if listed is not None:
            return Envelope(pointer_of("data") + listed.pointer, listed.shape, is_list=True)
    return Envelope(pointer_of(others[0]), inner, is_list=False)
