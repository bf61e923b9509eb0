"""The report of ``mock-server check`` as JUnit XML, which CI systems show as tests: one for each answer."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from mock_server.cli.check_report import CheckReport, name_of
from mock_server.core.diagnostics import Diagnostic
from mock_server.core.terminal import escaped


def as_junit(reports: Sequence[CheckReport]) -> str:
    """Return a suite for each contract: a test for each answer, and one for the contract itself."""
    root = ElementTree.Element("testsuites", {"name": "mock-server check"})
    for report in reports:
        root.append(_suite(report))
    for count in ("tests", "failures"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("errors", "0")
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(report: CheckReport) -> ElementTree.Element:
    suite = ElementTree.Element("testsuite", {"name": escaped(f"{report.title} {report.version}".strip())})
    cases = [_case(report.name, "contract", report.findings)]
    cases += [_case(answer.operation, name_of(answer) or answer.source, answer.findings) for answer in report.answers]
    suite.extend(cases)
    failures = sum(case.find("failure") is not None for case in cases)
    counts = {"tests": len(cases), "failures": failures, "errors": 0, "skipped": 0}
    suite.attrib.update({name: str(count) for name, count in counts.items()})
    suite.set("time", "0")
    return suite


def _case(classname: str, name: str, findings: Sequence[Diagnostic]) -> ElementTree.Element:
    """Return a test, with one failure for all of its findings: more than one are not in every schema."""
    case = ElementTree.Element("testcase", {"classname": escaped(classname), "name": escaped(name), "time": "0"})
    texts = [escaped(str(finding)) for finding in findings]
    if texts:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in findings))
        failure = ElementTree.SubElement(case, "failure", {"message": texts[0], "type": rules})
        failure.text = "\n".join(texts)
    return case
