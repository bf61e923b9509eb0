"""Change sets of processes that are killed in the middle of one, or that want the same key at the same time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from random import Random
from threading import Timer

import pytest

from mock_server.storage import Record, open_stores
from tests.support.change_sets import CONTRACT, HANDLES, TAKEN, WORLD
from tests.support.paths import ROOT
from tests.support.store_kinds import SHARED

pytestmark = [pytest.mark.store, pytest.mark.parametrize("kind", SHARED)]

KILLS = 4


@contextmanager
def changing(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process that begins to change records when a line is written to it."""
    command = [sys.executable, "-m", "tests.support.change_sets", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_killed_process_leaves_nothing_half_written(address: str) -> None:
    random = Random(5)
    for _ in range(KILLS):
        with changing("number", address) as process:
            begin(process)
            assert process.stdout is not None
            acknowledged = [int(process.stdout.readline())]
            killer = Timer(random.uniform(0, 0.05), process.kill)
            killer.start()
            acknowledged += [int(line) for line in process.stdout if line.endswith("\n")]
            process.wait(30)
        with closing(open_stores(address, 10)) as stores:
            layer = stores.store(CONTRACT).layer(WORLD)
            rows = [*layer.own("pets").values(), *layer.own("pets#keys").values()]
        numbers = [row.value["number"] for row in rows if isinstance(row, Record)]
        assert len(numbers) == len(HANDLES) + len(HANDLES) // 2
        assert {*numbers} <= {acknowledged[-1], acknowledged[-1] + 1}
        assert len({*numbers}) == 1


def test_of_processes_that_take_a_key_one_gets_it(address: str) -> None:
    names = ("one", "two")
    with changing("take", address, names[0]) as first, changing("take", address, names[1]) as second:
        for process in (first, second):
            begin(process)
        outcomes = [process.communicate(timeout=60)[0].split() for process in (first, second)]
    assert all(len(lines) == TAKEN for lines in outcomes)
    assert all({*pair} == {"won", "lost"} for pair in zip(*outcomes, strict=True))
    with closing(open_stores(address, 10)) as stores:
        layer = stores.store(CONTRACT).layer(WORLD)
        pets, keys = layer.own("pets"), layer.own("pets#keys")
    assert len(pets) == len(keys) == TAKEN
    assert {row.value["record"] for row in keys.values() if isinstance(row, Record)} == {*pets}
    for name, lines in zip(names, outcomes, strict=True):
        assert {f"{name}-{place}" for place, line in enumerate(lines) if line == "won"} <= {*pets}
