"""What the members of a generated record have that its names tell: it is not deleted, and has the keys it needs."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.generation.document_caches import CacheKey
from mock_server.worlds.state.making.member_words import is_flag_of_ending, is_secret, tells_of_removal
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.making.record_shapes import Member, RecordShape
from mock_server.worlds.state.making.time_members import TimeMember
from mock_server.worlds.state.making.unsent_members import OPAQUE_SAMPLE, Fixed, Otherwise, Unsent

_SEEDED: CacheKey[tuple[RecordShape, str], Mapping[str, Unsent | None]] = CacheKey()


def seeded(form: RecordForm, shape: RecordShape) -> Mapping[str, Unsent | None]:
    """Return what each member of a shape has in a generated record; None where the generator is to choose."""
    known = form.document.caches[_SEEDED]
    key = (shape, form.resource.name)
    if key not in known:
        times = form.times(shape).members
        known[key] = {name: _seeded(form, shape, member, times.get(name)) for name, member in shape.members.items()}
    return known[key]


def _seeded(form: RecordForm, shape: RecordShape, member: Member, time: TimeMember | None) -> Unsent | None:
    name = member.name
    listed = shape.marks.get(name)
    if listed is not None and len(listed) == 1:
        return Fixed(listed[0])
    if name in form.notions.keys:
        return None if member.accepts(None) else Otherwise.KEY
    if is_flag_of_ending(name) and member.accepts(False):
        return Fixed(False)
    if is_secret(name) and member.accepts(OPAQUE_SAMPLE):
        return Otherwise.OPAQUE
    if time is not None and tells_of_removal(name):
        if member.accepts(None):
            return Fixed(None)
        return None if member.is_required else Otherwise.OMITTED
    return None
