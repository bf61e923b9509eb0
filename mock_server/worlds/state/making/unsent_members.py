"""What a member has that was not sent: its default, nothing, a beginning, a time, or what is generated."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class
from mock_server.generation.schema_examples import schema_examples
from mock_server.worlds.state.making.fitting import UNKNOWN, Unknown, absent_value
from mock_server.worlds.state.making.member_words import (
    first_state,
    is_count,
    is_flag_of_ending,
    is_flag_of_life,
    is_reference,
    is_secret,
    is_state,
    tells_of_ending,
)
from mock_server.worlds.state.making.record_shapes import Member, RecordShape, shapes_of
from mock_server.worlds.state.making.request_members import RequestForm, default_of
from mock_server.worlds.state.making.time_members import Moment, TimeMember

_DEEPEST = 3
"""Most levels of objects of counts."""


class Otherwise(Enum):
    """What becomes of a member that nobody sent, where no value is known beforehand."""

    OMITTED = "omitted"
    GENERATED = "generated"
    KEY = "key"
    OPAQUE = "opaque"


OPAQUE_SAMPLE = "aB3dE6gH9jK2mN5pQ8sT1vW4"
"""A text such as secrets are, to see whether a schema takes it."""


@value_class
class Fixed:
    """A value that is the same for every record."""

    value: JSON


Unsent = Fixed | TimeMember | Otherwise


@value_class
class RecordNotions:
    """What is known of a resource's members by name: further keys, relations, and what shows another record inside.

    ``relations`` tell whether there are several; an embed has the relation that names it, or None. ``resources`` are
    the names of all resources of the contract.
    """

    keys: frozenset[str]
    relations: Mapping[str, bool]
    embeds: Mapping[str, str | None]
    resources: Collection[str] = frozenset()


def unsent(
    shape: RecordShape, member: Member, form: RequestForm, time: TimeMember | None, notions: RecordNotions
) -> Unsent:
    """Return what a member of a new record has where the request of this form did not send it."""
    if time is not None and time.moment is Moment.CREATION:
        return time
    listed = shape.marks.get(member.name)
    if listed is not None and len(listed) == 1:
        return Fixed(listed[0])
    is_sendable = member.name in form.names
    known = _sendable(member, form) if is_sendable else _set_by_server(member, listed, time, notions)
    if not isinstance(known, Unknown):
        return known
    if time is not None:
        return time
    if is_state(member.name):
        return _beginning(member, listed)
    return Otherwise.GENERATED


def _sendable(member: Member, form: RequestForm) -> Unsent | Unknown:
    """Return what a member has that a client may send: the default, null, nothing in it, or no such member."""
    if member.name in form.defaults and member.accepts(form.defaults[member.name]):
        return Fixed(form.defaults[member.name])
    value = absent_value(member)
    if value == {} and not member.is_required and member.name != "metadata":
        return Otherwise.OMITTED  # ``category: {}`` says of a pet that it has one
    if not isinstance(value, Unknown):
        return Fixed(value)
    return UNKNOWN if member.is_required else Otherwise.OMITTED


def _set_by_server(
    member: Member, listed: tuple[JSON, ...] | None, time: TimeMember | None, notions: RecordNotions
) -> Unsent | Unknown:
    """Return what a member has that only servers set, where its name or schema tells."""
    name = member.name
    if time is not None:
        if member.accepts(None):
            return Fixed(None)
        if time.moment is Moment.CHANGE or member.is_required:
            return time
        return Otherwise.OMITTED
    if name in notions.keys:
        return Otherwise.KEY
    default = default_of(member)
    if not isinstance(default, Unknown) and default is not None and member.accepts(default):
        return Fixed(default)
    if is_flag_of_ending(name) and member.accepts(False):
        return Fixed(False)
    if is_flag_of_life(name) and member.accepts(True):
        return Fixed(True)
    if is_count(name) and not isinstance(nothing := none_of(member), Unknown):
        return Fixed(nothing)
    if name == "metadata" and member.accepts({}):
        return Fixed({})
    if is_secret(name) and member.accepts(OPAQUE_SAMPLE):
        return Otherwise.OPAQUE
    return _unrelated(member, listed, notions)


def _unrelated(member: Member, listed: tuple[JSON, ...] | None, notions: RecordNotions) -> Unsent | Unknown:
    """Return what a new record has in place of what is over or of another record: nothing, where that is valid."""
    name = member.name
    is_several = notions.relations.get(name, False) or name in notions.embeds or name in notions.resources
    if is_several and not member.accepts(None) and member.accepts([]):
        return Fixed([])
    is_related = name in notions.relations or name in notions.embeds or is_reference(name)
    is_over = tells_of_ending(name) and not (listed is not None and is_state(name))
    if (is_related or is_over) and member.accepts(None):
        return Fixed(None)
    if is_over and not member.is_required:
        return Otherwise.OMITTED
    return UNKNOWN


def none_of(member: Member, depth: int = 0) -> JSON | Unknown:
    """Return a count of nothing: 0, or an object in which all that has to be there is so."""
    if member.goal and member.accepts(0):
        return 0
    shapes = shapes_of(member.goal[0].document, member.goal) if member.goal and depth < _DEEPEST else ()
    for shape in shapes[:1]:
        values = {name: none_of(part, depth + 1) for name, part in shape.members.items()}
        counts: dict[str, JSON] = {name: value for name, value in values.items() if not isinstance(value, Unknown)}
        if counts and member.accepts(counts):
            return counts
    return UNKNOWN


def _beginning(member: Member, listed: tuple[JSON, ...] | None) -> Unsent:
    """Return the state that things begin in: of those that are listed, or else an example of a text."""
    if listed is None:
        examples = [example for node in member.nodes() for example in schema_examples(node)]
        listed = tuple(example for example in examples if member.accepts(example))
    state = first_state([state for state in listed if isinstance(state, str)])
    return Fixed(state) if state is not None else Otherwise.GENERATED
