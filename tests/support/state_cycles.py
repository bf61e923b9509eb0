"""Cycles of every resource of a contract: what is created is read, listed, filtered, sorted, changed and deleted.

    python -m tests.support.state_cycles CONTRACT [--resource NAME] [--mode strict|auto]

A step is taken where the contract has the operation. The server itself validates each answer: an invalid one is a 500.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.cycle_plans import Planner
from tests.support.cycle_requests import ContractCaller, UnsentError
from tests.support.record_cycle import STEPS, RecordCycle, StepOutcome


@dataclass
class CycleReport:
    """What came of the cycles of a contract."""

    contract: str
    outcomes: list[StepOutcome] = field(default_factory=list)
    unsent: list[str] = field(default_factory=list)
    """Cycles that could not be begun, since nothing that the contract takes could be made for them."""

    @property
    def failures(self) -> list[StepOutcome]:
        """The steps that failed."""
        return [outcome for outcome in self.outcomes if outcome.fault]

    @property
    def cycles(self) -> int:
        """The number of cycles that were begun."""
        return len({outcome.cycle for outcome in self.outcomes})

    @property
    def whole(self) -> int:
        """The number of cycles of which no step failed."""
        return self.cycles - len({outcome.cycle for outcome in self.failures})

    def __str__(self) -> str:
        passed = Counter(outcome.step for outcome in self.outcomes if not outcome.fault)
        failed = Counter(outcome.step for outcome in self.failures)
        steps = ", ".join(
            f"{step} {passed[step]}/{passed[step] + failed[step]}" for step in STEPS if passed[step] + failed[step]
        )
        return f"{self.contract}: {self.whole} of {self.cycles} cycles whole, {len(self.unsent)} not begun; {steps}"


class StateCycles:
    """Runs the cycles of one contract."""

    def __init__(self, file: Path, *, mode: str = "auto", seed: int = 0, is_verbose: bool = False) -> None:
        self._is_verbose = is_verbose
        self._is_strict = mode == "strict"
        self.caller = ContractCaller(file, seed=seed, state=mode)
        self.planner = Planner(self.caller.contract)
        self.report = CycleReport(file.stem)

    def run(self, name: str = "") -> CycleReport:
        """Return what came of all cycles, or of those of one resource."""
        for number, plan in enumerate(self.planner.plans(name)):
            if self._is_verbose:
                print(plan.name, file=sys.stderr, flush=True)
            cycle = RecordCycle(self.caller, self.planner, plan, f"cycle-{number}", is_strict=self._is_strict)
            try:
                self.report.outcomes += cycle.run()
            except UnsentError as error:
                self.report.outcomes += cycle.outcomes
                self.report.unsent.append(f"{plan.name}: {error}")
        self.caller.close()
        return self.report


def grouped(failures: Sequence[StepOutcome]) -> Iterator[tuple[str, list[StepOutcome]]]:
    """Yield failures that look alike, the most frequent first."""
    groups: dict[str, list[StepOutcome]] = defaultdict(list)
    for failure in failures:
        first = failure.fault.partition(":")[0]
        groups[f"{failure.step}: {first}"].append(failure)
    yield from sorted(groups.items(), key=lambda entry: -len(entry[1]))


def summary(report: CycleReport, *, shows_all: bool = False) -> str:
    """Return what came of the cycles: failures by kind, the first two of each or all, and the numbers."""
    lines: list[str] = []
    for title, failures in grouped(report.failures):
        lines.append(f"{len(failures)} x {title}")
        lines += [f"  {failure}" for failure in (failures if shows_all else failures[:2])]
    lines += [f"not begun: {entry}" for entry in report.unsent]
    return "\n".join([*lines, str(report)])


def main(arguments: Sequence[str]) -> int:
    """Run the cycles of a contract and print what came of them; return 1 where a step failed."""
    parser = argparse.ArgumentParser(prog="state_cycles", description=main.__doc__)
    parser.add_argument("contract", type=Path)
    parser.add_argument("--resource", default="", help="only the cycles of one resource")
    parser.add_argument("--mode", default="auto", choices=("auto", "strict", "off"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--all", action="store_true", help="show every failure, not the first of each kind")
    parser.add_argument("--verbose", action="store_true", help="name each cycle when it begins")
    options = parser.parse_args(arguments)
    report = StateCycles(options.contract, mode=options.mode, seed=options.seed, is_verbose=options.verbose).run(
        options.resource
    )
    print(summary(report, shows_all=options.all))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
