"""What a made-up customer costs: records a second, each checked, and memory as the number grows.

    python -m benchmarks.generation [--processes N] [COUNT ...]

Memory that is flat between a small count and a large one shows that records are streamed.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Sequence

import psutil

COUNTS = (10_000, 1_000_000)


def measure(count: int, options: Sequence[str]) -> tuple[float, float, float]:
    """Return records a second, records a second of processor time, and the peak of memory in MB.

    Of a command that writes them to nowhere, from its start to its end, with the processes that it starts; memory that
    these have in common counts once. The two rates are one for a single process on a machine that does nothing else.
    """
    command = [sys.executable, "-m", "mock_server", "generate", "customers", "--country", "all", "--format", "ndjson"]
    spent, start = _processor_time(), time.perf_counter()
    process = subprocess.Popen([*command, *options, "--count", str(count)], stdout=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, sum(map(_memory, [watched, *watched.children()])))
        except psutil.Error:  # one of them has just ended
            continue
        time.sleep(0.1)
    assert process.wait() == 0
    return count / (time.perf_counter() - start), count / (_processor_time() - spent), peak


def _memory(process: psutil.Process) -> float:
    """Return the MB of a process, of memory that it shares its part (the proportional set size; elsewhere the RSS)."""
    sizes = process.memory_full_info() if psutil.LINUX else process.memory_info()
    return float(getattr(sizes, "pss", sizes.rss)) / 1e6


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generation", description=__doc__)
    parser.add_argument("counts", metavar="COUNT", nargs="*", type=int)
    parser.add_argument("--processes", metavar="N", help="one for each processor, if not given")
    arguments = parser.parse_args()
    options = ["--processes", arguments.processes] if arguments.processes else []
    for count in arguments.counts or COUNTS:
        rate, quiet, memory = measure(count, options)
        print(f"{count:>10,} customers  {rate:7,.0f} a second  {quiet:7,.0f} a processor's second  {memory:5.0f} MB")


if __name__ == "__main__":
    main()
