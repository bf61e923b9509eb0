"""The report of ``mock-server check`` as SARIF 2.1.0 (OASIS), which code hosts show beside the lines of a contract."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mock_server.cli.check_report import CheckReport, LocatedFinding, name_of, severity_of
from mock_server.openapi.loading.reader import is_url

_LEVELS = {"error": "error", "repaired": "warning", "warning": "warning"}
"""Levels of results (SARIF 2.1.0, 3.27.10)."""
_NOTE = "unsure"
"""The rule of notes: operations whose part in state is not sure."""


def as_sarif(reports: Sequence[CheckReport]) -> dict[str, Any]:
    """Return one run with a result for each finding and each note."""
    results = [_result(entry) for report in reports for entry in report.all_findings]
    results += [_note(report, operation, note) for report in reports for operation, note in report.notes.items()]
    rules = sorted({result["ruleId"] for result in results})
    driver = {
        "name": "mock-server check",
        "semanticVersion": version("contract-mock-server"),
        "rules": [{"id": rule} for rule in rules],
    }
    for result in results:
        result["ruleIndex"] = rules.index(result["ruleId"])
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(entry: LocatedFinding) -> dict[str, Any]:
    finding = entry.finding
    about = f"{entry.answer.operation} {name_of(entry.answer)}: " if entry.answer else ""
    pointer = [{"fullyQualifiedName": finding.pointer}] if finding.pointer else []
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[severity_of(finding)],
        "message": {"text": f"{about}{finding}"},
        "locations": [_location(entry.file, entry.line) | ({"logicalLocations": pointer} if pointer else {})],
    }


def _note(report: CheckReport, operation: str, note: str) -> dict[str, Any]:
    text = {"text": f"{operation}: {note}"}
    return {"ruleId": _NOTE, "level": "note", "message": text, "locations": [_location(*report.locate(operation))]}


def _location(file: str, line: int) -> dict[str, Any]:
    region = {"startLine": max(1, line)}
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": region}}


def _uri(file: str) -> str:
    """Return where a file is: below the current directory by a relative reference, as hosts of code want it."""
    if is_url(file):
        return file
    path = Path(file).resolve()
    if path.is_relative_to(Path.cwd()):
        return quote(path.relative_to(Path.cwd()).as_posix())
    return path.as_uri()
