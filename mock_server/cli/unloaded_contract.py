"""The report of a contract that cannot be loaded: why, as findings, and no answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

from mock_server.cli.check_report import LocatedFinding, place_of
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.errors import MockServerError
from mock_server.core.value_class import value_class

if TYPE_CHECKING:
    from mock_server.mocking.contract_audit import AuditedResponse

_RULE = "not-loaded"
_MESSAGE = re.compile(
    r"(?P<location>\S.*?)(?: (?P<pointer>/\S*))?: (?:found )?(?P<found>.*?); expected (?P<expected>.*)", re.DOTALL
)
"""The form of errors: where, what was found, what was expected, what to do."""


@value_class
class UnloadedContract:
    """The report of a contract that cannot be loaded. ``name`` is its path or URL."""

    name: str
    error: MockServerError
    answers: Sequence[AuditedResponse] = ()
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The path or URL: nobody knows the title."""
        return self.name

    @property
    def version(self) -> str:
        """An empty text: nobody knows the version."""
        return ""

    @property
    def findings(self) -> Sequence[Diagnostic]:
        """The findings of the error; the error itself where it has none."""
        return self.error.findings or (_finding_of(str(self.error), self.name),)

    @property
    def all_findings(self) -> list[LocatedFinding]:
        """The findings with their places; without one of its own a finding is of the first line."""
        places = ((finding, place_of(finding.location)) for finding in self.findings)
        return [LocatedFinding(finding, *(place or (self.name, 1))) for finding, place in places]

    def locate(self, operation: str) -> tuple[str, int]:
        """Return the file and the line of an operation: those of the contract, which has none."""
        return self.name, 1


def _finding_of(message: str, name: str) -> Diagnostic:
    """Return an error as a finding, from the parts of its message."""
    match = _MESSAGE.fullmatch(message)
    if match is None:
        return Diagnostic(_RULE, name, message, "a contract that can be loaded")
    expected, separator, remedy = match["expected"].rpartition(". ")
    if not separator:
        expected, remedy = remedy.removesuffix("."), ""
    return Diagnostic(_RULE, match["location"], match["found"], expected, match["pointer"] or "", remedy)
