"""A record under way: members are taken from what was sent, put in, or generated, and the whole is judged."""

from __future__ import annotations

from collections.abc import Mapping

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import GenerationError
from mock_server.core.json_pointer import pointer_of, pointer_parts
from mock_server.core.types import JSON
from mock_server.generation.generator import generate
from mock_server.generation.seeding import SeedKey
from mock_server.worlds.state.making.draft import ViewError, unshown
from mock_server.worlds.state.making.fitting import Fitting, Refusal
from mock_server.worlds.state.making.member_draws import MemberDraws
from mock_server.worlds.state.making.record_form import RecordForm
from mock_server.worlds.state.making.record_shapes import Member, RecordShape
from mock_server.worlds.state.making.request_members import RequestForm
from mock_server.worlds.state.making.time_members import TimeMember
from mock_server.worlds.state.making.unsent_members import Fixed, Otherwise, Unsent

_MENDINGS = 4
"""How often members that the whole schema refuses are made anew."""


class RecordBuilder:
    """Builds the value of one record, of one shape.

    ``value`` is what there is of it so far, ``unshown`` what was sent and no view shows, ``taken`` what was sent and is
    shown: where the whole schema refuses it, it is generated instead.
    """

    def __init__(
        self,
        form: RecordForm,
        shape: RecordShape,
        draw: SeedKey,
        now: float | None = None,
        pins: Mapping[str, JSON] | None = None,
    ) -> None:
        self._form = form
        self._now = now
        self._shape = shape
        self._draw = draw
        self._pins = pins
        self._draws: MemberDraws | None = None
        self._others: dict[str, Member] = {}
        """Members of other views that are put in."""
        self.sent: Mapping[str, JSON] = {}
        """The whole of what was sent: names in it may be made keys."""
        self.value: dict[str, JSON] = {}
        self.unshown: dict[str, JSON] = {}
        self.taken: dict[str, JSON] = {}
        self.findings: list[Diagnostic] = []

    @property
    def draws(self) -> MemberDraws:
        """What generates members of the record."""
        if self._draws is None:
            self._draws = self._form.draws(self._draw, self._pins)
        return self._draws

    def take(self, name: str, sent: JSON, base: JSON = None) -> bool:
        """Take a member that was sent; return whether it is shown.

        What no form of the answer's schema takes is kept beside the record. ``base`` is what stood there before.
        """
        member = self._shape.members.get(name)
        if member is None:
            return self._take_elsewhere(name, sent)
        if member.accepts(sent):
            self.value[name] = self.taken[name] = sent
            return True
        if sent is None:
            return False  # nothing was said
        if sent == "now" and self._now is not None and name in self._form.times(self._shape).members:
            self.value[name] = self._form.times(self._shape).members[name].write(self._now)
            return True
        return self._take_fitted(member, sent, base)

    def _fitting(self) -> Fitting:
        return Fitting(self.draws, self._form.nested(self._now) if self._now is not None else None)

    def _take_fitted(self, member: Member, sent: JSON, base: JSON) -> bool:
        fitting = self._fitting()
        fitted = fitting.fitted(member.goal, sent, self.draws.place(member.name), base)
        if isinstance(fitted, Refusal):
            self._lose(member.name, sent, fitted.pointer)
            return False
        self.value[member.name] = fitted
        self.taken[member.name] = sent
        for pointer in fitting.losses:
            self._lose(member.name, sent, pointer)
        return True

    def _take_elsewhere(self, name: str, sent: JSON) -> bool:
        """Take a member that only other views show; one that none shows is kept beside."""
        for shape in self._form.others:
            member = shape.members.get(name)
            if member is not None and self._take_fitted(member, sent, None):
                return True
        self.unshown[name] = sent
        return False

    def _lose(self, name: str, sent: JSON, pointer: str) -> None:
        self.unshown[name] = sent
        self.findings.append(unshown(pointer))

    def forget(self) -> None:
        """Take what there is for the server's own: what of it cannot be shown is nobody's concern."""
        self.taken.clear()
        self.unshown.clear()
        self.findings.clear()

    def put(self, name: str, otherwise: Unsent, identity: JSON = None) -> None:
        """Put in a member that was not sent. ``identity`` is the key of another record that it shows, where known."""
        if isinstance(otherwise, Fixed):
            self.value[name] = otherwise.value
        elif isinstance(otherwise, TimeMember):
            self.value[name] = otherwise.value(self._now or 0)
        elif otherwise is Otherwise.KEY:
            self.value[name] = self._form.keys(name).within(self._draw, self.sent)
        elif otherwise is Otherwise.OPAQUE:
            self.value[name] = self._form.keys("").token(self._draw, name)
        elif otherwise is Otherwise.GENERATED:
            member = self._shape.members.get(name)
            self.generate(member if member is not None else self._others[name], identity)
        else:
            self.value.pop(name, None)

    def put_further(self, request: RequestForm) -> None:
        """Put in what only other views show, so that it need not be generated each time they do."""
        for shape, name in self._form.further(self.value):
            self._others[name] = shape.members[name]
            source = self._form.sources.get(name)
            try:
                self.put(name, self._form.plan(shape, request)[name], self.value.get(source) if source else None)
            except ViewError:
                self.value.pop(name, None)

    def generate(self, member: Member, identity: JSON = None) -> None:
        """Generate a member. One that no value satisfies is left out where nobody requires it.

        Raises :class:`ViewError` where it is required.
        """
        place = self.draws.place(member.name)
        if identity is not None:
            fitted = self._fitting().fitted(member.goal, identity, place)
            if not isinstance(fitted, Refusal):
                self.value[member.name] = fitted
                return
        try:
            value = self.draws.value(member.goal, place)
        except GenerationError as error:
            if member.is_required:
                raise ViewError(place.pointer, "its schema") from error
            return
        is_listing = self._now is not None and member.name in self._form.notions.resources
        self.value[member.name] = _emptied(member, value) if is_listing else value

    def finished(self) -> dict[str, JSON]:
        """Return the whole value, valid by the schema that shows most; further members stand after its own.

        What was sent and cannot stand with the rest is generated instead. Raises :class:`ViewError` where nothing is
        valid.
        """
        root = self._form.root
        for turn in range(_MENDINGS):
            own = {name: self.value[name] for name in self._shape.members if name in self.value}
            if root.accepts(own):
                own.update((name, self.value[name]) for name in self.value if name not in own)
                return own
            if not self._mend(root.faults(own), turn):
                break
        return self._in_another_shape() or self._whole()

    def _in_another_shape(self) -> dict[str, JSON] | None:
        """Return the value in the next branch of a union that takes it, without the members that only its own has.

        Where a schema says ``oneOf`` of branches of which one is part of another, no value is valid by the larger one.
        """
        form = self._form
        others = [shape for shape in form.shapes if shape is not self._shape and _agrees(shape, self.value)]
        for shape in sorted(others, key=lambda shape: -shape.agreement(self.value)):
            own = {name: self.value[name] for name in shape.members if name in self.value}
            if all(name in own for name in shape.required) and form.root.accepts(own):
                for name in self._shape.members.keys() - own.keys() & self.taken.keys():
                    self._lose(name, self.taken[name], pointer_of(name))
                return own | {name: item for name, item in self.value.items() if name not in self._shape.members}
        return None

    def _mend(self, faults: list[tuple[str, str]], turn: int) -> bool:
        """Make the members anew that are at fault; return whether any is."""
        names = dict.fromkeys(pointer_parts(pointer)[0] for pointer, _ in faults if pointer)
        for name in names:
            member = self._shape.members.get(name)
            if name in self.taken:
                self._lose(name, self.taken.pop(name), pointer_of(name))
            self.value.pop(name, None)
            if member is not None:
                place = self.draws.place(name)
                try:
                    self.value[name] = self.draws.value(member.goal, place.turned(turn))
                except GenerationError:
                    return False
        return bool(names)

    def _whole(self) -> dict[str, JSON]:
        """Return a value that the generator makes as a whole, with as much pinned as the schema allows."""
        form, own = self._form, self._shape.members
        extra = {name: member for name, member in self.value.items() if name not in own}
        scalars = {
            pointer_of(name): value
            for name, value in self.value.items()
            if name in own and not isinstance(value, (dict, list))
        }
        key = {pointer_of(name): self.value[name] for name in form.key_names if name in self.value and name in own}
        fault: GenerationError | None = None
        for pins in (scalars, key):
            try:
                value = generate(
                    form.schema,
                    self._draw,
                    form.document,
                    pins=pins,
                    fill_properties=form.filling.fill_properties,
                    complete=True,
                    fill=form.filling.fill,
                    strict=True,
                )
            except GenerationError as error:
                fault = error
                continue
            if isinstance(value, dict) and form.root.accepts(value):
                for name, sent in self.taken.items():
                    if name in own and value.get(name) != sent:
                        self._lose(name, sent, pointer_of(name))
                return {**value, **extra}
        present = {name: value for name, value in self.value.items() if name in own}
        pointer, keyword = next(iter(form.root.faults(present)), ("", "its schema"))
        raise ViewError(pointer, keyword) from fault


def _agrees(shape: RecordShape, value: Mapping[str, JSON]) -> bool:
    """Tell whether a shape allows the constants of a value."""
    return all(value[name] in values for name, values in shape.marks.items() if name in value)


def _emptied(member: Member, value: JSON) -> JSON:
    """Return a list of other records, as a new record has it: without any."""
    if not isinstance(value, dict):
        return value
    emptied: dict[str, JSON] = {name: [] if isinstance(item, list) else item for name, item in value.items()}
    emptied |= {name: False for name in emptied if name in _MORE} | {name: 0 for name in emptied if name in _TOTALS}
    return emptied if member.accepts(emptied) else value


_MORE = ("has_more", "hasMore", "has_next_page")
_TOTALS = ("total_count", "total", "count", "totalCount")
