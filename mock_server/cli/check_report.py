"""What ``mock-server check`` has found, contract by contract, as a report for people and for programs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mock_server.core.diagnostics import Diagnostic
from mock_server.core.value_class import value_class

if TYPE_CHECKING:
    from mock_server.mocking.contract_audit import AuditedResponse
    from mock_server.mocking.mounts import ApiMount
    from mock_server.openapi.model import Contract

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[0-9]+)(?: .*)?")
"""Where a finding is: a file and a line, and perhaps what is meant there."""
_SEVERITIES = {"error": "error", "repaired": "repaired", "warning": "warning"}


@value_class
class LocatedFinding:
    """A finding with its file and line, both of which it may have none of its own.

    ``answer`` is what was tried, None where the contract itself is meant.
    """

    finding: Diagnostic
    file: str
    line: int
    answer: AuditedResponse | None = None


class CheckReport(Protocol):
    """What the forms of a report need to know of a contract, loaded or not."""

    @property
    def name(self) -> str:
        """The path or URL of the contract."""

    @property
    def title(self) -> str:
        """The title of the contract."""

    @property
    def version(self) -> str:
        """The version of the contract."""

    @property
    def answers(self) -> Sequence[AuditedResponse]:
        """The answers that were tried."""

    @property
    def findings(self) -> Sequence[Diagnostic]:
        """The findings about the contract itself."""

    @property
    def notes(self) -> Mapping[str, str]:
        """Texts about operations whose part in state is not sure."""

    @property
    def all_findings(self) -> list[LocatedFinding]:
        """All findings, of the contract and of each answer."""

    def locate(self, operation: str) -> tuple[str, int]:
        """Return the file and the line of an operation."""


@value_class
class ContractReport:
    """The report of one contract. ``notes`` are texts about operations whose part in state is not sure."""

    contract: Contract
    answers: Sequence[AuditedResponse]
    findings: Sequence[Diagnostic]
    """Those about the contract itself."""
    notes: Mapping[str, str]

    @property
    def name(self) -> str:
        """The path or URL of the contract."""
        return self.contract.name

    @property
    def title(self) -> str:
        """The title of the contract."""
        return self.contract.title

    @property
    def version(self) -> str:
        """The version of the contract."""
        return self.contract.version

    def locate(self, operation: str) -> tuple[str, int]:
        """Return the file and the line of an operation; of one that is unknown those of the contract."""
        known = self.contract.operations.get(operation)
        place = place_of(self.contract.locate(known.pointer)) if known is not None else None
        return place or (self.name, 1)

    @property
    def all_findings(self) -> list[LocatedFinding]:
        """All findings: those of the load, of each answer, and of what the contract says of state and events."""
        contract = self.contract
        located = [_located(finding, contract, contract.name, 1) for finding in self.findings]
        for answer in self.answers:
            file, line = self.locate(answer.operation)
            located += [_located(finding, contract, file, line, answer) for finding in answer.findings]
        return located

    @property
    def total(self) -> str:
        """The last line: how much was tried, and how much was found."""
        count = len(self.all_findings)
        return f"{self.contract.title} {self.contract.version}: {len(self.answers)} answers tried, {count} findings"


def place_of(location: str) -> tuple[str, int] | None:
    """Return the file and the line of a location; None for one that names none."""
    place = _PLACE.fullmatch(location)
    return (place["file"], int(place["line"])) if place else None


def report_of(served: ApiMount, progress: Callable[[AuditedResponse], None]) -> ContractReport:
    """Try all answers of a contract, and return the report; ``progress`` is told of each."""
    from mock_server.mocking.contract_audit import ContractAudit
    from mock_server.mocking.route_table import state_of
    from mock_server.openapi.resources.inference import model_of
    from mock_server.openapi.webhooks.callbacks import callback_findings

    answers = []
    for answer in ContractAudit(served.contract, served.validator, served.selector, served.store).answers():
        answers.append(answer)
        progress(answer)
    model = model_of(served.contract)
    findings = [*served.contract.findings, *model.findings, *callback_findings(served.contract)]
    notes = {
        verdict.operation: f"{state_of(verdict)}: {verdict.why}"
        for verdict in model.verdicts.values()
        if not verdict.is_sure
    }
    return ContractReport(served.contract, answers, findings, notes)


def name_of(answer: AuditedResponse) -> str:
    """Return which answer of its operation was tried: status, media type, example or record."""
    return " ".join(part for part in (answer.status, answer.media, answer.example) if part)


def text_lines(report: ContractReport) -> Iterator[str]:
    """Yield what a pipe gets below the answers: findings, notes, and how many of them there are."""
    ordered = [*report.contract.findings]
    for answer in report.answers:
        ordered += answer.findings
    ordered += report.findings[len(report.contract.findings) :]
    yield from map(str, ordered)
    for operation, note in report.notes.items():
        yield f"note: {operation}: {note}"
    yield report.total


def summary_of(reports: Sequence[CheckReport]) -> dict[str, Any]:
    """Return how many answers were tried, and how many findings there are by severity and by kind."""
    located = [finding for report in reports for finding in report.all_findings]
    severities = Counter(severity_of(entry.finding) for entry in located)
    kinds = Counter(entry.finding.rule for entry in located)
    return {
        "answers": sum(len(report.answers) for report in reports),
        "findings": len(located),
        "errors": severities["error"],
        "repaired": severities["repaired"],
        "warnings": severities["warning"],
        "notes": sum(len(report.notes) for report in reports),
        "kinds": dict(sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))),
    }


def summary_line(summary: Mapping[str, Any]) -> str:
    """Return a summary in a sentence: ``1 error, 2 repaired, 0 warnings: example 2, path 1``."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in summary["kinds"].items())
    counts = ", ".join(
        (
            _counted(summary["errors"], "error"),
            f"{summary['repaired']} repaired",
            _counted(summary["warnings"], "warning"),
        )
    )
    return f"{counts}: {kinds}" if kinds else counts


def as_json(reports: Sequence[CheckReport]) -> dict[str, Any]:
    """Return reports as JSON, with a summary over all of them."""
    return {"contracts": [_contract_as_json(report) for report in reports], "summary": summary_of(reports)}


def severity_of(finding: Diagnostic) -> str:
    """Return ``error``, ``repaired`` or ``warning``."""
    return _SEVERITIES.get(finding.severity, "error")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _contract_as_json(report: CheckReport) -> dict[str, Any]:
    return {
        "contract": report.name,
        "title": report.title,
        "version": report.version,
        "answers": [
            {
                "operation": answer.operation,
                "status": answer.status,
                "media": answer.media or None,
                "example": answer.example or None,
                "from": answer.source,
                "valid": not answer.findings,
            }
            for answer in report.answers
        ],
        "findings": [
            {
                **entry.finding.as_json(),
                "file": entry.file,
                "line": entry.line,
                "operation": entry.answer.operation if entry.answer else None,
                "answer": name_of(entry.answer) if entry.answer else None,
            }
            for entry in report.all_findings
        ],
        "notes": [{"operation": operation, "note": note} for operation, note in report.notes.items()],
    }


def _located(
    finding: Diagnostic, contract: Contract, file: str, line: int, answer: AuditedResponse | None = None
) -> LocatedFinding:
    """Return a finding with its own place, or with that of what it is about where it names no file."""
    own = contract.locate(finding.pointer) if finding.location == contract.name and finding.pointer else ""
    place = place_of(finding.location) or place_of(own) or (file, line)
    return LocatedFinding(finding, *place, answer)
