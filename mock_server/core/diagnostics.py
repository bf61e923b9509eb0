"""Describe what is wrong: where, what was found, what was expected, what to do."""

from __future__ import annotations

from dataclasses import field

from mock_server.core.types import JSON
from mock_server.core.value_class import value_class


@value_class
class Fault:
    """What an API's own answer tells of a thing that is wrong with a request.

    ``keyword`` is that of JSON Schema which refuses, with what it wants (``limit``); ``failure`` names a rule of the
    API instead (``x-mock-failures``). ``value`` is what was sent there, None where nothing was; ``member`` is the name
    of one that is missing.
    """

    keyword: str = ""
    limit: JSON = None
    value: JSON = None
    member: str = ""
    failure: str = ""


@value_class
class Diagnostic:
    """One thing that is wrong, described so that the reader can fix it.

    ``rule`` is a stable name (``dangling-reference``), ``location`` is a place for people (``polar.yaml:12``, ``header
    authorization``), ``pointer`` is a JSON Pointer (RFC 6901) into it.
    """

    rule: str
    location: str
    found: str
    expected: str
    pointer: str = ""
    remedy: str = ""
    severity: str = "error"
    """How severe it is.

    ``error``; ``repaired`` for a defect of a contract that has one safe repair; ``warning`` for a part of a request
    that is ignored.
    """
    fault: Fault | None = field(default=None, compare=False, repr=False)
    """What an API's own answer tells of it; no part of our own ones."""

    def __str__(self) -> str:
        where = f"{self.location} {self.pointer}".strip()
        text = f"{where}: {self.found}; expected {self.expected} [{self.rule}]"
        return f"{text}. {self.remedy}" if self.remedy else text

    def as_json(self) -> dict[str, JSON]:
        """Return the finding as a member of a problem document; empty parts are left out."""
        parts = {name: getattr(self, name) for name in self.__match_args__ if name != "fault"}
        return {name: value for name, value in parts.items() if value}


class UnreadableError(ValueError):
    """Raised for a value that is not of the form that the contract documents."""

    def __init__(self, actual: str, expected: str, pointer: str = "") -> None:
        super().__init__(f"{actual}; expected {expected}")
        self.found = actual
        self.expected = expected
        self.pointer = pointer
