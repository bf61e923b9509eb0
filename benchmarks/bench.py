"""What the server costs, against the server beneath it: a table of ratios to bare uvicorn on the same bytes.

All in one run, since machines are noisy: the servers take turns, and what counts is the ratio. Exit code 0 where every
figure reaches its target, 1 where one does not or two servers' answers differ, 2 where wrk is missing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks.measurements import Plan, measured, to_terminal
from benchmarks.rows import KEYS
from benchmarks.servers import Place
from benchmarks.table import Report, as_json, text

PEERS = "peers"


def main(argv: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    arguments = _arguments(argv)
    if shutil.which("wrk") is None:
        print("wrk is missing; install it (Debian: apt-get install wrk) or run make bench", file=sys.stderr)
        return 2
    interruptible()
    keys = frozenset(arguments.only or (*KEYS, PEERS)) - ({PEERS} if arguments.no_peers else set())
    try:
        with tempfile.TemporaryDirectory() as directory:
            place = Place(Path(directory))
            results, peers = measured(Plan(place, arguments.rounds, arguments.seconds, keys, to_terminal))
    except KeyboardInterrupt:
        return 130
    finally:
        to_terminal("")
    report = Report(arguments.rounds, arguments.seconds, tuple(results), tuple(peers))
    print(text(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(report), indent=2) + "\n", encoding="utf-8")
    return 0 if report.good else 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=...", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N", help="rounds of each row (5)")
    parser.add_argument("--seconds", type=_positive, default=3, metavar="N", help="seconds of each round (3)")
    parser.add_argument(
        "--only",
        action="append",
        choices=(*KEYS, PEERS),
        metavar="ROW",
        help=f"this row alone; may be repeated: {', '.join((*KEYS, PEERS))}",
    )
    parser.add_argument("--no-peers", action="store_true", help="leave the other mock servers out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every round's figures in this file")
    return parser.parse_args(argv)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number of 1 or more")
    return int(text)


def interruptible() -> None:
    """Have a signal to end raise :class:`KeyboardInterrupt`, once, so that what was started is ended on the way out."""
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _interrupt)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # What was started is ended on the way out; a second Ctrl-C must not stop that.
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signal_number, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
