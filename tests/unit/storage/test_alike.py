"""Whatever is done to a world, memory and a database show the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mock_server.storage import (
    Absence,
    MemoryStore,
    OwnRow,
    Record,
    RecordChange,
    RecordQuery,
    RecordWriter,
    open_stores,
)
from tests.support.hypothesis_settings import repeatable
from tests.support.stores import loaded

Step: TypeAlias = Callable[[RecordWriter], object]

HANDLES = [f"pet-{number}" for number in range(6)]
FIXTURES = [Record("pets", handle, {"name": handle}) for handle in HANDLES[:3]]
_numbers = count()


def named(handle: str, number: int) -> Record:
    return Record("pets", handle, {"number": number})


def applied(handles: Sequence[str], number: int) -> Step:
    """Changes of several rows: those that are there go, or come again, and others are made."""

    def apply(layer: RecordWriter) -> object:
        changes = []
        for handle in dict.fromkeys(handles):
            before = layer.own_row("pets", handle)
            after: OwnRow = named(handle, number)
            if isinstance(before, Record) and number % 2:
                after = Absence.UNTOUCHED if number % 3 else Absence.DELETED
            changes.append(RecordChange("pets", handle, before, after))
        return layer.apply(changes)

    return apply


def described(text: str, step: Step) -> tuple[str, Step]:
    return text, step


handles = st.sampled_from(HANDLES)
numbers = st.integers(0, 6)
STEPS = st.one_of(
    st.builds(lambda h, n: described(f"put {h} {n}", lambda layer: layer.put(named(h, n))), handles, numbers),
    st.builds(lambda h, n: described(f"add {h} {n}", lambda layer: layer.add(named(h, n))), handles, numbers),
    st.builds(lambda h: described(f"delete {h}", lambda layer: layer.delete("pets", h)), handles),
    st.builds(lambda hs, n: described(f"apply {hs} {n}", applied(hs, n)), st.lists(handles, max_size=4), numbers),
    st.builds(lambda n: described(f"undo {n}", lambda layer: len(layer.undo(n))), st.integers(1, 3)),
    st.builds(lambda n: described(f"freeze {n}", lambda layer: layer.freeze(n, 1)), st.sampled_from("ab")),
    st.builds(lambda n: described(f"restore {n}", lambda layer: layer.restore(n)), st.sampled_from("ab")),
)


def shown(layer: RecordWriter) -> object:
    whole = [*layer.records("pets")]
    parts = [[*layer.records("pets", RecordQuery(offset=start, limit=2))] for start in range(len(whole) + 2)]
    assert parts == [whole[start : start + 2] for start in range(len(whole) + 2)]
    assert layer.count("pets") == len(whole)
    assert [layer.get("pets", record.handle) for record in whole] == whole
    history = [each.changes for each in layer.history()]
    return whole, dict(layer.own("pets")), history, {name: each.records for name, each in layer.snapshots().items()}


@settings(repeatable, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(STEPS, max_size=14))
def test_memory_and_database_show_the_same(tmp_path: Path, steps: list[tuple[str, Step]]) -> None:
    file = tmp_path / f"{next(_numbers)}.db"
    with closing(open_stores(f"sqlite:///{file}?private", 10)) as stores:
        layers = [loaded(store, *FIXTURES).layer("one") for store in (MemoryStore(), stores.store("Pets"))]
        for text, step in steps:
            first, second = [step(layer) for layer in layers]
            assert first == second, text
            first, second = [shown(layer) for layer in layers]
            assert first == second, text
    file.unlink()
