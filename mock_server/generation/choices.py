"""Choices that variants make about a value beside those of its schemas, and what a variant wants."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Choice(StrEnum):
    """A choice about a value; those between branches and types have the names of their :class:`BranchPoint`.

    Seeds hang on the texts. Python 3.11 takes 0.2 µs to get at a member, so hot paths bind theirs once.
    """

    PRESENT = "present"
    """Whether an optional member is there."""
    LENGTH = "length"
    """How many items an array has."""
    ENTRIES = "entries"
    """How many members an object has that the schema does not name."""
    VALUE = "value"
    """Which value of an enum it is."""
    EDGE = "edge"
    """Which end of its length or range a text or a number is at."""
    FLAG = "flag"
    """Whether a boolean is true."""
    PLAIN = "plain"
    """Whether the value is to be the plain one in all that is not wanted otherwise: of the whole, see :data:`PLAIN`."""


ChoiceKey = tuple[str, str]
"""A JSON Pointer, and a :class:`Choice` or the name of a branch point."""
Wanted = Mapping[ChoiceKey, int]
"""What a variant wants: by choice, the number of the option."""

PLAIN: ChoiceKey = ("", Choice.PLAIN)
"""Wanted by every variant: what it does not choose is as in the plain one."""
