"""What a made-up customer costs: records a second, each checked, and memory as the number grows.

    python -m benchmarks.generation [COUNT ...]

Memory that is flat between a small count and a large one shows that records are streamed.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time

import psutil

COUNTS = (10_000, 1_000_000)


def measure(count: int) -> tuple[float, float, float]:
    """Return records a second, records a second of processor time, and the peak of resident memory in MB.

    Of a process that writes them to nowhere, from its start to its end. The two rates are one on a machine that does
    nothing else.
    """
    command = [sys.executable, "-m", "mock_server", "generate", "customers", "--country", "all", "--format", "ndjson"]
    spent, start = _processor_time(), time.perf_counter()
    process = subprocess.Popen([*command, "--count", str(count)], stdout=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss / 1e6)
        except psutil.Error:
            break
        time.sleep(0.05)
    assert process.wait() == 0
    return count / (time.perf_counter() - start), count / (_processor_time() - spent), peak


def _processor_time() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print."""
    counts = [argument for argument in sys.argv[1:] if re.fullmatch(r"\d+", argument)]
    for count in [int(argument) for argument in counts] or COUNTS:
        rate, quiet, memory = measure(count)
        print(f"{count:>10,} customers  {rate:7,.0f} a second  {quiet:7,.0f} a processor's second  {memory:5.0f} MB")


if __name__ == "__main__":
    main()
