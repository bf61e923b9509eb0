"""The member by which an item path finds a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mock_server.core.types import JSON
from mock_server.openapi.resources.model import RecordKey
from mock_server.openapi.resources.names import noun_words, snake, vocabulary
from mock_server.openapi.resources.schema_shapes import SchemaShape, ShapeReader

_IDENTITIES = ("id", "uuid", "guid", "sid", "gid", "uid", "_id")
"""Members that a parameter of any name may compare."""
NAMING = ("id", "slug", "key", "login", "number", "code", "sha", "name", "username", "handle", *_IDENTITIES[1:-1])
"""Members that name a record, the likeliest first."""
OWN_KEYS = (*_IDENTITIES, "sha", "Id", "ID", "node_id")
"""Members that are there to tell records apart."""
_ID_WORDS = vocabulary("id uuid guid sid gid uid identifier token")
"""Last words of a parameter that stand for any kind of identity."""
_OTHERWISE = {"username": "login", "ref": "sha"}
"""Members that a parameter of another name compares."""
_SHORTEST = 4
"""Characters of a member that a parameter may end in: ``username`` compares ``name``, ``logsink_id`` ``sink_id``."""
_KINDS = vocabulary("num no index version key code number hash secret slug email digest")
"""Last words of a parameter that say what kind of key it is: another kind is not the key."""


def key_of(reader: ShapeReader, shape: SchemaShape, parameter: str, schema: JSON, noun: str) -> RecordKey | None:
    """Return the key that a path parameter compares; None where no member fits.

    In this order: the member of that name, of its last words (not of ``promotion_code`` below ``promotion_codes``,
    which is the record itself), ``id``, and what else names things, required ones first. An integer never finds a
    text while another member fits.
    """
    candidates = [member for member in _candidates(shape, parameter, noun) if _is_naming(reader, shape.members[member])]
    types = reader.shape(schema).types
    fitting = [member for member in candidates if _fits(reader, shape.members[member], types)]
    for member in (fitting or candidates)[:1]:
        return RecordKey(member, is_integer="integer" in types)
    return None


def has_identity(reader: ShapeReader, shape: SchemaShape) -> bool:
    """Tell whether the records of a shape can be told apart by a member."""
    return any(_is_naming(reader, shape.members[name]) for name in NAMING if name in shape.members) or any(
        name.endswith(("_id", "Id")) for name in shape.members
    )


def has_own_identity(reader: ShapeReader, shape: SchemaShape) -> bool:
    """Tell whether records of a shape carry an identity that no path needs to speak of; a mere name is none."""
    return any(name in shape.members and _is_naming(reader, shape.members[name]) for name in OWN_KEYS)


def _candidates(shape: SchemaShape, parameter: str, noun: str) -> Iterator[str]:
    """Yield members that may be the key, the likeliest first."""
    by_name = {snake(member): member for member in shape.members}
    name = snake(parameter)
    if name in by_name:
        yield by_name[name]
    parts = name.split("_")
    is_itself = noun_words(name) == noun_words(noun)
    for start in range(1, 0 if is_itself else len(parts)):
        member = "_".join(parts[start:])
        if member in by_name and (parts[start:] != ["id"] or _is_about(parts[:start], shape, noun)):
            yield by_name[member]
    for kind in ("name", "id", "slug", "key", "code", "number"):
        if f"{name}_{kind}" in by_name:
            yield by_name[f"{name}_{kind}"]
    is_about = is_itself or _is_about(parts, shape, noun)
    if is_about or parts[-1] in ("id", "uuid", "identifier", "sid", "ref"):
        nouns = noun_words(noun)
        for member in (f"{'_'.join(nouns[-1:])}_{parts[-1]}", *(nouns if len(nouns) == 1 else ())):
            if member in by_name:
                yield by_name[member]
    if _OTHERWISE.get(name) in by_name:
        yield by_name[_OTHERWISE[name]]
    if not is_itself:
        yield from (by_name[member] for member in by_name if len(member) >= _SHORTEST and name.endswith(member))
    yield from _fallbacks(shape, by_name, parts, is_about=is_about, is_itself=is_itself)


def _fallbacks(
    shape: SchemaShape, by_name: Mapping[str, str], parts: list[str], *, is_about: bool, is_itself: bool
) -> Iterator[str]:
    """Yield members that name things whatever the parameter's name: identities, then names where it is about them.

    ``file_key`` is no id and no name; a tag, which has nothing but a name, is found by ``tag_id``.
    """
    if parts[-1] in _KINDS and not is_itself:
        return
    yield from (by_name[member] for member in _IDENTITIES if member in by_name)
    is_id = parts[-1] in _ID_WORDS and not is_itself
    if not is_about or (is_id and by_name.keys() & {*OWN_KEYS}):
        return
    for required in (True, False):
        for member in NAMING:
            if member in by_name and (by_name[member] in shape.required) is required:
                yield by_name[member]


def _is_about(parts: list[str], shape: SchemaShape, noun: str) -> bool:
    """Tell whether the words before the last of a parameter name the record itself, as in ``/pets/{pet_id}``."""
    words = set(noun_words("_".join(parts)))
    return not words or bool(words & ({*noun_words(noun)} | {*noun_words(shape.name)}))


def _is_naming(reader: ShapeReader, member: JSON) -> bool:
    """Tell whether a member may hold a text or a number."""
    shape = reader.shape(member)
    return shape.kind == "any" or (shape.kind == "scalar" and shape.types != {"boolean"})


def _fits(reader: ShapeReader, member: JSON, types: frozenset[str]) -> bool:
    """Tell whether a parameter of these types compares with a member."""
    own = reader.shape(member).types
    return not own or not types or bool(own & types) or (own | types <= {"integer", "number"})
