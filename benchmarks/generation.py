"""What a made-up customer costs: records a second, each checked, and memory as the number grows.

    python -m benchmarks.generation [COUNT ...]

Memory that is flat between a small count and a large one shows that records are streamed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time

import psutil

COUNTS = (10_000, 1_000_000)


def measure(count: int) -> tuple[float, float]:
    """Records a second and the peak of resident memory in MB, of a process that writes them to nowhere."""
    command = [sys.executable, "-m", "mock_server", "generate", "customers", "--country", "all", "--format", "ndjson"]
    start = time.perf_counter()
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
    return count / (time.perf_counter() - start), peak


def main() -> None:
    """Measure and print."""
    given = [argument for argument in sys.argv[1:] if re.fullmatch(r"\d+", argument)]
    for count in [int(argument) for argument in given] or COUNTS:
        rate, memory = measure(count)
        print(f"{count:>10,} customers  {rate:8,.0f} a second  {memory:6.0f} MB at the most")


if __name__ == "__main__":
    main()
