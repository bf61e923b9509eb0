"""What the first answer to each GET of published contracts takes, beside another mock server in the same run.

``python -m benchmarks.first_answers`` takes contracts as files, or has those that are at hand. With ``--every`` it asks
this server every operation, with what is required, with everything, and for each documented answer. Exit code 1 where
this server fails at something, 2 where there is no contract.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.answers import NotMeasuredError
from benchmarks.published.at_hand import contracts
from benchmarks.published.contract import PublishedContract
from benchmarks.published.first import OURS, STEADY, Candidate, FirstAnswers, measured
from benchmarks.published.request import Call
from benchmarks.published.survey import FAULTS, Latencies, Outcome, Survey, counted
from benchmarks.servers import Place

SLOW = 20.0
"""Milliseconds from which on a call is named in the JSON, and beneath the table."""
_SHOWN = 40
"""Calls that are named beneath a table; the JSON has them all."""


def main(argv: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    arguments = _arguments(argv)
    files = arguments.contract or [*contracts().values()]
    if not files:
        print("found no contract; name one, or run make published", file=sys.stderr)
        return 2
    entries: list[dict[str, Any]] = []
    failed = False
    for file in files:
        survey = Survey(PublishedContract.read(file))
        with tempfile.TemporaryDirectory() as directory:
            place = Place(Path(directory))
            results = every(survey, place, file) if arguments.every else first(survey, place, file, arguments.no_peers)
            for name, text, outcomes in results:
                print(text, flush=True)
                for outcome in _notable(outcomes, arguments.slow)[:_SHOWN]:
                    print(_line(outcome), flush=True)
                entries.append(
                    {
                        "contract": survey.contract.name,
                        "server": name,
                        "table": text,
                        "calls": [asdict(call) for call in _notable(outcomes, arguments.slow)],
                    }
                )
                failed |= name == OURS and any(outcome.fault for outcome in outcomes)
    if arguments.json:
        arguments.json.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    return int(failed)


def first(survey: Survey, place: Place, file: Path, alone: bool) -> Iterator[tuple[str, str, Sequence[Outcome]]]:
    """Return the row of each server over the GETs of a contract, and what came of them."""
    candidates = [Candidate(place, file), *([Candidate(place, file, STEADY)] if STEADY.version and not alone else [])]
    for candidate in candidates:
        try:
            result = measured(survey, candidate)
        except NotMeasuredError as error:
            yield candidate.name, f"{survey.contract.name}: {candidate.name}: {error}", ()
        else:
            listed = result.outcomes if candidate.name == OURS else ()
            yield candidate.name, row(result), listed


def row(result: FirstAnswers) -> str:
    """Return the figures of a server in a line."""
    took, faults = result.latencies, counted(result.outcomes)
    largest = max((outcome.size for outcome in result.outcomes), default=0)
    return (
        f"{result.contract} ({took.count} GETs), {result.server}: "
        f"{took.median:.1f}, {took.p90:.1f}, {took.p99:.1f}, {took.most:.1f} ms (median, p90, p99, max); "
        f"{result.good} of {took.count} valid ({told(faults)}); "
        f"largest body {largest / 1024:.0f} KB; {result.memory:.0f} MB afterwards; "
        f"remembered answer at most {result.waited:.1f} ms meanwhile; "
        f"first answer {result.start.cold:.2f} s after the spawn, {result.start.warm:.2f} s with what is remembered"
    )


def every(survey: Survey, place: Place, file: Path) -> Iterator[tuple[str, str, Sequence[Outcome]]]:
    """Return the figures of this server over every operation of a contract, and what came of each call."""
    outcomes, memory = surveyed(survey, place, file)
    yield OURS, survey_table(survey.contract.name, outcomes, memory), outcomes


def surveyed(survey: Survey, place: Place, file: Path) -> tuple[list[Outcome], float]:
    """Return what came of every call of a contract to this server, and its memory afterwards in MB."""
    calls = [*survey.calls()]
    # A world is wanted for one call; that of a hundred calls ago is missed by nobody.
    with Candidate(place, file, arguments=("--max-worlds", "100")).started() as server:
        outcomes = survey.asked(server.url, [call for call in calls if isinstance(call, Call)], are_apart=True)
        memory = server.memory()
    return [*outcomes, *(outcome for outcome in calls if isinstance(outcome, Outcome))], memory


def survey_table(name: str, outcomes: Sequence[Outcome], memory: float) -> str:
    """Return the figures of a survey, a line for each way of asking."""
    lines = [f"{name}: {len({outcome.name for outcome in outcomes})} operations, {memory:.0f} MB afterwards"]
    for way in ("required", "everything", "documented answers"):
        own = [outcome for outcome in outcomes if _way(outcome) == way]
        took, faults = Latencies.of([outcome.milliseconds for outcome in own]), counted(own)
        lines.append(
            f"  {way:<18} {took.count:>5}: {took.median:.1f}, {took.p90:.1f}, {took.p99:.1f}, {took.most:.1f} ms; "
            f"largest body {max((outcome.size for outcome in own), default=0) / 1024:.0f} KB; "
            f"{told(faults)}"
        )
    return "\n".join(lines)


def told(faults: Counter[str]) -> str:
    """Return how many calls have each fault, in words."""
    return ", ".join(f"{faults[fault]} {fault}" for fault in FAULTS if faults[fault]) or "no fault"


def _way(outcome: Outcome) -> str:
    kind = outcome.way.partition(" ")[0]
    return kind if kind in ("required", "everything") else "documented answers"


def _notable(outcomes: Sequence[Outcome], slow: float) -> list[Outcome]:
    """Return the calls that failed, then the slow ones, the slowest first."""
    notable = [outcome for outcome in outcomes if outcome.fault or outcome.milliseconds >= slow]
    return sorted(notable, key=lambda outcome: (not outcome.fault, outcome.fault, -outcome.milliseconds))


def _line(outcome: Outcome) -> str:
    said = outcome.findings[0] if outcome.findings else ""
    call = f"{outcome.name} ({outcome.way}) {outcome.milliseconds:.0f} ms"
    return f"    {outcome.fault or 'slow'}: {call} {said[:300]}".rstrip()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.first_answers", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("contract", nargs="*", type=Path, help="files of OpenAPI 3; without, the contracts at hand")
    parser.add_argument("--every", action="store_true", help="ask every operation in every way, this server alone")
    parser.add_argument("--no-peers", action="store_true", help="leave the other mock server out")
    parser.add_argument(
        "--slow", type=float, default=SLOW, metavar="MS", help=f"name calls that take longer ({SLOW:.0f})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep what failed or was slow in this file")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
