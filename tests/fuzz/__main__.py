"""Fuzz for so many seconds, or try again what was found before.

    make fuzz                                 # three minutes for all targets together, by a seed of the day
    make fuzz SECONDS=1800 ARGS='--seed 7'    # half an hour, again the same
    make fuzz ARGS='--only contracts'         # one target
    make fuzz ARGS=.fuzz/contracts-1a2b3c.json  # one example, again

Each target runs in a process of its own. An example that shows a fault is made as small as it gets and written to
``.fuzz/``; one that ends its process, or holds it up for good, is written as it is. Exit code 1 where there is one.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky, FlakyFailure

from tests.fuzz.target import CORPUS, HERE, Case, Target
from tests.fuzz.targets import TARGETS

FOUND = HERE.parents[1] / ".fuzz"
"""Where examples that show a fault are written."""
HELD_UP = 100.0
"""Seconds for one example; then its process is ended, with the stack on stderr."""
BATCH = 200
"""Examples of one run of Hypothesis: what it learns goes, what it has found stays."""
SHRINKING = 60.0
"""Seconds after the end in which a fault is still made smaller."""
MOST_FAULTS = 5
"""Faults of a target in one run; there is enough to do then."""


def main(given: list[str] | None = None) -> int:
    """Fuzz and print; the exit code."""
    arguments = _arguments(given)
    if arguments.files:
        return max(again(file) for file in arguments.files)
    if arguments.process:
        return _fuzz(TARGETS[arguments.process], arguments.seconds, arguments.seed)
    names = arguments.only or [*TARGETS]
    print(f"seed {arguments.seed}, {arguments.seconds} s for {len(names)} targets", flush=True)
    return max([*map(again, sorted(CORPUS.glob("*.json"))), *(_apart(name, arguments, len(names)) for name in names)])


def again(file: Path) -> int:
    """Try an example of a file again; 1 where it shows a fault."""
    case = Case.read(file)
    try:
        TARGETS[case.target].check(case.example)
    except Exception as error:
        print(f"{file}: {type(error).__name__}: {error}", flush=True)
        return 1
    return 0


def _apart(name: str, arguments: argparse.Namespace, share: int) -> int:
    """Fuzz a target in a process of its own, which may be lost."""
    under_way = _under_way(name)
    command = [sys.executable, "-m", "tests.fuzz", "--process", name, "--seed", str(arguments.seed)]
    code = subprocess.run([*command, "--seconds", str(arguments.seconds / share)], check=False).returncode
    if under_way.exists():  # it did not come to its end
        _keep(name, json.loads(under_way.read_text(encoding="utf-8")), f"the process ended with {code}")
        code = 1
    under_way.unlink(missing_ok=True)
    return code


def _fuzz(target: Target, seconds: float, seed: int) -> int:
    """Run batches until the time is over; 1 where there was a fault."""
    ends = time.monotonic() + seconds
    FOUND.mkdir(exist_ok=True)
    tried, faults, number = 0, 0, 0
    while time.monotonic() < ends and faults < MOST_FAULTS:
        batch = _Batch(target, ends)
        try:
            batch.run(seed * 100_000 + number)
        except (Exception, ExceptionGroup) as error:
            faults += 1
            flaky = "not every time: " if isinstance(error, (Flaky, FlakyFailure)) else ""
            _keep(target.name, batch.failed, flaky + "; ".join(_said(error)))
        tried += batch.tried
        number += 1
    _under_way(target.name).unlink(missing_ok=True)
    print(f"{target.name}: {tried:,} examples, {faults} faults", flush=True)
    return 1 if faults else 0


def _said(error: BaseException) -> Iterator[str]:
    """Yield what an exception says, or each of a group of them."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _said(inner)
    else:
        yield f"{type(error).__name__}: {error}"


class _Batch:
    """So many examples of a target, until the time is over; a fault is made smaller even after that."""

    def __init__(self, target: Target, ends: float) -> None:
        self.tried = 0
        self.failed: Any = None
        """The example that showed a fault last: the smallest."""
        self._target = target
        self._ends = ends
        self._file = _under_way(target.name)

    def run(self, seed: int) -> None:
        """Try the examples of a seed; raises what the smallest one that shows a fault raises."""
        phases = (Phase.generate, Phase.shrink)
        limits = settings(
            max_examples=BATCH,
            deadline=None,
            database=None,
            print_blob=False,
            phases=phases,
            verbosity=Verbosity.quiet,
            suppress_health_check=[*HealthCheck],
        )
        seeded(seed)(limits(given(self._target.examples)(self._try)))()

    def _try(self, example: Any) -> None:
        if time.monotonic() > self._ends + (SHRINKING if self.failed is not None else 0):
            return
        self.tried += 1
        self._file.write_text(json.dumps(example), encoding="utf-8")
        faulthandler.dump_traceback_later(HELD_UP, exit=True)
        try:
            self._target.check(example)
        except Exception:
            self.failed = example
            raise
        finally:
            faulthandler.cancel_dump_traceback_later()


def _keep(name: str, example: Any, why: str) -> None:
    digest = hashlib.sha256(json.dumps(example).encode()).hexdigest()[:8]
    file = FOUND / f"{name}-{digest}.json"
    Case(name, why[:4000], example).write(file)
    print(f"{name}: {why[:1500]}\n  make fuzz ARGS={file.relative_to(FOUND.parent)}", flush=True)


def _under_way(name: str) -> Path:
    return FOUND / f"{name}.under-way"


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz ARGS=...", description=(__doc__ or "").partition("\n")[0])
    today = int(datetime.now(UTC).strftime("%Y%m%d"))
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="examples to try again")
    parser.add_argument("--seconds", type=float, default=180, metavar="N", help="for all targets together (180)")
    parser.add_argument("--seed", type=int, default=today, metavar="N", help="of all that is made up (the day)")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*TARGETS],
        metavar="TARGET",
        help=f"this target alone; may be repeated: {', '.join(TARGETS)}",
    )
    parser.add_argument("--process", choices=[*TARGETS], help=argparse.SUPPRESS)
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
