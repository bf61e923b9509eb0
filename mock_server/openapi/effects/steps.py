"""The steps of effects. Each knows its ``place``, a JSON Pointer into the document, and when it is taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from mock_server.core.value_class import value_class
from mock_server.openapi.effects.values import EffectCondition, Place, RecordSelection, Value

Members: TypeAlias = tuple[tuple[tuple[str, ...], Value], ...]
"""Values by the parts of pointers into a record."""
MOST_ITEMS = 1000
"""Items for which one step is taken at most."""


@value_class
class Refuse:
    """Refuse the request with a failure; ``at`` is the part of the request that is at fault."""

    place: str
    when: EffectCondition | None
    failure: str
    at: Place | None = None
    expected: str = ""
    told: tuple[tuple[str, Value], ...] = ()
    """Values by the names that texts of the failure have for them."""


@value_class
class SetMembers:
    """Set members of a record: all values are read before any is set."""

    place: str
    when: EffectCondition | None
    target: Place
    members: Members


@value_class
class RemoveMembers:
    """Remove members of a record."""

    place: str
    when: EffectCondition | None
    target: Place
    members: tuple[tuple[str, ...], ...]


@value_class
class CreateRecord:
    """Create a record with some members and parents; ``name`` is how later steps name it, if not empty."""

    place: str
    when: EffectCondition | None
    resource: str
    name: str
    members: Members
    parents: tuple[tuple[str, Value], ...]


@value_class
class DeleteRecord:
    """Delete a record, and what is below it."""

    place: str
    when: EffectCondition | None
    target: Place


@value_class
class ForEach:
    """Take steps for each record or item of a selection, of which they know it by ``name``."""

    place: str
    when: EffectCondition | None
    selection: RecordSelection
    name: str
    steps: tuple[Step, ...]


@value_class
class SendEvents:
    """Tell of events about a record."""

    place: str
    when: EffectCondition | None
    target: Place
    types: tuple[str, ...]


@value_class
class AnswerMembers:
    """Set what the answer has at some pointers, the whole of it at none; records are shown by the schemas there."""

    place: str
    when: EffectCondition | None
    members: Members


@value_class
class RunLater:
    """Take steps at a moment of the world's clock; again at its next value where it ``repeats``.

    ``reads_body`` tells whether they read the body of the request, which is kept for that.
    """

    place: str
    when: EffectCondition | None
    due: Value
    repeats: bool
    steps: tuple[Step, ...]
    reads_body: bool = False


Step: TypeAlias = (
    Refuse | SetMembers | RemoveMembers | CreateRecord | DeleteRecord | ForEach | SendEvents | AnswerMembers | RunLater
)


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield steps, and those within them."""
    for step in steps:
        yield step
        if isinstance(step, (ForEach, RunLater)):
            yield from all_steps(step.steps)


def answers(steps: Iterable[Step]) -> bool:
    """Tell whether steps say what an answer has."""
    return any(isinstance(step, AnswerMembers) for step in all_steps(steps))


def plans_later(steps: Iterable[Step]) -> bool:
    """Tell whether there are steps that are taken later than the request."""
    return any(isinstance(step, RunLater) for step in all_steps(steps))


def says_events(steps: Iterable[Step]) -> bool:
    """Tell whether steps say which events happen; those that are taken later say so for themselves."""
    return any(
        isinstance(step, SendEvents) or (isinstance(step, ForEach) and says_events(step.steps)) for step in steps
    )


def reads_body(node: object) -> bool:
    """Tell whether values or conditions in steps read the body of the request."""
    if isinstance(node, Place):
        return node.parts[:2] == ("request", "body")
    if isinstance(node, tuple):
        return any(reads_body(part) for part in node)
    return is_dataclass(node) and any(reads_body(getattr(node, field.name)) for field in fields(node))
