"""The first page: what is served, how to call it, how much of everything there is, and what the load has found."""

from __future__ import annotations

from mock_server.admin.console.page import ConsolePage, PageRequest, PageRows
from mock_server.admin.console.records_page import MOST_RESOURCES, resource_counts, resource_names
from mock_server.admin.console.sample_call import sample_call, sample_operation
from mock_server.core.diagnostics import Diagnostic

MOST_FINDINGS = 50
"""Findings of the load that are shown; a contract may have thousands."""


def _overview(request: PageRequest) -> ConsolePage:
    admin = request.admin
    resources = resource_names(admin.served)
    counts = resource_counts(request, resources[:MOST_RESOURCES])
    targets = tuple(mount.coverage_target(key) for mount in admin.served for key in mount.contract.operations)
    seen = admin.errands.run(admin.world.coverage.read, targets, is_long=admin.worlds.is_shared)
    operations = [operation for mount in admin.served for operation in mount.contract.operations.values()]
    findings = [finding for mount in admin.served for finding in mount.contract.findings]
    values = {
        "contracts": [mount.contract for mount in admin.served],
        "world_url": request.world_url,
        "calls": _calls(request),
        "counts": [
            ("Operations", "/operations", len(operations)),
            ("Requests", "/requests", len(admin.journal)),
            ("Resources", "/fixtures", len(resources)),
            (
                "Records" if len(counts) == len(resources) else f"Records of {len(counts)}",
                "/fixtures",
                sum(counts.values()),
            ),
            ("Worlds", "/worlds", len(admin.worlds)),
        ],
        "exercised": round(100 * sum(1 for target in targets if seen.count(target)) / max(1, len(targets))),
        "findings": [_finding(finding) for finding in findings[:MOST_FINDINGS]],
        "findings_total": len(findings),
    }
    return ConsolePage("overview.html", "Overview", "", values)


def _calls(request: PageRequest) -> list[tuple[str, str]]:
    """Return a call of a real operation in several languages; empty where no contract has an operation."""
    for mount in request.admin.served:
        operation = sample_operation(mount.contract)
        if operation is not None:
            records = request.admin.world.store(mount.store)
            return sample_call(mount, operation, records, request.world_url).languages()
    return []


def _finding(finding: Diagnostic) -> dict[str, str]:
    return {
        "severity": finding.severity,
        "rule": finding.rule,
        "place": f"{finding.location} {finding.pointer}".strip(),
        "text": f"{finding.found}; expected {finding.expected}",
        "remedy": finding.remedy,
    }


ROWS: PageRows = (("GET", "/", _overview),)
