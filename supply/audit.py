"""Ask a vulnerability service about every distribution of every lock, by pip-audit.

    python -m supply.audit [--if-reachable] [--service pypi|osv] [--osv-url URL]

Exit codes: 0, nothing is known against any of them; 1, something is, a line for each; 3, the service did not answer for
all of them, so that nobody knows. ``--if-reachable`` makes a 0 of the 3, in words, for a machine that has no way there.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from supply.lock import ROOT

LOCKS = tuple(sorted((ROOT / "requirements").glob("*.txt")))
SECONDS = 15
"""Seconds that a service has for one answer."""
SOUND, VULNERABLE, UNKNOWN = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a lock: lines on vulnerabilities, and why some distributions could not be asked about."""

    lock: str
    distributions: int
    vulnerabilities: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def audit(lock: Path, options: Sequence[str] = ()) -> Result:
    """Return what the service knows of a lock. Those that are for another Python than this one are not asked about."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(lock), "--disable-pip", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", str(SECONDS), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own words
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        return Result(lock.name, 0, unknown=(lines[-1] if lines else f"pip-audit ended with {done.returncode}",))
    return Result(
        lock.name,
        len(dependencies),
        tuple(_told(dependencies)),
        tuple(each["skip_reason"] for each in dependencies if "skip_reason" in each),
    )


def _told(dependencies: Iterable[dict[str, object]]) -> Iterator[str]:
    for each in dependencies:
        vulnerabilities = each.get("vulns")
        for vulnerability in vulnerabilities if isinstance(vulnerabilities, list) else ():
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
            names = ", ".join([vulnerability["id"], *vulnerability["aliases"]])
            yield f"{each['name']} {each['version']}: {names}; mended in {fixed}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the locks, and say what came of it."""
    parser = argparse.ArgumentParser(description="Ask a vulnerability service about the locks.")
    parser.add_argument("--if-reachable", action="store_true", help="no failure where the service cannot be asked")
    parser.add_argument("--service", choices=("pypi", "osv"), default="pypi")
    parser.add_argument("--osv-url", help="where a service that speaks as OSV does is asked")
    parser.add_argument("locks", nargs="*", type=Path, default=LOCKS, help="the locks; all of requirements/ if none")
    given = parser.parse_args(arguments)
    options = ["--vulnerability-service", given.service, *(["--osv-url", given.osv_url] if given.osv_url else [])]
    results = [audit(lock, options) for lock in given.locks]
    for result in results:
        for line in result.vulnerabilities:
            print(f"{result.lock}: {line}")
    if any(result.vulnerabilities for result in results):
        return VULNERABLE
    if unknown := [(result.lock, reason) for result in results for reason in result.unknown]:
        print(
            f"the locks are not audited: found no answer of the vulnerability service {given.service} for"
            f" {len(unknown)} of them or of their distributions ({unknown[0][0]}: {unknown[0][1]}); expected one for"
            " each. Try it where the service can be reached.",
            file=sys.stderr,
        )
        return SOUND if given.if_reachable else UNKNOWN
    print(f"nothing is known against {sum(result.distributions for result in results)} distributions of the locks")
    return SOUND


if __name__ == "__main__":
    sys.exit(main())
